package seal

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/posternsql/postern/internal/query"
)

// maximumFindings is how many findings are listed one by one.
const maximumFindings = 1000

// Verifier compares the log of a database with a directory of heads outside it.
type Verifier struct {
	Heads *Heads
	// Since is a head that was verified before. What it covers is not verified again. Nil verifies everything.
	Since *Head
	// OnProgress receives the number of leaves verified so far and the total; it may be nil.
	OnProgress func(leaves, total int64)
}

// Verdict is the result of a verification.
type Verdict struct {
	// Head is the head that the log was compared with.
	Head *Head `json:"-"`
	// Leaves is the number of leaves that were recomputed.
	Leaves int64 `json:"leaves"`
	// Signed is the number of leaves that the newest head covers.
	Signed int64 `json:"signed"`
	// Dropped is the number of leaves whose entries were dropped according to signed notes in Heads. Only their hashes are
	// left.
	Dropped int64 `json:"dropped"`
	// Redacted is the number of entries from which personal values were removed.
	Redacted int64 `json:"redacted"`
	// NotSigned is the number of leaves behind the newest head. The next seal signs them.
	NotSigned int64 `json:"not_signed"`
	// Restarts are the restarts recorded in the directory. Each gave up a part of the log that had been signed.
	Restarts []*Restart `json:"restarts,omitempty"`
	// Findings lists what is wrong, at most 1000 findings; Total counts all.
	Findings []Finding `json:"findings"`
	Total    int64     `json:"total_findings"`
}

// Refuted turns an error that is a finding into a verdict with that finding. It returns any other error.
func Refuted(err error) (*Verdict, error) {
	if tampered := (*TamperedError)(nil); errors.As(err, &tampered) {
		return &Verdict{Findings: []Finding{tampered.Finding}, Total: 1}, nil
	}
	return nil, err
}

func (v *Verdict) find(kind Kind, leafNumber, logID *int64, format string, arguments ...any) {
	v.Total++
	if len(v.Findings) < maximumFindings {
		v.Findings = append(v.Findings, Finding{Kind: kind, LeafNumber: leafNumber, LogID: logID, Message: fmt.Sprintf(format, arguments...)})
	}
}

// Verify recomputes every leaf and every node from the rows of the log. It compares them with the tree and with the
// newest head in Heads. Its memory does not grow with the log.
func (v *Verifier) Verify(ctx context.Context, connection *pgx.Conn) (verdict *Verdict, err error) {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, connection, options, func(tx pgx.Tx) error {
		run := &verification{Verifier: v, tx: tx, queries: query.New(tx), verdict: &Verdict{Head: v.Heads.Latest, Restarts: v.Heads.Restarts, Findings: []Finding{}}}
		verdict = run.verdict
		return run.all(ctx)
	})
	return verdict, err
}

// verification is one run of Verify.
type verification struct {
	*Verifier
	tx      pgx.Tx
	queries *query.Queries
	verdict *Verdict

	// Two trees of the same leaves: one computed from the rows of the log, the other from the stored hashes of the leaves.
	fromEntries, fromTree *frontier
	// The roots of both trees when they had as many leaves as the newest head.
	entriesRoot, treeRoot tlog.Hash
	// dropped are the leaves whose entries may be missing.
	dropped dropped
	// redactions are signed, and recorded are those that entries name.
	redactions *redactions
	recorded   map[int64]int64
	// suspects are the leaves in which the two trees differ. The head decides whether the entry or the tree is wrong.
	suspects     []suspect
	moreSuspects int64
	// inner is the first subtree whose stored hash does not match its leaves.
	inner *leafRange
}

// leafRange is the leaves from first to last.
type leafRange struct{ first, last int64 }

// suspect is a leaf whose entry does not match the tree.
type suspect struct {
	leafNumber, logID int64
	missing           bool
	computed, stored  tlog.Hash
}

func (v *verification) all(ctx context.Context) error {
	references, err := v.Heads.references()
	if err != nil {
		return v.tampered(err)
	}
	head := &Head{}
	if len(references) > 0 {
		head = references[0]
	}
	until, err := v.queries.SealedUntil(ctx)
	if err != nil {
		return err
	}
	// No head is missing if a key was admitted but there was nothing to sign.
	if v.Heads.Latest == nil && (len(v.Heads.Keys) == 0 || until.TreeSize > 0) {
		v.verdict.find(HeadMissing, nil, nil, "%s has no head: nothing vouches for this log", v.Heads.Directory)
	}
	if v.dropped, err = v.Heads.dropped(); err != nil {
		if err := v.tampered(err); err != nil {
			return err
		}
	}
	if v.redactions, err = v.Heads.redactions(math.MaxInt64); err != nil {
		if err := v.tampered(err); err != nil {
			return err
		}
	}
	v.recorded = map[int64]int64{}
	from := int64(0)
	if v.Since != nil {
		from = v.Since.Size
	}
	reader := readHashes(ctx, v.queries)
	if v.Since != nil {
		if restart := v.Heads.lostBy(v.Since); restart != nil {
			v.verdict.find(OtherHistory, nil, nil, "the head that was given, of %d leaves, was given up by restart %d, which kept %d", v.Since.Size, restart.Number, restart.Kept.Size)
			return nil
		}
	}
	if v.fromTree, err = readFrontier(from, reader); err != nil {
		return v.tampered(err)
	}
	for _, other := range references[min(len(references), 1):] {
		if root, err := tlog.TreeHash(other.Size, reader); err != nil || root != other.Root {
			v.verdict.find(OtherHistory, nil, nil, "the tree does not begin with the %d leaves of a head in %s that no restart gave up", other.Size, v.Heads.Directory)
		}
	}
	if root, err := v.fromTree.root(); err != nil || v.Since != nil && root != v.Since.Root {
		v.verdict.find(TreeRewritten, nil, nil, "the tree does not begin with the %d leaves of the head that was given", from)
		return err
	}
	entries := *v.fromTree
	v.fromEntries = &entries
	if from == head.Size {
		v.note()
	}
	if err := v.leaves(ctx, from, head.Size, until.TreeSize); err != nil {
		return err
	}
	v.judge(head)
	if err := v.inside(ctx, head, reader); err != nil {
		return err
	}
	if v.treeIsWrong(head) && v.entriesRoot != head.Root && v.inner == nil {
		if err := v.locate(head, reader); err != nil {
			return err
		}
	}
	if err := v.records(ctx); err != nil {
		return err
	}
	return v.added(ctx, until.Snapshot)
}

// tampered turns an error that is a finding into a finding of the verdict.
func (v *verification) tampered(err error) error {
	if tampered := (*TamperedError)(nil); errors.As(err, &tampered) {
		v.verdict.find(tampered.Finding.Kind, nil, nil, "%s", tampered.Finding.Message)
		return nil
	}
	return err
}

// note keeps the current roots of both trees.
func (v *verification) note() {
	v.treeRoot, _ = v.fromTree.root() // neither can fail: a frontier has all the nodes that are needed
	v.entriesRoot, _ = v.fromEntries.root()
}

// leaves reads all leaves and their entries in pages, and grows both trees.
func (v *verification) leaves(ctx context.Context, from, signed, total int64) error {
	next := from
	for {
		page, err := v.queries.LeafPage(ctx, next, pageSize)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		logIDs := make([]int64, len(page))
		for index, leaf := range page {
			logIDs[index] = leaf.LogID
		}
		entries, repeated, err := recordsOf(ctx, v.tx, logIDs, hashOnly)
		if err != nil {
			return err
		}
		for _, logID := range repeated {
			v.verdict.find(EntryAdded, nil, &logID, "there is more than one entry %d", logID)
		}
		for _, leaf := range page {
			if leaf.LeafNumber != next {
				v.verdict.find(EntryMissing, nil, nil, "leaves %d to %d are missing in the tree", next, leaf.LeafNumber-1)
				// The trees cannot be computed any more. The leaves that follow are only compared one by one.
				next = leaf.LeafNumber
				v.fromTree.size, v.fromEntries.size = next, next
			}
			if err := v.leaf(leaf, entries[leaf.LogID]); err != nil {
				return err
			}
			next++
			if next == signed {
				v.note()
			}
		}
		if v.OnProgress != nil {
			v.OnProgress(next-from, max(total, signed)-from)
		}
	}
	v.verdict.Leaves = next - from
	v.verdict.Signed = min(signed, next)
	v.verdict.NotSigned = next - v.verdict.Signed
	if next < signed {
		v.verdict.find(EntryMissing, nil, nil, "leaves %d to %d were signed and are missing: the end of the log was cut off, an older backup or a standby without the end took its place, or a copy of this database was sealed with this key and directory", next, signed-1)
		lost, err := v.Heads.logIDsBehind(next)
		if err != nil {
			return v.tampered(err)
		}
		if last := len(v.verdict.Findings) - 1; v.verdict.Total <= maximumFindings {
			v.verdict.Findings[last].LogIDs = lost
		}
	}
	return nil
}

// leaf grows both trees by one leaf. entry is the current hash of its entry, or nil if there is no entry.
func (v *verification) leaf(leaf query.LogLeaf, entry *hashed) error {
	stored := hashesOf(leaf.Hashes)
	var own tlog.Hash
	if len(stored) > 0 {
		own = stored[0]
	}
	expected, err := v.fromTree.append(own)
	if err != nil {
		return err
	}
	if v.inner == nil && !slices.Equal(expected, stored) {
		level := 0
		for level < min(len(expected), len(stored)) && expected[level] == stored[level] {
			level++
		}
		v.inner = &leafRange{leaf.LeafNumber + 1 - 1<<level, leaf.LeafNumber}
	}
	computed := own
	isDropped := entry == nil && v.dropped.has(leaf.LeafNumber)
	if isDropped {
		v.verdict.Dropped++
	}
	if entry != nil {
		computed = entry.hash
		v.redacted(leaf, entry.redacted)
	}
	if entry == nil && !isDropped || computed != own {
		if len(v.suspects) < maximumFindings {
			v.suspects = append(v.suspects, suspect{leaf.LeafNumber, leaf.LogID, entry == nil, computed, own})
		} else {
			v.moreSuspects++
		}
	}
	_, err = v.fromEntries.append(computed)
	return err
}

// redacted compares what is missing in an entry with the signed redactions.
func (v *verification) redacted(leaf query.LogLeaf, redacted map[string]int64) {
	if len(redacted) > 0 {
		v.verdict.Redacted++
	}
	for _, record := range redacted {
		v.recorded[record] = leaf.LogID
	}
	if names := v.redactions.missing(leaf.LeafNumber, redacted); len(names) > 0 {
		v.verdict.find(ValueRemoved, &leaf.LeafNumber, &leaf.LogID, "%s of entry %d was removed, and no signed note in %s says so", strings.Join(names, ", "), leaf.LogID, v.Heads.Directory)
	}
	if names := v.redactions.returned(leaf.LeafNumber, redacted); len(names) > 0 {
		v.verdict.find(ValueReturned, &leaf.LeafNumber, &leaf.LogID, "%s of entry %d was redacted and is there again: a backup was restored, or a redaction did not finish", strings.Join(names, ", "), leaf.LogID)
	}
}

// records looks for the entries that record the redactions. Those of dropped months are in the files that they were
// exported to.
func (v *verification) records(ctx context.Context) error {
	for page := range slices.Chunk(slices.Sorted(maps.Keys(v.recorded)), entryPageSize) {
		found, _, err := recordsOf(ctx, v.tx, page, whole)
		if err != nil {
			return err
		}
		for _, record := range page {
			if found[record] != nil && found[record].isRedaction() {
				continue
			}
			leaf, err := v.queries.LeafOfEntry(ctx, record)
			if err != nil && !errors.Is(err, pgx.ErrNoRows) {
				return err
			}
			if found[record] == nil && err == nil && v.dropped.has(leaf.LeafNumber) {
				continue
			}
			logID := v.recorded[record]
			v.verdict.find(ValueRemoved, nil, &logID, "values of entry %d were removed, and entry %d, which should record that, is not in the log", logID, record)
		}
	}
	return nil
}

// treeIsWrong reports whether the tree does not lead to the head. It is false if the tree has fewer leaves than the
// head.
func (v *verification) treeIsWrong(head *Head) bool {
	return v.verdict.Signed == head.Size && head.Size > 0 && v.treeRoot != head.Root
}

// judge decides which side is wrong if entries and tree differ: the side that does not lead to the head.
func (v *verification) judge(head *Head) {
	treeIsRight := !v.treeIsWrong(head)
	if !treeIsRight && v.entriesRoot == head.Root {
		v.verdict.find(TreeRewritten, nil, nil, "the stored tree was changed, but the entries lead to the signed head")
		return
	}
	if v.inner != nil {
		v.verdict.find(TreeRewritten, nil, nil, "the stored hashes do not fit each other: they were changed first among leaves %d to %d", v.inner.first, v.inner.last)
	}
	leafOf := make(map[tlog.Hash]int64, len(v.suspects))
	for _, suspect := range v.suspects {
		leafOf[suspect.stored] = suspect.leafNumber
	}
	for _, suspect := range v.suspects {
		other, moved := leafOf[suspect.computed]
		switch {
		case suspect.missing:
			v.verdict.find(EntryMissing, &suspect.leafNumber, &suspect.logID, "entry %d was sealed as leaf %d and is missing", suspect.logID, suspect.leafNumber)
		case moved:
			v.verdict.find(EntryReordered, &suspect.leafNumber, &suspect.logID, "entry %d was sealed as leaf %d, and stands as leaf %d", suspect.logID, other, suspect.leafNumber)
		default:
			v.verdict.find(EntryChanged, &suspect.leafNumber, &suspect.logID, "entry %d is not what was sealed as leaf %d", suspect.logID, suspect.leafNumber)
		}
	}
	v.verdict.Total += v.moreSuspects
}

// inside checks the heads in the database. A head signed by a known key must agree with the head outside.
func (v *verification) inside(ctx context.Context, head *Head, reader tlog.HashReader) error {
	for after := int64(0); ; {
		page, err := v.queries.HeadPage(ctx, after, pageSize)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, one := range page {
			after = one.TreeSize
			if v.Since != nil && one.TreeSize <= v.Since.Size && one.TreeSize != head.Size {
				continue
			}
			signed, err := OpenHead(one.Note, v.Heads.verifiers)
			if tampered := (*TamperedError)(nil); errors.As(err, &tampered) {
				v.verdict.find(tampered.Finding.Kind, nil, nil, "in the database, of %d leaves: %s", one.TreeSize, tampered.Finding.Message)
				continue
			}
			if err != nil || signed.Size != one.TreeSize || signed.Root != tlog.Hash(one.RootHash) {
				v.verdict.find(SignatureInvalid, nil, nil, "the head of %d leaves in the database is not what was signed", one.TreeSize)
				continue
			}
			if v.Heads.lostBy(signed) != nil {
				continue
			}
			if told := int64(len(v.Heads.Restarts)); signed.Restart > told {
				v.verdict.find(OtherHistory, nil, nil, "the database has a head of %d leaves that names restart %d, and %s was told of %d",
					signed.Size, signed.Restart, v.Heads.Directory, told)
			}
			if signed.Size > head.Size || signed.Size == head.Size && signed.Root != head.Root {
				v.verdict.find(OtherHistory, nil, nil,
					"the database has a head of %d leaves, signed by a known key, that does not fit the newest one in %s, of %d leaves: there are two histories, or the directory is an old copy",
					signed.Size, v.Heads.Directory, head.Size)
			}
		}
	}
}

// locate uses older heads to find between which leaves the tree was rewritten.
func (v *verification) locate(head *Head, reader tlog.HashReader) error {
	heads, err := v.Heads.standing()
	if err != nil {
		return v.tampered(err)
	}
	first, err := firstNotIn(heads, reader)
	if err != nil {
		return err
	}
	from, to := int64(0), head.Size
	if first > 0 {
		from = heads[first-1].Size
	}
	if first < len(heads) {
		to = heads[first].Size
	}
	v.verdict.find(TreeRewritten, nil, nil,
		"the tree does not lead to the signed head of %d leaves: entries and tree were rewritten together, or this is another history; it differs first among leaves %d to %d",
		head.Size, from, to-1)
	return nil
}

// added looks for entries that claim to be older than the last seal but have no leaf.
func (v *verification) added(ctx context.Context, snapshot string) error {
	if snapshot == "" {
		return nil
	}
	return unsealed(ctx, v.tx, everything, snapshot, func(page []hashedRecord) error {
		for _, record := range page {
			v.verdict.find(EntryAdded, nil, &record.logID, "entry %d was added: everything of its time was sealed before, and it was not there", record.logID)
		}
		return nil
	})
}
