package seal

import "fmt"

// Kind says what is wrong with a log.
type Kind string

// What can be wrong.
const (
	// EntryChanged: an entry is not what was sealed.
	EntryChanged Kind = "entry_changed"
	// EntryMissing: an entry that was sealed is not there.
	EntryMissing Kind = "entry_missing"
	// EntryAdded: an entry is there that was not there when everything of its time was sealed.
	EntryAdded Kind = "entry_added"
	// EntryReordered: an entry is there, but as another leaf than the one it was sealed as.
	EntryReordered Kind = "entry_reordered"
	// TreeRewritten: the tree does not lead to the head that is kept outside the database.
	TreeRewritten Kind = "tree_rewritten"
	// OtherHistory: two heads are signed by known keys and cannot both be right.
	OtherHistory Kind = "other_history"
	// KeyUnknown: a head is signed by no known key.
	KeyUnknown Kind = "key_unknown"
	// SignatureInvalid: a head was changed after it was signed.
	SignatureInvalid Kind = "signature_invalid"
	// HeadMissing: there is no head outside of the database.
	HeadMissing Kind = "head_missing"
	// ProofInvalid: a proof does not prove what it says.
	ProofInvalid Kind = "proof_invalid"
)

// Finding is one thing that is wrong.
type Finding struct {
	Kind Kind `json:"kind"`
	// LeafNumber and LogID tell where; nil where that is not known, or it is more than one place.
	LeafNumber *int64 `json:"leaf_number,omitempty"`
	LogID      *int64 `json:"log_id,omitempty"`
	Message    string `json:"message"`
	// LogIDs is where the log ids lie of the leaves that are missing; nil where that is not known.
	LogIDs *LogIDs `json:"log_ids,omitempty"`
}

// Hint says what to do about it; empty where the message does.
func (f *Finding) Hint() string {
	if f.Kind == EntryMissing && f.LeafNumber == nil && f.LogID == nil || f.Kind == TreeRewritten || f.Kind == OtherHistory {
		return "Find out why before you go on: read " + AboutRestarts + "."
	}
	return ""
}

// Text is the message, with all that is known of what is missing.
func (f *Finding) Text() string {
	if f.LogIDs == nil {
		return f.Message
	}
	return fmt.Sprintf("%s; their log ids lie from %d to %d", f.Message, f.LogIDs.Lowest, f.LogIDs.Highest)
}

// TamperedError says that a log, a head or a proof is not what it should be: PS501 (log_tampered).
type TamperedError struct{ Finding Finding }

func (e *TamperedError) Error() string {
	return fmt.Sprintf("%s (%s)", e.Finding.Text(), e.Finding.Kind)
}

// Hint says what to do about it; empty where the message does.
func (e *TamperedError) Hint() string { return e.Finding.Hint() }
