package seal

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checked is the result of CheckProofs. All proofs of the file are valid.
type Checked struct {
	// Heads are the heads of the file, in their order, each of them once.
	Heads []*CheckedHead
	// OwnKeys says that the keys came from the checked file itself. Then the proofs show only that nothing has changed
	// since somebody with these keys signed it.
	OwnKeys bool
	// Keys are the keys that have signed the heads.
	Keys []string
	// Redactions are the records that redacted entries name, by their log_ids.
	Redactions map[int64]*CheckedRedaction
}

// CheckedHead is a head of a file, and what the file proves under it.
type CheckedHead struct {
	*Head
	// Entries is the number of entries, each of them counted once, and Repeated is how often the file has one again.
	Entries, Repeated int64
	// FirstLeaf and LastLeaf are the lowest and the highest number of their leaves, if there are any.
	FirstLeaf, LastLeaf int64
	// Redacted is the number of entries from which values were removed.
	Redacted int64
	// InDirectory says that the directory of heads has the head too. Without a directory it is false.
	InDirectory bool

	leaves numbers
}

// Missing is the number of leaves between the first and the last one that the file does not have.
func (h *CheckedHead) Missing() int64 { return max(h.LastLeaf-h.FirstLeaf+1-h.Entries, 0) }

// CheckedRedaction is a redaction that entries of the file name.
type CheckedRedaction struct {
	// Record is nil if the file does not have it.
	Record *Record
	// Noted says that a signed note in the directory of heads has each removed value.
	Noted bool
}

// Entries is the number of entries that are proven, each counted once for each head.
func (c *Checked) Entries() (entries int64) {
	for _, head := range c.Heads {
		entries += head.Entries
	}
	return entries
}

// Redacted is the number of these entries from which values were removed.
func (c *Checked) Redacted() (entries int64) {
	for _, head := range c.Heads {
		entries += head.Redacted
	}
	return entries
}

// Unexplained are the log_ids of the records that would say why values are missing, and that neither the file nor the
// directory of heads has. Whoever passes on a file may have removed values, and named any entry.
func (c *Checked) Unexplained() (logIDs []int64) {
	for _, logID := range slices.Sorted(maps.Keys(c.Redactions)) {
		if one := c.Redactions[logID]; one.Record == nil && !one.Noted {
			logIDs = append(logIDs, logID)
		}
	}
	return logIDs
}

// CheckProofs checks a file of proofs from Prove or from an export, without a database. keys are the public keys that
// may have signed, one per line; if it is empty, the keys in the file count. An invalid proof is a *TamperedError. If
// all others are valid, one in a later format is a *NewerError. each receives every valid proof; it may be nil.
func CheckProofs(in io.Reader, keys string, each func(*Proof) error) (*Checked, error) {
	verifiers, known, err := readKeys(keys)
	if err != nil {
		return nil, err
	}
	return newChecker(verifiers, known, nil).check(in, each)
}

// CheckProofs does the same with the keys of the directory. It also returns a *TamperedError if the directory
// contradicts a head of the file, or if no signed note in it says that a value was redacted.
func (h *Heads) CheckProofs(in io.Reader, each func(*Proof) error) (*Checked, error) {
	return newChecker(h.verifiers, h.Keys, h).check(in, each)
}

// checker reads a file of proofs once, and remembers what later objects are compared with.
type checker struct {
	verifiers note.Verifiers
	known     []string
	heads     *Heads // nil without a directory
	noted     *redactions

	checked Checked
	head    *CheckedHead // that the next proofs lead to
	newer   error        // the first object in a later format

	// records are the redactions in the file, and others are the log_ids of all other entries, for each log and restart.
	records map[entryOf]*Record
	others  map[historyOf]numbers
	naming  map[namingOf]*naming
}

// historyOf is one history of a log: a restart begins another, in which log_ids may come again.
type historyOf struct {
	origin  string
	restart int64
}

type entryOf struct {
	origin string
	logID  int64
}

// namingOf are the entries under a head that name the same record.
type namingOf struct {
	head   *CheckedHead
	record int64
}

type naming struct {
	entries int64
	// content is an entry of business whose content was removed; nil if there is none.
	content *int64
}

func newChecker(verifiers note.Verifiers, known []string, heads *Heads) *checker {
	return &checker{
		verifiers: verifiers, known: known, heads: heads,
		checked: Checked{OwnKeys: len(known) == 0, Redactions: map[int64]*CheckedRedaction{}},
		records: map[entryOf]*Record{}, others: map[historyOf]numbers{}, naming: map[namingOf]*naming{},
	}
}

func (c *checker) check(in io.Reader, each func(*Proof) error) (*Checked, error) {
	source := &readerWithFault{Reader: in}
	decoder := jsontext.NewDecoder(source)
	for number := 1; ; number++ {
		text, err := decoder.ReadValue()
		if errors.Is(err, io.EOF) {
			break
		}
		if source.fault != nil {
			return nil, fmt.Errorf("read object %d: %w", number, source.fault)
		}
		if err != nil {
			return nil, invalidProof(nil, "object %d is not JSON with only one reading: %v", number, err)
		}
		proof, err := c.object(number, text)
		// What comes behind an object in a later format may be forged all the same.
		if errors.As(err, new(*NewerError)) {
			c.newer = cmp.Or(c.newer, fmt.Errorf("object %d: %w", number, err))
			continue
		}
		if err != nil {
			return nil, err
		}
		if proof != nil && each != nil {
			if err := each(proof); err != nil {
				return nil, err
			}
		}
	}
	if err := c.compareRecords(); err != nil {
		return nil, err
	}
	if c.newer != nil {
		return nil, c.newer
	}
	if len(c.checked.Heads) == 0 {
		return nil, invalidProof(nil, "there is no signed head in the file")
	}
	return &c.checked, nil
}

// readerWithFault keeps the error of a read. The decoder's own error does not tell it from JSON that is wrong, and what
// cannot be read is not forged.
type readerWithFault struct {
	io.Reader
	fault error
}

func (r *readerWithFault) Read(octets []byte) (int, error) {
	count, err := r.Reader.Read(octets)
	if err != nil && !errors.Is(err, io.EOF) {
		r.fault = err
	}
	return count, err
}

func invalidProof(leafNumber *int64, format string, arguments ...any) *TamperedError {
	return &TamperedError{Finding{Kind: ProofInvalid, LeafNumber: leafNumber, Message: fmt.Sprintf(format, arguments...)}}
}

// object checks one object. It returns nil if the object only has a head.
func (c *checker) object(number int, text jsontext.Value) (*Proof, error) {
	read, err := readProof(text)
	if errors.As(err, new(*NewerError)) {
		return nil, err
	}
	if err != nil {
		return nil, invalidProof(nil, "object %d: %v", number, err)
	}
	if read.Head != "" {
		if err := c.openHead(read); err != nil {
			return nil, err
		}
	}
	if read.Inclusion == nil {
		return nil, nil
	}
	if c.head == nil && c.newer != nil {
		return nil, c.newer // the head may be there, in a later format
	}
	if c.head == nil {
		return nil, invalidProof(nil, "object %d has a proof, and there is no head that it could lead to", number)
	}
	leaf := &read.Inclusion.LeafNumber
	record, err := read.record()
	newer := (*NewerError)(nil)
	if err != nil && !errors.As(err, &newer) {
		return nil, invalidProof(leaf, "object %d: %v", number, err)
	}
	if err := tlog.CheckRecord(read.Inclusion.Hashes, c.head.Size, c.head.Root, *leaf, read.Inclusion.Hash()); err != nil {
		entry := fmt.Sprintf("object %d", number)
		if record != nil {
			entry = fmt.Sprintf("entry %d", record.LogID)
		}
		return nil, invalidProof(leaf, "%s does not lead to the signed head as leaf %d", entry, *leaf)
	}
	if newer != nil { // whoever signed the head has signed the version of the leaf too
		return nil, newer
	}
	proof := &Proof{Record: *record, Inclusion: *read.Inclusion, Head: read.Head, Keys: read.Keys, head: c.head.Head}
	return proof, c.count(proof)
}

// openHead opens the head of an object, which may have the keys too.
func (c *checker) openHead(read *shownProof) error {
	if c.checked.OwnKeys && c.known == nil {
		for _, key := range read.Keys {
			if strings.ContainsAny(key, "\r\n") {
				return invalidProof(nil, "%q is not the public key of a log", key)
			}
		}
		var err error
		if c.verifiers, c.known, err = readKeys(strings.Join(read.Keys, "\n")); err != nil {
			return invalidProof(nil, "%v", err)
		}
	}
	head, err := openProofHead(read.Head, c.verifiers)
	if err != nil {
		return err
	}
	for _, known := range c.checked.Heads {
		if known.Origin != head.Origin || known.Size != head.Size || known.Restart != head.Restart {
			continue
		}
		if known.Root != head.Root {
			return &TamperedError{Finding{Kind: OtherHistory, Message: fmt.Sprintf(
				"the file has two heads of %d leaves that %s has signed, and they contradict each other", head.Size, head.Origin)}}
		}
		c.head = known
		return nil
	}
	c.head = &CheckedHead{Head: head, leaves: numbers{}}
	c.checked.Heads = append(c.checked.Heads, c.head)
	for _, key := range c.known {
		verifier, err := note.NewVerifier(key)
		if err != nil {
			return err
		}
		if _, err := note.Open([]byte(head.Note), note.VerifierList(verifier)); err == nil && !slices.Contains(c.checked.Keys, key) {
			c.checked.Keys = append(c.checked.Keys, key)
		}
	}
	if c.heads != nil {
		c.head.InDirectory, err = c.heads.has(head)
	}
	return err
}

func openProofHead(text string, verifiers note.Verifiers) (*Head, error) {
	head, err := OpenHead(text, verifiers)
	if tampered := (*TamperedError)(nil); err != nil && !errors.As(err, &tampered) {
		return nil, invalidProof(nil, "%v", err)
	}
	return head, err
}

// count adds a valid proof to the result, and compares what it says of redactions.
func (c *checker) count(proof *Proof) error {
	leaf := proof.Inclusion.LeafNumber
	if !c.head.leaves.add(leaf) {
		c.head.Repeated++
		return nil
	}
	if c.head.Entries == 0 {
		c.head.FirstLeaf, c.head.LastLeaf = leaf, leaf
	}
	c.head.FirstLeaf, c.head.LastLeaf = min(c.head.FirstLeaf, leaf), max(c.head.LastLeaf, leaf)
	c.head.Entries++

	redacted := proof.Inclusion.Redacted
	if proof.isRedaction() {
		if redacted["content"] != 0 {
			return invalidProof(&leaf, "entry %d records a redaction, and its own content is missing: that is never removed", proof.LogID)
		}
		c.records[entryOf{c.head.Origin, proof.LogID}] = &proof.Record
	} else {
		history := historyOf{c.head.Origin, c.head.Restart}
		if c.others[history] == nil {
			c.others[history] = numbers{}
		}
		c.others[history].add(proof.LogID)
	}
	if len(redacted) == 0 {
		return nil
	}
	c.head.Redacted++
	noted, err := c.isNoted(proof)
	if err != nil {
		return err
	}
	for _, record := range slices.Compact(slices.Sorted(maps.Values(redacted))) {
		if record <= proof.LogID {
			return invalidProof(&leaf, "values of entry %d are missing, and entry %d, which should record why, is not a later one", proof.LogID, record)
		}
		if c.checked.Redactions[record] == nil {
			c.checked.Redactions[record] = &CheckedRedaction{Noted: true}
		}
		c.checked.Redactions[record].Noted = c.checked.Redactions[record].Noted && noted
		of := namingOf{c.head, record}
		if c.naming[of] == nil {
			c.naming[of] = &naming{}
		}
		c.naming[of].entries++
		if redacted["content"] == record && proof.Outcome != administered {
			c.naming[of].content = &proof.LogID
		}
	}
	return nil
}

// isNoted reports whether a signed note in the directory has each removed value. The directory of another log cannot
// say, nor about an entry that a restart gave up.
func (c *checker) isNoted(proof *Proof) (bool, error) {
	if c.heads == nil || c.heads.Latest == nil || c.heads.Latest.Origin != c.head.Origin || c.heads.LostBy(proof) != nil {
		return false, nil
	}
	if c.noted == nil {
		var err error
		if c.noted, err = c.heads.redactions(); err != nil {
			return false, err
		}
	}
	if names := c.noted.missing(proof.Inclusion.LeafNumber, proof.Inclusion.Redacted); len(names) > 0 {
		return false, &TamperedError{Finding{Kind: ValueRemoved, LeafNumber: &proof.Inclusion.LeafNumber, LogID: &proof.LogID, Message: fmt.Sprintf(
			"%s of entry %d was removed, and no signed note in %s says so", strings.Join(names, ", "), proof.LogID, c.heads.Directory)}}
	}
	return true, nil
}

// compareRecords compares redacted entries with the records that they name, wherever in the file these are.
func (c *checker) compareRecords() error {
	for of, named := range c.naming {
		record := c.records[entryOf{of.head.Origin, of.record}]
		if record == nil {
			if c.others[historyOf{of.head.Origin, of.head.Restart}].has(of.record) {
				return invalidProof(nil, "values of an entry are missing, and entry %d, which should record why, records no redaction", of.record)
			}
			continue
		}
		c.checked.Redactions[of.record].Record = record
		var said struct {
			Key struct {
				Entries     int64 `json:"entries"`
				KeepContent bool  `json:"keep_content"`
			} `json:"key"`
		}
		if err := json.Unmarshal(record.Parameters, &said); err != nil {
			return invalidProof(nil, "entry %d does not say what was redacted: %v", of.record, err)
		}
		if named.entries > said.Key.Entries {
			return invalidProof(nil, "values of %d entries are missing, and entry %d records a redaction of %d", named.entries, of.record, said.Key.Entries)
		}
		if said.Key.KeepContent && named.content != nil {
			return invalidProof(nil, "the content of entry %d is missing, and entry %d records a redaction that kept it", *named.content, of.record)
		}
	}
	return nil
}

// numbers is a set of numbers. Those of an export lie close together, which saves most of the memory of a map.
type numbers map[int64]*[64]uint64

// add reports whether the number is new.
func (n numbers) add(number int64) bool {
	if n.has(number) {
		return false
	}
	page := n[number>>12]
	if page == nil {
		page = new([64]uint64)
		n[number>>12] = page
	}
	page[number>>6&63] |= 1 << (number & 63)
	return true
}

func (n numbers) has(number int64) bool {
	page := n[number>>12]
	return page != nil && page[number>>6&63]&(1<<(number&63)) != 0
}
