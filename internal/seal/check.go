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
	// Redactions are the records that redacted entries name, in the order of their histories and log_ids.
	Redactions []*CheckedRedaction
}

// CheckedHead is a head of a file, and what the file proves under it.
type CheckedHead struct {
	*Head
	// Entries is the number of entries, each of them counted once, and Repeated is how many proofs the file has again.
	Entries, Repeated int64
	// FirstLeaf and LastLeaf are the lowest and the highest number of their leaves, if there are any. Records of
	// redactions do not count if there are other entries, because an export has those of other periods too.
	FirstLeaf, LastLeaf int64
	// Missing is the number of leaves between these that the file does not have.
	Missing int64
	// Redacted is the number of entries from which values were removed.
	Redacted int64
	// InDirectory says that the directory of heads has the head too. Without a directory it is false.
	InDirectory bool

	leaves   numbers
	records  []int64          // leaves of the entries that record a redaction
	redacted map[int64]string // the removed fields of each leaf
}

// CheckedRedaction is a redaction that entries of the file name.
type CheckedRedaction struct {
	// Origin and Restart say in which history of a log the record is.
	Origin  string
	Restart int64
	LogID   int64
	// Record is nil if the file does not have it.
	Record *Record
	// Noted says that signed notes in the directory of heads have each removed value.
	Noted bool
	// Older says that the directory of heads is older than the file, or has notes of the log that may be, so that it cannot
	// say whether the redaction was noted.
	Older bool
}

// Explained reports whether the file and the directory show why values are missing. Whoever passes on a file may have
// removed them, and named any entry.
func (r *CheckedRedaction) Explained() bool { return r.Noted || r.Record != nil && !r.Older }

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

// CheckProofs checks a file of proofs from Prove or from an export, without a database. keys are the public keys that
// may have signed, one per line; if it is empty, the keys in the file count. An invalid proof is a *TamperedError. If
// all others are valid, one in a later format is a *NewerError. each receives every entry that counts; it may be nil.
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
	heads     *Heads                // nil without a directory
	noted     map[int64]*redactions // what the directory says of each restart

	checked Checked
	head    *CheckedHead // that the next proofs lead to
	newer   error        // the first object in a later format

	records map[entryOf]provenRecord
	others  map[history]numbers // the log_ids of all entries that record no redaction
	naming  map[entryOf]*naming // what entries say of the records of redactions
}

// history is one history of a log: a restart begins another, in which log_ids and leaves may come again.
type history struct {
	origin  string
	restart int64
}

type entryOf struct {
	history
	logID int64
}

// provenRecord is the record of a redaction, and its leaf.
type provenRecord struct {
	*Record
	leafNumber int64
}

// naming is what all the entries have in common that name one record.
type naming struct {
	leaves  numbers
	entries int64
	// last is the highest number of their leaves, and size is that of the smallest tree that one was proven under.
	last, size int64
	// content is an entry of business whose content was removed; nil if there is none.
	content *int64
	// noted and older are those of CheckedRedaction.
	noted, older bool
}

func newChecker(verifiers note.Verifiers, known []string, heads *Heads) *checker {
	return &checker{
		verifiers: verifiers, known: slices.Clone(known), heads: heads, noted: map[int64]*redactions{},
		checked: Checked{OwnKeys: len(known) == 0},
		records: map[entryOf]provenRecord{}, others: map[history]numbers{}, naming: map[entryOf]*naming{},
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
		if proof == nil {
			continue
		}
		counts, err := c.count(proof)
		if err != nil {
			return nil, err
		}
		if counts && each != nil {
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
	for _, head := range c.checked.Heads {
		head.countMissing()
	}
	return &c.checked, nil
}

// countMissing counts the leaves between the first and the last one that the file does not have.
func (h *CheckedHead) countMissing() {
	between := h.Entries
	if int64(len(h.records)) == h.Entries && h.Entries > 0 {
		h.FirstLeaf, h.LastLeaf = slices.Min(h.records), slices.Max(h.records)
	} else {
		for _, leaf := range h.records {
			if leaf < h.FirstLeaf || leaf > h.LastLeaf {
				between--
			}
		}
	}
	if h.Entries > 0 {
		h.Missing = h.LastLeaf - h.FirstLeaf + 1 - between
	}
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
	return &Proof{Record: *record, Inclusion: *read.Inclusion, Head: read.Head, Keys: read.Keys, head: c.head.Head}, nil
}

// openHead opens the head of an object, which may have the keys too.
func (c *checker) openHead(read *shownProof) error {
	if c.checked.OwnKeys {
		for _, key := range read.Keys {
			if strings.ContainsAny(key, "\r\n") {
				return invalidProof(nil, "%q is not the public key of a log", key)
			}
		}
		var err error
		if c.verifiers, c.known, err = readKeys(strings.Join(append(c.known, read.Keys...), "\n")); err != nil {
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
	c.head = &CheckedHead{Head: head, leaves: numbers{}, redacted: map[int64]string{}}
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

// count adds a valid proof to the result, and compares what it says of redactions. It reports whether the entry is new
// under its head.
func (c *checker) count(proof *Proof) (bool, error) {
	head, leaf, redacted := c.head, proof.Inclusion.LeafNumber, proof.Inclusion.Redacted
	fields := strings.Join(slices.Sorted(maps.Keys(redacted)), ",")
	if !head.leaves.add(leaf) {
		head.Repeated++
		// What is removed is sealed under a later head, so a log never says both.
		if head.redacted[leaf] != fields {
			return false, invalidProof(&leaf, "entry %d is in the file with and without the same values", proof.LogID)
		}
		return false, c.countRedaction(proof)
	}
	head.Entries++
	if fields != "" {
		head.Redacted++
		head.redacted[leaf] = fields
	}
	in := history{head.Origin, head.Restart}
	if proof.isRedaction() {
		head.records = append(head.records, leaf)
		for _, field := range []string{"content", "origin"} {
			if redacted[field] != 0 {
				return false, invalidProof(&leaf, "entry %d records a redaction, and its own %s is missing: that is never removed", proof.LogID, field)
			}
		}
		c.records[entryOf{in, proof.LogID}] = provenRecord{&proof.Record, leaf}
	} else {
		if head.Entries == int64(len(head.records))+1 {
			head.FirstLeaf, head.LastLeaf = leaf, leaf
		}
		head.FirstLeaf, head.LastLeaf = min(head.FirstLeaf, leaf), max(head.LastLeaf, leaf)
		if c.others[in] == nil {
			c.others[in] = numbers{}
		}
		c.others[in].add(proof.LogID)
	}
	return true, c.countRedaction(proof)
}

// countRedaction remembers which records an entry names, until all of the file is known.
func (c *checker) countRedaction(proof *Proof) error {
	leaf, redacted := proof.Inclusion.LeafNumber, proof.Inclusion.Redacted
	if len(redacted) == 0 {
		return nil
	}
	noted, older, err := c.isNoted(proof)
	if err != nil {
		return err
	}
	for _, record := range slices.Compact(slices.Sorted(maps.Values(redacted))) {
		if record <= proof.LogID {
			return invalidProof(&leaf, "values of entry %d are missing, and entry %d, which should record why, is not a later one", proof.LogID, record)
		}
		of := entryOf{history{c.head.Origin, c.head.Restart}, record}
		named := c.naming[of]
		if named == nil {
			named = &naming{leaves: numbers{}, size: c.head.Size, noted: true}
			c.naming[of] = named
		}
		if named.leaves.add(leaf) {
			named.entries++
		}
		named.last, named.size = max(named.last, leaf), min(named.size, c.head.Size)
		named.noted, named.older = named.noted && noted, named.older || older
		if redacted["content"] == record && proof.Outcome != administered {
			named.content = &proof.LogID
		}
	}
	return nil
}

// isNoted reports whether signed notes in the directory have each removed value, and whether the directory is too old
// to say. The directory of another log cannot say either, unless it has the notes of that log.
func (c *checker) isNoted(proof *Proof) (noted, older bool, err error) {
	if c.heads == nil || c.heads.Latest == nil {
		return false, false, nil
	}
	notes := c.noted[c.head.Restart]
	if notes == nil {
		if notes, err = c.heads.redactions(c.head.Restart); err != nil {
			return false, false, err
		}
		c.noted[c.head.Restart] = notes
	}
	names := notes.missing(proof.Inclusion.LeafNumber, proof.Inclusion.Redacted)
	if len(names) == 0 {
		return true, false, nil
	}
	latest := c.heads.Latest
	if latest.Origin != c.head.Origin {
		return false, notes.origins[c.head.Origin], nil // notes that were copied once
	}
	if cmp.Or(cmp.Compare(c.head.Restart, latest.Restart), cmp.Compare(c.head.Size, latest.Size)) > 0 {
		return false, true, nil
	}
	return false, false, &TamperedError{Finding{Kind: ValueRemoved, LeafNumber: &proof.Inclusion.LeafNumber, LogID: &proof.LogID, Message: fmt.Sprintf(
		"%s of entry %d was removed, and no signed note in %s says so", strings.Join(names, ", "), proof.LogID, c.heads.Directory)}}
}

// compareRecords compares redacted entries with the records that they name, wherever in the file these are.
func (c *checker) compareRecords() error {
	order := func(a, b entryOf) int {
		return cmp.Or(cmp.Compare(a.origin, b.origin), cmp.Compare(a.restart, b.restart), cmp.Compare(a.logID, b.logID))
	}
	for _, of := range slices.SortedFunc(maps.Keys(c.naming), order) {
		named, record := c.naming[of], c.records[of]
		c.checked.Redactions = append(c.checked.Redactions, &CheckedRedaction{
			Origin: of.origin, Restart: of.restart, LogID: of.logID, Record: record.Record, Noted: named.noted, Older: named.older,
		})
		if record.Record == nil {
			if c.others[of.history].has(of.logID) {
				return invalidProof(nil, "values of an entry are missing, and entry %d, which should record why, records no redaction", of.logID)
			}
			continue
		}
		if record.leafNumber <= named.last || record.leafNumber >= named.size {
			return invalidProof(&record.leafNumber, "values of an entry are missing, and entry %d, which should record why, is leaf %d: the head is older, or the entry is newer",
				of.logID, record.leafNumber)
		}
		if named.older && of.origin == c.heads.Latest.Origin && of.restart == c.heads.Latest.Restart && record.leafNumber < c.heads.Latest.Size {
			return &TamperedError{Finding{Kind: ValueRemoved, LogID: &of.logID, Message: fmt.Sprintf(
				"values of an entry were removed, and no signed note in %s says that entry %d records it", c.heads.Directory, of.logID)}}
		}
		var said struct {
			Key struct {
				Entries     int64 `json:"entries"`
				KeepContent bool  `json:"keep_content"`
			} `json:"key"`
		}
		if err := json.Unmarshal(record.Parameters, &said); err != nil {
			return invalidProof(nil, "entry %d does not say what was redacted: %v", of.logID, err)
		}
		if named.entries > said.Key.Entries {
			return invalidProof(nil, "values of %d entries are missing, and entry %d records a redaction of %d", named.entries, of.logID, said.Key.Entries)
		}
		if said.Key.KeepContent && named.content != nil {
			return invalidProof(nil, "the content of entry %d is missing, and entry %d records a redaction that kept it", *named.content, of.logID)
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
