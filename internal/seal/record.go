// Package seal makes the log of checkpoints provable. Each row of the log is a leaf of a Merkle tree (RFC 6962). The
// head of the tree is signed and kept outside the database, so nobody can change a signed entry unnoticed.
//
// The tree is that of golang.org/x/mod/sumdb/tlog. The signed heads are C2SP tlog-checkpoints by
// golang.org/x/mod/sumdb/note. docs/log-format.md specifies both, and each octet of a leaf.
package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/mod/sumdb/tlog"
)

// version is the first octet of a leaf.
const version = 2

// These are the types of a leaf's fields.
const (
	typeNull = iota
	typeInteger
	typeText
	typeTime
	typeBoolean
	// typeSalted is a personal field. The leaf has only the hash of its salt and its values.
	typeSalted
)

// Record is a row of the log. It has exactly the content of its leaf. A pointer to a value that the log requires is nil
// only if the value was redacted, and so are Parameters.
type Record struct {
	LogID           int64           `json:"log_id"`
	Outcome         string          `json:"outcome"`
	GateID          string          `json:"gate_id"`
	Action          *string         `json:"action"`
	UserID          *string         `json:"userid"`
	AuthenticatedBy *string         `json:"authenticated_by"`
	LoggedAt        Moment          `json:"logged_at"`
	Message         *string         `json:"message"`
	Parameters      json.RawMessage `json:"parameters"`
	Comment         *string         `json:"comment"`
	Scheme          *string         `json:"scheme"`
	SessionRole     *string         `json:"session_role"`
	ClientAddr      *string         `json:"client_addr"`
	ApplicationName *string         `json:"application_name"`
	TransactionID   uint64          `json:"transaction_id"`
	Ticket          *string         `json:"ticket"`
	Asked           bool            `json:"asked"`
	ApprovedGateID  *string         `json:"approved_gate_id"`
	ApprovedMessage *string         `json:"approved_message"`
	// Assertion is what a passkey has signed. Most entries have none.
	Assertion *string `json:"assertion,omitempty"`
}

// Moment is a timestamptz in PostgreSQL's representation: microseconds since the year 2000 in UTC. It may be infinite,
// or in a year that time.Time cannot print.
type Moment int64

var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// MomentOf converts a time to PostgreSQL's representation.
func MomentOf(t time.Time) Moment { return Moment(t.UnixMicro() - epoch.UnixMicro()) }

// Time converts a finite moment to a time.
func (m Moment) Time() time.Time { return time.UnixMicro(epoch.UnixMicro() + int64(m)).UTC() }

// String returns the text that MarshalJSON writes.
func (m Moment) String() string {
	switch m {
	case math.MaxInt64:
		return "infinity"
	case math.MinInt64:
		return "-infinity"
	}
	return m.Time().Format(time.RFC3339Nano)
}

// MarshalJSON writes RFC 3339, or infinity.
func (m Moment) MarshalJSON() ([]byte, error) { return json.Marshal(m.String()) }

// Salt is the salt of an entry, from which the salts of its personal fields are derived.
type Salt [16]byte

// Leaf is the leaf of a record. It has no value of a personal field, so it can be published.
type Leaf struct {
	// Octets are what is hashed into the tree.
	Octets []byte `json:"leaf"`
	// Salted has what the hashes in Octets are made of: for each personal field by its name, the salt and then the values.
	Salted map[string][]byte `json:"salted"`
	// Redacted has the personal fields that Salted lacks: the log_id of the entry that records why.
	Redacted map[string]int64 `json:"redacted,omitempty"`
}

// Hash is the hash of the leaf.
func (l Leaf) Hash() tlog.Hash { return tlog.RecordHash(l.Octets) }

// Leaf returns the leaf of the record. All leaves are made of the values that PostgreSQL sends, so this writes the
// same.
func (r *Record) Leaf(salt Salt) (Leaf, error) {
	integer := func(value uint64) []byte { return binary.BigEndian.AppendUint64(nil, value) }
	optional := func(value *string) []byte {
		if value == nil {
			return nil
		}
		return []byte(*value)
	}
	asked := []byte{0}
	if r.Asked {
		asked[0] = 1
	}
	var w leafWriter
	err := w.write([][]byte{
		integer(uint64(r.LogID)), []byte(r.Outcome), []byte(r.GateID), optional(r.Action), optional(r.UserID), optional(r.AuthenticatedBy), optional(r.Assertion),
		integer(uint64(r.LoggedAt)), optional(r.Message), r.Parameters, optional(r.ApprovedMessage), optional(r.Comment), optional(r.Scheme),
		optional(r.SessionRole), optional(r.ClientAddr), optional(r.ApplicationName), integer(r.TransactionID), optional(r.Ticket), asked,
		optional(r.ApprovedGateID), salt[:], nil, nil,
	})
	return w.leaf(), err
}

// Record returns the record of the leaf. Each record with its salts has exactly one leaf: octets that would not be
// written are an error. A leaf of a later version is a *NewerError.
func (l Leaf) Record() (*Record, error) {
	f := reader{rest: l.Octets}
	switch got := f.take(1); {
	case f.err == nil && got[0] > version:
		return nil, &NewerError{fmt.Sprintf("the leaf is of version %d; this program knows version %d", got[0], version)}
	case f.err == nil && got[0] != version:
		return nil, fmt.Errorf("the leaf is of version %d; this program knows version %d", got[0], version)
	}
	r := &Record{
		LogID:   int64(f.integer(typeInteger)),
		Outcome: f.required(),
		GateID:  f.required(),
		Action:  f.text(),
	}
	f.salted(l, "userid", func(f *reader) { r.UserID = f.value() })
	f.salted(l, "authenticated_by", func(f *reader) {
		if r.AuthenticatedBy = f.text(); len(f.rest) > 0 {
			r.Assertion = f.value()
		}
	})
	r.LoggedAt = Moment(f.integer(typeTime))
	f.salted(l, "content", func(f *reader) {
		r.Message, r.Parameters, r.ApprovedMessage = f.value(), json.RawMessage(f.required()), f.text()
	})
	f.salted(l, "comment", func(f *reader) { r.Comment = f.text() })
	r.Scheme = f.text()
	f.salted(l, "origin", func(f *reader) {
		r.SessionRole, r.ClientAddr, r.ApplicationName = f.value(), f.text(), f.value()
	})
	r.TransactionID = f.integer(typeInteger)
	r.Ticket = f.text()
	r.Asked = f.boolean()
	r.ApprovedGateID = f.text()
	f.end()
	switch {
	case f.err != nil:
		return nil, f.err
	case len(l.Salted)+len(l.Redacted) != saltedFields:
		return nil, fmt.Errorf("there are %d salted or redacted fields, not the %d of the leaf", len(l.Salted)+len(l.Redacted), saltedFields)
	case l.Redacted["content"] == 0 && !jsontext.Value(r.Parameters).IsValid():
		return nil, errors.New("the leaf's parameters are not JSON with only one reading")
	}
	return r, nil
}

// administered is the outcome of an entry that records a change of the administration.
const administered = "administered"

// isRedaction reports whether the entry records a redaction.
func (r *Record) isRedaction() bool {
	return r.Outcome == administered && r.Action != nil && *r.Action == "redaction"
}

// reader reads a leaf field by field. After the first error it returns zero values.
type reader struct {
	rest []byte
	err  error
}

func (f *reader) take(count int) []byte {
	if f.err == nil && len(f.rest) < count {
		f.err = errors.New("the leaf ends within a field")
	}
	if f.err != nil {
		return nil
	}
	taken := f.rest[:count]
	f.rest = f.rest[count:]
	return taken
}

// kind reads the type of a field, which must be one of the wanted types.
func (f *reader) kind(wanted ...byte) byte {
	kind := f.take(1)
	if f.err != nil {
		return typeNull
	}
	for _, one := range wanted {
		if kind[0] == one {
			return one
		}
	}
	f.err = fmt.Errorf("the leaf has a field of type %d where type %d belongs", kind[0], wanted[0])
	return typeNull
}

func (f *reader) integer(kind byte) uint64 {
	f.kind(kind)
	octets := f.take(8)
	if f.err != nil {
		return 0
	}
	return binary.BigEndian.Uint64(octets)
}

func (f *reader) boolean() bool {
	f.kind(typeBoolean)
	octet := f.take(1)
	if f.err != nil {
		return false
	}
	if octet[0] > 1 {
		f.err = fmt.Errorf("the leaf has a truth value of %d", octet[0])
	}
	return octet[0] == 1
}

func (f *reader) text() *string {
	if f.kind(typeText, typeNull) == typeNull {
		return nil
	}
	length := f.take(4)
	if f.err != nil {
		return nil
	}
	octets := f.take(int(binary.BigEndian.Uint32(length)))
	if f.err != nil {
		return nil
	}
	if !utf8.Valid(octets) {
		f.err = errors.New("the leaf has a text that is not UTF-8")
		return nil
	}
	text := string(octets)
	return &text
}

// salted reads the hash of a personal field, and then the values that it was made of.
func (f *reader) salted(leaf Leaf, name string, read func(*reader)) {
	f.kind(typeSalted)
	hash := f.take(sha256.Size)
	if f.err != nil {
		return
	}
	salted, known := leaf.Salted[name]
	if record := leaf.Redacted[name]; !known && record > 0 {
		return // the hash is all that is left
	}
	if computed := sha256.Sum256(salted); !known || !bytes.Equal(computed[:], hash) {
		f.err = fmt.Errorf("the salted %s is not what the leaf has a hash of", name)
		return
	}
	inside := reader{rest: salted}
	inside.take(sha256.Size)
	read(&inside)
	inside.end()
	f.err = inside.err
}

// end makes sure that nothing is left.
func (f *reader) end() {
	if f.err == nil && len(f.rest) > 0 {
		f.err = errors.New("there are octets behind the leaf's last field")
	}
}

// value reads a text that must be there.
func (f *reader) value() *string {
	text := f.text()
	if text == nil && f.err == nil {
		f.err = errors.New("the leaf has no value where one belongs")
	}
	return text
}

func (f *reader) required() string {
	if text := f.value(); text != nil {
		return *text
	}
	return ""
}
