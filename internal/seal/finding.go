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
}

// TamperedError says that a log, a head or a proof is not what it should be: PS501 (log_tampered).
type TamperedError struct{ Finding Finding }

func (e *TamperedError) Error() string {
	return fmt.Sprintf("%s (%s)", e.Finding.Message, e.Finding.Kind)
}
