package seal

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/posternsql/postern/internal/query"
)

// Proof shows that an entry of the log is under a signed head. In JSON, the values of the entry stand beside the proof,
// for people. Only Leaf is proven, and the values must agree with it.
type Proof struct {
	Record
	Inclusion Inclusion `json:"proof"`
	// Head is the head that the proof leads to, and Keys are the keys that may have signed it. In an export, the first
	// line has them for all lines that follow.
	Head string   `json:"head,omitempty"`
	Keys []string `json:"keys,omitempty"`

	// Records prove the entries that record what was redacted from this one. They are JSON objects of their own.
	Records []*Proof `json:"-"`

	head *Head
}

// Inclusion leads from one leaf to the root of the tree of a head.
type Inclusion struct {
	Leaf
	LeafNumber int64            `json:"leaf_number"`
	Hashes     tlog.RecordProof `json:"hashes"`
}

// NotProvenError says that an entry cannot be proven.
type NotProvenError struct{ Message string }

func (e *NotProvenError) Error() string { return e.Message }

// NewerError says that only a newer version of Postern can check something.
type NewerError struct{ Message string }

func (e *NewerError) Error() string {
	return e.Message + ": only a newer version of Postern can say whether it is valid"
}

// Receipt is what a client got at its commit: the entry, and the hash of its leaf.
type Receipt struct {
	LogID    int64
	LeafHash tlog.Hash
}

// ParseReceipt reads LOG_ID:HASH, with a hexadecimal hash.
func ParseReceipt(text string) (Receipt, error) {
	number, digits, _ := strings.Cut(text, ":")
	logID, err := strconv.ParseInt(number, 10, 64)
	hash, hexError := hex.DecodeString(digits)
	if err != nil || hexError != nil || len(hash) != tlog.HashSize {
		return Receipt{}, fmt.Errorf("%q is not a receipt: expected LOG_ID:HASH, with 64 hexadecimal digits", text)
	}
	return Receipt{LogID: logID, LeafHash: tlog.Hash(hash)}, nil
}

// provable returns the newest head, to which proofs lead. It returns a *NotProvenError if there is none, or if a
// restart gave it up.
func (h *Heads) provable() (*Head, error) {
	if h.Latest == nil {
		return nil, &NotProvenError{fmt.Sprintf("%s has no head yet: seal first", h.Directory)}
	}
	if restart := h.lostBy(h.Latest); restart != nil {
		return nil, &NotProvenError{fmt.Sprintf("the newest head in %s was given up by restart %d: seal first", h.Directory, restart.Number)}
	}
	return h.Latest, nil
}

// Prove returns the proof of one entry under the newest head in heads. It checks the proof before. With a receipt, the
// entry must be the one that the client got. It returns a *TamperedError if the log contradicts the head or the
// receipt. It returns a *NotProvenError if the entry is unknown or not sealed yet.
func Prove(ctx context.Context, connection *pgx.Conn, heads *Heads, logID int64, receipt *Receipt) (proof *Proof, err error) {
	head, err := heads.provable()
	if err != nil {
		return nil, err
	}
	dropped, err := heads.dropped()
	if err != nil {
		return nil, err
	}
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, connection, options, func(tx pgx.Tx) error {
		queries := query.New(tx)
		records, _, err := recordsOf(ctx, tx, []int64{logID}, whole)
		if err != nil {
			return err
		}
		record := records[logID]
		leaf, err := queries.LeafOfEntry(ctx, logID)
		sealed := err == nil
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		switch {
		case record == nil && sealed && dropped.has(leaf.LeafNumber):
			return &NotProvenError{fmt.Sprintf("entry %d was dropped: its proof is in the file that it was exported to", logID)}
		case record == nil && sealed:
			return &TamperedError{Finding{Kind: EntryMissing, LeafNumber: &leaf.LeafNumber, LogID: &logID, Message: fmt.Sprintf("entry %d was sealed as leaf %d and is missing", logID, leaf.LeafNumber)}}
		case record == nil && receipt != nil:
			return &TamperedError{Finding{Kind: EntryMissing, LogID: &logID, Message: fmt.Sprintf("entry %d is not in the log: its transaction was rolled back, or it was removed before it was sealed%s", logID, heads.aboutLogID(logID))}}
		case record == nil:
			return &NotProvenError{fmt.Sprintf("there is no entry %d%s", logID, heads.aboutLogID(logID))}
		case receipt != nil && record.leaf.Hash() != receipt.LeafHash:
			return &TamperedError{Finding{Kind: EntryChanged, LogID: &logID, Message: fmt.Sprintf("entry %d is not the one that the receipt is for", logID)}}
		case !sealed || leaf.LeafNumber >= head.Size:
			return &NotProvenError{fmt.Sprintf("entry %d is not sealed yet: the newest head covers %d leaves", logID, head.Size)}
		}
		proof, err = prove(record, leaf.LeafNumber, head, readHashes(ctx, queries))
		if err != nil {
			return err
		}
		proof.Head, proof.Keys = head.Note, heads.Keys
		proof.Records, err = proveRecords(ctx, tx, proof.Inclusion.Redacted, head, dropped, readHashes(ctx, queries))
		return err
	})
	return proof, err
}

// proveRecords proves the entries that record redactions. Those of a dropped month are left out: their proofs are in the
// file that they were exported to.
func proveRecords(ctx context.Context, tx pgx.Tx, redacted map[string]int64, head *Head, dropped dropped, reader tlog.HashReader) (proofs []*Proof, err error) {
	wanted := slices.Sorted(maps.Values(redacted))
	for known := map[int64]bool{}; len(wanted) > 0; {
		logID := wanted[0]
		wanted = wanted[1:]
		if known[logID] {
			continue
		}
		known[logID] = true
		found, _, err := recordsOf(ctx, tx, []int64{logID}, whole)
		if err != nil {
			return nil, err
		}
		leaf, err := query.New(tx).LeafOfEntry(ctx, logID)
		sealed := err == nil && leaf.LeafNumber < head.Size
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return nil, err
		}
		record := found[logID]
		switch {
		case record == nil && sealed && dropped.has(leaf.LeafNumber):
			continue
		case record == nil || !record.isRedaction():
			return nil, &TamperedError{Finding{Kind: ValueRemoved, LogID: &logID, Message: fmt.Sprintf("values were removed, and entry %d, which should record that, is not in the log", logID)}}
		case !sealed:
			return nil, &NotProvenError{fmt.Sprintf("entry %d, which records a redaction, is not sealed yet: the newest head covers %d leaves", logID, head.Size)}
		}
		proof, err := prove(record, leaf.LeafNumber, head, reader)
		if err != nil {
			return nil, err
		}
		proofs = append(proofs, proof)
		// What recorded a redaction may be redacted too.
		wanted = append(wanted, slices.Sorted(maps.Values(proof.Inclusion.Redacted))...)
	}
	return proofs, nil
}

// prove makes the proof of one leaf and checks it.
func prove(record *entry, leafNumber int64, head *Head, reader tlog.HashReader) (*Proof, error) {
	hashes, err := tlog.ProveRecord(head.Size, leafNumber, reader)
	if err != nil {
		return nil, err
	}
	proof := &Proof{Record: *record.Record, Inclusion: Inclusion{Leaf: record.leaf, LeafNumber: leafNumber, Hashes: hashes}}
	if err := tlog.CheckRecord(hashes, head.Size, head.Root, leafNumber, record.leaf.Hash()); err != nil {
		return nil, &TamperedError{Finding{Kind: EntryChanged, LeafNumber: &leafNumber, LogID: &record.LogID, Message: fmt.Sprintf(
			"entry %d does not lead to the signed head as leaf %d: the entry or the tree was changed", record.LogID, leafNumber)}}
	}
	return proof, nil
}

// shownProof is a proof as it stands in a file, with what it shows to people.
type shownProof struct {
	Proof     jsontext.Value            `json:"proof"`
	Inclusion *Inclusion                `json:"-"`
	Head      string                    `json:"head"`
	Keys      []string                  `json:"keys"`
	Shown     map[string]jsontext.Value `json:",embed"`
}

// proofVersion is the format of proofs that this program writes. They do not name it.
const proofVersion = 1

// readProof reads one object. It must have only one reading, because another program could read it differently. So a
// duplicate name, a name in other letters, a text that is not UTF-8, and a number in other digits are errors.
func readProof(text jsontext.Value) (*shownProof, error) {
	// Of a later version nothing else is known.
	var format struct {
		Version jsontext.Value `json:"version"`
	}
	if err := json.Unmarshal(text, &format); err != nil {
		return nil, err
	}
	if version := string(format.Version); isLater(version) {
		return nil, &NewerError{fmt.Sprintf("the proof is of version %s; this program knows version %d", version, proofVersion)}
	}
	read := &shownProof{}
	if err := json.Unmarshal(text, read, json.RejectUnknownMembers(true)); err != nil {
		return nil, err
	}
	if len(read.Proof) > 0 && string(read.Proof) != "null" {
		if err := json.Unmarshal(read.Proof, &read.Inclusion, json.RejectUnknownMembers(true)); err != nil {
			return nil, err
		}
		// Octets and numbers may have several spellings.
		written, err := json.Marshal(read.Inclusion)
		if err != nil {
			return nil, err
		}
		if !sameValue(read.Proof, written) {
			return nil, errors.New("its proof is not spelled as Postern spells it")
		}
	}
	if read.Inclusion == nil && (read.Head == "" || len(read.Shown) > 0) {
		return nil, errors.New("it has no proof")
	}
	return read, nil
}

// isLater reports whether a version is a whole number above proofVersion, however large, in the only spelling that has
// one reading.
func isLater(version string) bool {
	return version != "" && version[0] != '0' && strings.Trim(version, "0123456789") == "" && version != strconv.Itoa(proofVersion)
}

// record returns the entry that the leaf is of. It makes sure that the proof shows this to people, and nothing else.
func (p *shownProof) record() (*Record, error) {
	record, err := p.Inclusion.Record()
	if err != nil {
		return nil, err
	}
	written, err := json.Marshal(record)
	if err != nil {
		return nil, err
	}
	proven := map[string]jsontext.Value{}
	if err := json.Unmarshal(written, &proven); err != nil {
		return nil, err
	}
	for name, value := range p.Shown {
		said, known := proven[name]
		if !known || !sameValue(value, said) {
			return nil, fmt.Errorf("it shows a %s that its proof does not say", name)
		}
	}
	if len(p.Shown) != len(proven) {
		return nil, errors.New("it does not show all that its proof says")
	}
	return record, nil
}

// sameValue compares the content of texts and the digits of numbers. The order of an object's keys does not matter.
func sameValue(a, b jsontext.Value) bool {
	a, b = a.Clone(), b.Clone()
	order := jsontext.ReorderRawObjects(true)
	return a.Format(order) == nil && b.Format(order) == nil && bytes.Equal(a, b)
}
