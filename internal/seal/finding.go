package seal

import (
	"fmt"

	"github.com/posternsql/postern/internal/program"
)

// Kind says what is wrong with a log.
type Kind string

// These are the kinds of findings.
const (
	// EntryChanged: an entry differs from what was sealed.
	EntryChanged Kind = "entry_changed"
	// EntryMissing: a sealed entry is missing.
	EntryMissing Kind = "entry_missing"
	// EntryAdded: an entry was added after everything of its time was sealed.
	EntryAdded Kind = "entry_added"
	// EntryReordered: an entry stands as another leaf than the one it was sealed as.
	EntryReordered Kind = "entry_reordered"
	// ValueRemoved: a personal value is gone, and no signed redaction says so, or its record is not in the log.
	ValueRemoved Kind = "value_removed"
	// ValueReturned: a redacted value is there again, as after the restore of a backup.
	ValueReturned Kind = "value_returned"
	// TreeRewritten: the tree does not lead to the head kept outside the database.
	TreeRewritten Kind = "tree_rewritten"
	// OtherHistory: two heads signed by known keys contradict each other.
	OtherHistory Kind = "other_history"
	// KeyUnknown: no known key has signed the head.
	KeyUnknown Kind = "key_unknown"
	// SignatureInvalid: a head was changed after it was signed.
	SignatureInvalid Kind = "signature_invalid"
	// HeadMissing: there is no head outside the database.
	HeadMissing Kind = "head_missing"
	// ProofInvalid: a proof does not prove what it claims.
	ProofInvalid Kind = "proof_invalid"
)

// Finding is one thing that is wrong.
type Finding struct {
	Kind Kind `json:"code"`
	// LeafNumber and LogID say where. They are nil if that is unknown, or if there are several places.
	LeafNumber *int64 `json:"leaf_number,omitempty"`
	LogID      *int64 `json:"log_id,omitempty"`
	Message    string `json:"message"`
	// LogIDs is the range that holds the log IDs of the missing leaves; nil if it is unknown.
	LogIDs *LogIDs `json:"log_ids,omitempty"`
}

// Hint says what to do about the finding; it is empty if the message says so.
func (f *Finding) Hint() string {
	if f.Kind == EntryMissing && f.LeafNumber == nil && f.LogID == nil || f.Kind == TreeRewritten || f.Kind == OtherHistory {
		return "Find out why before you go on: read " + AboutRestarts + "."
	}
	if f.Kind == ValueReturned {
		return program.Text(`Redact again with "$0 log redact".`)
	}
	return ""
}

// Text is the message, with all that is known about missing leaves.
func (f *Finding) Text() string {
	if f.LogIDs == nil {
		return f.Message
	}
	return fmt.Sprintf("%s; their log ids lie from %d to %d", f.Message, f.LogIDs.Lowest, f.LogIDs.Highest)
}

// TamperedError says that a log, a head or a proof was tampered with: PS501 (log_tampered).
type TamperedError struct{ Finding Finding }

func (e *TamperedError) Error() string {
	return fmt.Sprintf("%s (%s)", e.Finding.Text(), e.Finding.Kind)
}

// Hint says what to do about the error; it is empty if the message says so.
func (e *TamperedError) Hint() string { return e.Finding.Hint() }
