package seal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/posternsql/postern/internal/query"
)

// pageSize is how many leaves are read or written at once.
const pageSize = 500

// entryPageSize is how many whole entries are in memory at once. An entry may be several hundred kilobytes long.
const entryPageSize = 50

// Sealer seals the log of one database.
type Sealer struct {
	// Key signs the heads.
	Key *Key
	// Heads is the directory outside the database. The log is compared with it before anything is signed.
	Heads *Heads
	// Also are more directories that receive each head.
	Also []*Heads
	// Timeline is production's timeline according to the configuration, after a failover; nil if the configuration does
	// not say.
	Timeline *int64
	// Database confirms that this database took the place of the one that was sealed. It names this database as the error
	// does; nil confirms nothing.
	Database *string
	// OnProgress receives the number of entries sealed so far; it may be nil.
	OnProgress func(entries int64)

	partitionsDue time.Time
}

const (
	// partitionsInterval is how often a sealer that seals repeatedly looks for months without a partition.
	partitionsInterval = time.Hour
	// partitionsPause is how long it waits if the log was in use.
	partitionsPause = time.Minute
)

// ErrBusy is returned if another process is sealing this log.
var ErrBusy = errors.New("another process is sealing this log")

// Seal adds all committed entries to the tree as leaves, signs its head, and stores the head outside the database and
// in it. It returns the number of new leaves. If the tree does not continue the newest head in Heads, it writes nothing
// and returns a *TamperedError. It may be interrupted at any moment; the next call continues.
func (s *Sealer) Seal(ctx context.Context, connection *pgx.Conn) (entries int64, err error) {
	entries, size, err := s.grow(ctx, connection)
	if err != nil {
		return 0, busy(err)
	}
	signed, err := s.signed(ctx, connection, size)
	if err == nil && !signed {
		err = busy(s.sign(ctx, connection))
	}
	return entries, errors.Join(err, s.createPartitions(ctx, connection))
}

// createPartitions creates the log's partitions for the coming months. It need not succeed at once if others use the
// log, because entries without a partition go into the default partition.
func (s *Sealer) createPartitions(ctx context.Context, connection *pgx.Conn) error {
	if time.Now().Before(s.partitionsDue) {
		return nil
	}
	s.partitionsDue = time.Now().Add(partitionsInterval)
	_, err := query.New(connection).CreateLogPartitions(ctx)
	if errors.Is(busy(err), ErrBusy) {
		s.partitionsDue = time.Now().Add(partitionsPause)
		return nil
	}
	if err != nil {
		return fmt.Errorf("make the log's partitions: %w", err)
	}
	return nil
}

// signed reports whether the head of the tree is stored in all its places. Even without new entries it may be missing,
// because the previous seal may have been interrupted.
func (s *Sealer) signed(ctx context.Context, connection *pgx.Conn, size int64) (bool, error) {
	inside, err := query.New(connection).LatestHead(ctx)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return false, err
	}
	behind := slices.ContainsFunc(s.Also, func(also *Heads) bool { return !also.covers(size) })
	return size == 0 || inside.TreeSize >= size && s.Heads.covers(size) && !behind, nil
}

// covers reports whether the newest head covers a tree of this size and was signed since the last restart.
func (h *Heads) covers(size int64) bool {
	return h.Latest != nil && h.Latest.Size >= size && h.Latest.Restart == int64(len(h.Restarts))
}

// grow appends leaves for all visible entries that have none, in one transaction. It returns the number of new leaves
// and the size of the tree.
func (s *Sealer) grow(ctx context.Context, connection *pgx.Conn) (entries, size int64, err error) {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead}
	err = pgx.BeginTxFunc(ctx, connection, options, func(tx pgx.Tx) error {
		queries := query.New(tx)
		// The entries that the seal has seen committed must be on disk when the seal is.
		if _, err := tx.Exec(ctx, "set local synchronous_commit = on"); err != nil {
			return err
		}
		begun, err := s.begin(ctx, queries)
		if err != nil {
			return err
		}
		size = begun.TreeSize
		reader := readHashes(ctx, queries)
		if err := s.compare(ctx, queries, size, reader); err != nil {
			return err
		}
		// Admit the key only now, because a refused database must not leave its key in a directory.
		if err := s.Heads.admit(s.Key); err != nil {
			return err
		}
		tree, err := readFrontier(size, reader)
		if err != nil {
			return err
		}
		stretches, err := unseen(begun.Snapshot)
		if err != nil {
			return err
		}
		err = unsealed(ctx, tx, stretches, "", func(page []hashedRecord) error {
			logIDs, stored := make([]int64, len(page)), make([][]byte, len(page))
			for index := range page {
				hashes, err := tree.append(page[index].hash)
				if err != nil {
					return err
				}
				logIDs[index], stored[index] = page[index].logID, join(hashes)
			}
			entries += int64(len(page))
			if s.OnProgress != nil {
				s.OnProgress(entries)
			}
			size, err = queries.AppendLeaves(ctx, logIDs, stored)
			return err
		})
		if err != nil {
			return err
		}
		if entries == 0 && begun.Snapshot != "" && !begun.IsNewPlace {
			return errNothing
		}
		return queries.EndSealing(ctx)
	})
	if errors.Is(err, errNothing) {
		err = nil
	}
	return entries, size, err
}

// begin takes the lock of sealing. Then it reads the directories again, because another sealer may have signed since
// they were read.
func (s *Sealer) begin(ctx context.Context, queries *query.Queries) (query.BeginSealingRow, error) {
	begun, err := queries.BeginSealing(ctx, s.Timeline, s.Database)
	if errors.Is(err, pgx.ErrNoRows) {
		return begun, ErrBusy
	} else if err != nil {
		return begun, err
	}
	for _, directory := range append([]*Heads{s.Heads}, s.Also...) {
		now, err := OpenHeads(directory.Directory)
		if err != nil {
			return begun, err
		}
		*directory = *now
	}
	return begun, nil
}

// errNothing rolls back a transaction that had nothing to do.
var errNothing = errors.New("nothing to seal")

// compare returns an error if the tree in the database does not continue every head outside. It also does so if the
// database has a head that nobody outside knows. No later step may refuse: after this one the database remembers its
// place, and the tree grows.
func (s *Sealer) compare(ctx context.Context, queries *query.Queries, size int64, reader tlog.HashReader) error {
	inside, err := queries.LatestHead(ctx)
	hasInside := err == nil
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	if s.Heads.Latest == nil && hasInside && len(s.Heads.Restarts) == 0 {
		return &TamperedError{Finding{Kind: OtherHistory, Message: fmt.Sprintf(
			"%s has no head, but the database has one of %d leaves: is this the right directory?", s.Heads.Directory, inside.TreeSize)}}
	}
	if err := s.Heads.continuedBy(size, reader); err != nil {
		return err
	}
	if s.Heads.Latest != nil && hasInside {
		if err := s.compareInside(inside); err != nil {
			return err
		}
	}
	for _, also := range s.Also {
		isSame := also.Latest != nil && s.Heads.Latest != nil && also.Latest.Note == s.Heads.Latest.Note && len(also.Restarts) == len(s.Heads.Restarts)
		if isSame {
			continue
		}
		if err := also.continuedBy(size, reader); err != nil {
			return fmt.Errorf("%s: %w", also.Directory, err)
		}
		if told := int64(len(also.Restarts)); told < int64(len(s.Heads.Restarts)) {
			return &TamperedError{Finding{Kind: OtherHistory, Message: fmt.Sprintf(
				"%s was not told of restart %d: its keeper has to accept the restart and copy %s there from %s", also.Directory, told+1, restartsFile, s.Heads.Directory)}}
		}
	}
	return nil
}

// refuseKnownKey returns an error if a new directory would begin beside a tree of which this key has already signed a
// head. Other heads of the key go on elsewhere or were lost, and could contradict the new ones.
func (s *Sealer) refuseKnownKey(ctx context.Context, queries *query.Queries) error {
	own, _, err := readKeys(s.Key.Public)
	if err != nil {
		return err
	}
	for after := int64(0); ; {
		page, err := queries.HeadPage(ctx, after, pageSize)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, one := range page {
			after = one.TreeSize
			if _, err := OpenHead(one.Note, own); err == nil {
				return &TamperedError{Finding{Kind: OtherHistory, Message: fmt.Sprintf(
					"this key has signed a head of %d leaves in this database, and %s is not the directory of that head: a copy, or a new directory, needs a key of its own", one.TreeSize, s.Heads.Directory)}}
			}
		}
	}
}

// continues checks that a tree of this size begins with the tree of a head.
func continues(head *Head, size int64, reader tlog.HashReader) error {
	if size < head.Size {
		return &TamperedError{Finding{Kind: EntryMissing, Message: fmt.Sprintf(
			"the tree has %d leaves, and %d were signed: its end was cut off, an older backup or a standby without the end took its place, or a copy of it was sealed with this key and directory", size, head.Size)}}
	}
	if head.Size == 0 {
		return nil
	}
	root, err := tlog.TreeHash(size, reader)
	if err != nil {
		return err
	}
	proof, err := tlog.ProveTree(size, head.Size, reader)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(proof, size, root, head.Size, head.Root); err != nil {
		return &TamperedError{Finding{Kind: TreeRewritten, Message: fmt.Sprintf(
			"the tree of %d leaves does not continue the one of %d leaves that was signed: entries and tree were changed together, or two copies of one database were sealed with this key and directory", size, head.Size)}}
	}
	return nil
}

// sign signs the tree as it is. It stores the head outside the database first, and then in it.
func (s *Sealer) sign(ctx context.Context, connection *pgx.Conn) error {
	return pgx.BeginFunc(ctx, connection, func(tx pgx.Tx) error {
		queries := query.New(tx)
		begun, err := s.begin(ctx, queries)
		if err != nil {
			return err
		}
		reader := readHashes(ctx, queries)
		if err := s.compare(ctx, queries, begun.TreeSize, reader); err != nil {
			return err
		}
		if !s.Heads.covers(begun.TreeSize) {
			head, err := s.signTree(ctx, queries, begun.TreeSize, reader)
			if err != nil {
				return err
			}
			if err := s.Heads.add(head, time.Now()); err != nil {
				return err
			}
		}
		head := s.Heads.Latest
		for _, also := range s.Also {
			if err := s.addAlso(also, head); err != nil {
				return err
			}
		}
		return queries.RecordHead(ctx, head.Size, head.Root[:], head.Note)
	})
}

// signTree signs the head of the tree, with the range of log IDs of the leaves that the previous head did not have.
func (s *Sealer) signTree(ctx context.Context, queries *query.Queries, size int64, reader tlog.HashReader) (*Head, error) {
	root, err := tlog.TreeHash(size, reader)
	if err != nil {
		return nil, err
	}
	before, err := s.Heads.references()
	if err != nil {
		return nil, err
	}
	from := int64(0)
	if len(before) > 0 {
		from = before[0].Size
	}
	found, err := queries.LeafLogIDs(ctx, from)
	if err != nil {
		return nil, err
	}
	var logIDs *LogIDs
	if from < size {
		logIDs = &LogIDs{found.Lowest, found.Highest}
	}
	return s.Key.sign(size, root, logIDs, int64(len(s.Heads.Restarts)))
}

// compareInside returns an error if the database has a head that this key has signed but that the directory does not
// know. Then this is another directory or an old copy of it, and signing would create two histories.
func (s *Sealer) compareInside(inside query.LogHead) error {
	if inside.TreeSize > s.Heads.Latest.Size || inside.TreeSize == s.Heads.Latest.Size && tlog.Hash(inside.RootHash) != s.Heads.Latest.Root {
		if head, err := OpenHead(inside.Note, s.Heads.verifiers); err == nil && s.Heads.lostBy(head) == nil {
			return &TamperedError{Finding{Kind: OtherHistory, Message: fmt.Sprintf(
				"the database has a signed head of %d leaves that %s does not have: is this the right directory, and not an old copy?",
				inside.TreeSize, s.Heads.Directory)}}
		}
	}
	return nil
}

// addAlso stores a head in another directory unless it is there already.
func (s *Sealer) addAlso(also *Heads, head *Head) error {
	if also.Latest != nil && also.Latest.Note == head.Note {
		return nil
	}
	if err := also.admit(s.Key); err != nil {
		return err
	}
	return also.add(head, time.Now())
}

// busy turns PostgreSQL's error for two sealers at once into ErrBusy.
func busy(err error) error {
	var server *pgconn.PgError
	if errors.As(err, &server) && (server.Code == "55P03" || server.Code == "40001") {
		return ErrBusy
	}
	return err
}
