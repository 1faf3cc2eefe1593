// Package seal makes the log of checkpoints provable. Each row of the log is a leaf of a Merkle tree (RFC 6962). The head
// of the tree is signed and kept outside the database, so nobody can change a signed entry unnoticed.
//
// The tree is that of golang.org/x/mod/sumdb/tlog. The signed heads are C2SP tlog-checkpoints by
// golang.org/x/mod/sumdb/note. docs/log-format.md specifies both, and each octet of a leaf.
package seal

import (
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
const version = 1

// These are the types of a leaf's fields.
const (
	typeNull = iota
	typeInteger
	typeText
	typeTime
	typeBoolean
)

// Record is a row of the log. It has exactly the content of its leaf.
type Record struct {
	LogID           int64           `json:"log_id"`
	Outcome         string          `json:"outcome"`
	GateID          string          `json:"gate_id"`
	Action          *string         `json:"action"`
	UserID          string          `json:"userid"`
	AuthenticatedBy *string         `json:"authenticated_by"`
	LoggedAt        Moment          `json:"logged_at"`
	Message         string          `json:"message"`
	Parameters      json.RawMessage `json:"parameters"`
	Comment         *string         `json:"comment"`
	Scheme          *string         `json:"scheme"`
	SessionRole     string          `json:"session_role"`
	ClientAddr      *string         `json:"client_addr"`
	ApplicationName string          `json:"application_name"`
	TransactionID   uint64          `json:"transaction_id"`
	Ticket          *string         `json:"ticket"`
	Asked           bool            `json:"asked"`
	ApprovedGateID  *string         `json:"approved_gate_id"`
	ApprovedMessage *string         `json:"approved_message"`
}

// Moment is a timestamptz in PostgreSQL's representation: microseconds since the year 2000 in UTC. It may be infinite, or
// in a year that time.Time cannot print.
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

// Leaf returns the octets of the record that are hashed.
func (r *Record) Leaf() []byte {
	leaf := make([]byte, 0, 512)
	leaf = append(leaf, version)
	leaf = appendInteger(leaf, typeInteger, uint64(r.LogID))
	leaf = appendText(leaf, &r.Outcome)
	leaf = appendText(leaf, &r.GateID)
	leaf = appendText(leaf, r.Action)
	leaf = appendText(leaf, &r.UserID)
	leaf = appendText(leaf, r.AuthenticatedBy)
	leaf = appendInteger(leaf, typeTime, uint64(r.LoggedAt))
	leaf = appendText(leaf, &r.Message)
	leaf = appendOctets(leaf, r.Parameters)
	leaf = appendText(leaf, r.Comment)
	leaf = appendText(leaf, r.Scheme)
	leaf = appendText(leaf, &r.SessionRole)
	leaf = appendText(leaf, r.ClientAddr)
	leaf = appendText(leaf, &r.ApplicationName)
	leaf = appendInteger(leaf, typeInteger, r.TransactionID)
	leaf = appendText(leaf, r.Ticket)
	leaf = appendBoolean(leaf, r.Asked)
	leaf = appendText(leaf, r.ApprovedGateID)
	return appendText(leaf, r.ApprovedMessage)
}

// Hash is the hash of the record's leaf.
func (r *Record) Hash() tlog.Hash { return tlog.RecordHash(r.Leaf()) }

func appendInteger(leaf []byte, kind byte, value uint64) []byte {
	return binary.BigEndian.AppendUint64(append(leaf, kind), value)
}

func appendBoolean(leaf []byte, value bool) []byte {
	if value {
		return append(leaf, typeBoolean, 1)
	}
	return append(leaf, typeBoolean, 0)
}

func appendText(leaf []byte, value *string) []byte {
	if value == nil {
		return append(leaf, typeNull)
	}
	return appendOctets(leaf, *value)
}

func appendOctets[text string | []byte | json.RawMessage](leaf []byte, value text) []byte {
	leaf = binary.BigEndian.AppendUint32(append(leaf, typeText), uint32(len(value)))
	return append(leaf, value...)
}

// ReadLeaf returns the record of a leaf. Each record has exactly one leaf: octets that Leaf would not write are an error.
func ReadLeaf(leaf []byte) (*Record, error) {
	f := fields{rest: leaf}
	if got := f.take(1); f.err == nil && got[0] != version {
		return nil, fmt.Errorf("the leaf is of version %d; this program knows version %d", got[0], version)
	}
	r := &Record{
		LogID:           int64(f.integer(typeInteger)),
		Outcome:         f.required(),
		GateID:          f.required(),
		Action:          f.text(),
		UserID:          f.required(),
		AuthenticatedBy: f.text(),
		LoggedAt:        Moment(f.integer(typeTime)),
		Message:         f.required(),
		Parameters:      json.RawMessage(f.required()),
		Comment:         f.text(),
		Scheme:          f.text(),
		SessionRole:     f.required(),
		ClientAddr:      f.text(),
		ApplicationName: f.required(),
		TransactionID:   f.integer(typeInteger),
		Ticket:          f.text(),
		Asked:           f.boolean(),
		ApprovedGateID:  f.text(),
		ApprovedMessage: f.text(),
	}
	switch {
	case f.err != nil:
		return nil, f.err
	case len(f.rest) > 0:
		return nil, errors.New("there are octets behind the leaf's last field")
	case !jsontext.Value(r.Parameters).IsValid():
		return nil, errors.New("the leaf's parameters are no JSON with one reading")
	}
	return r, nil
}

// fields reads a leaf field by field. After the first error it returns zero values.
type fields struct {
	rest []byte
	err  error
}

func (f *fields) take(count int) []byte {
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
func (f *fields) kind(wanted ...byte) byte {
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

func (f *fields) integer(kind byte) uint64 {
	f.kind(kind)
	octets := f.take(8)
	if f.err != nil {
		return 0
	}
	return binary.BigEndian.Uint64(octets)
}

func (f *fields) boolean() bool {
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

func (f *fields) text() *string {
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

func (f *fields) required() string {
	text := f.text()
	if text == nil {
		if f.err == nil {
			f.err = errors.New("the leaf has no value where one belongs")
		}
		return ""
	}
	return *text
}
