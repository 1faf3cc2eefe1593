package seal

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/posternsql/postern/internal/query"
)

// Exporter exports the sealed part of a log with proofs, for CheckProofs.
type Exporter struct {
	Heads *Heads
	// Since and Until limit the export to entries of a period; nil means no limit.
	Since, Until *time.Time
	// OnProgress receives the number of leaves read so far and the total; it may be nil.
	OnProgress func(leaves, total int64)
}

// Export yields the newest head, and then every entry under it with its proof, in the order of leaves. It checks every
// proof. It exports all rows of the log, including those that stand for an approval that may never have been used. At
// the end are the entries that record what was redacted, if they are of another period. It returns the number of
// entries.
func (e *Exporter) Export(ctx context.Context, connection *pgx.Conn, each func(any) error) (entries int64, err error) {
	head, err := e.Heads.provable()
	if err != nil {
		return 0, err
	}
	dropped, err := e.Heads.dropped()
	if err != nil {
		return 0, err
	}
	first := struct {
		Head string   `json:"head"`
		Keys []string `json:"keys"`
	}{head.Note, e.Heads.Keys}
	if err := each(first); err != nil {
		return 0, err
	}
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, connection, options, func(tx pgx.Tx) error {
		queries := query.New(tx)
		if err := continues(head, head.Size, readHashes(ctx, queries)); err != nil {
			return err
		}
		redacted := map[int64]bool{} // records of redactions, and whether they were exported
		reader := &pageReader{behind: readHashes(ctx, queries)}
		for next := int64(0); next < head.Size; {
			page, err := queries.LeafPage(ctx, next, entryPageSize)
			if err != nil {
				return err
			}
			if len(page) == 0 {
				return &TamperedError{Finding{Kind: EntryMissing, Message: fmt.Sprintf("leaves %d to %d are missing", next, head.Size-1)}}
			}
			logIDs := make([]int64, len(page))
			for index, leaf := range page {
				logIDs[index] = leaf.LogID
			}
			records, _, err := recordsOf(ctx, tx, logIDs, whole)
			if err != nil {
				return err
			}
			reader.turn(page)
			for _, leaf := range page {
				if leaf.LeafNumber >= head.Size {
					break
				}
				record := records[leaf.LogID]
				if record == nil && dropped.has(leaf.LeafNumber) {
					continue
				}
				if record == nil {
					return &TamperedError{Finding{Kind: EntryMissing, LeafNumber: &leaf.LeafNumber, LogID: &leaf.LogID, Message: fmt.Sprintf(
						"entry %d was sealed as leaf %d and is missing", leaf.LogID, leaf.LeafNumber)}}
				}
				if !e.wanted(record.Record) {
					continue
				}
				proof, err := prove(record, leaf.LeafNumber, head, reader)
				if err != nil {
					return err
				}
				if err := each(proof); err != nil {
					return err
				}
				entries++
				if proof.isRedaction() {
					redacted[proof.LogID] = true
				}
				for _, record := range proof.Inclusion.Redacted {
					if _, known := redacted[record]; !known {
						redacted[record] = false
					}
				}
			}
			next = page[len(page)-1].LeafNumber + 1
			if e.OnProgress != nil {
				e.OnProgress(min(next, head.Size), head.Size)
			}
		}
		// Records of other periods say when and by whom something was removed.
		for _, logID := range slices.Sorted(maps.Keys(redacted)) {
			if redacted[logID] {
				continue
			}
			records, err := proveRecords(ctx, tx, map[string]int64{"": logID}, head, dropped, readHashes(ctx, queries))
			if err != nil {
				return err
			}
			for _, record := range records {
				if redacted[record.LogID] {
					continue
				}
				redacted[record.LogID] = true
				if err := each(record); err != nil {
					return err
				}
				entries++
			}
		}
		return nil
	})
	return entries, err
}

// Keep records in the database that an export is in a safe place. From then on its entries may be dropped.
func (e *Exporter) Keep(ctx context.Context, connection *pgx.Conn) error {
	return query.New(connection).RecordLogExport(ctx, e.Since, e.Until, e.Heads.Latest.Size)
}

func (e *Exporter) wanted(record *Record) bool {
	return (e.Since == nil || record.LoggedAt >= MomentOf(*e.Since)) && (e.Until == nil || record.LoggedAt < MomentOf(*e.Until))
}

// pageReader reads the hashes for the proofs of one page of leaves. Most hashes are in the page itself; the few others
// are common to all of its leaves.
type pageReader struct {
	behind tlog.HashReader
	first  int64
	page   [][]byte
	others map[int64]tlog.Hash
}

// turn moves on to another page.
func (r *pageReader) turn(page []query.LogLeaf) {
	r.first, r.page, r.others = page[0].LeafNumber, make([][]byte, len(page)), map[int64]tlog.Hash{}
	for index, leaf := range page {
		r.page[index] = leaf.Hashes
	}
}

func (r *pageReader) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	var missing []int64
	var places []int
	for position, index := range indexes {
		level, n := tlog.SplitStoredHashIndex(index)
		if at := completedBy(level, n) - r.first; at >= 0 && at < int64(len(r.page)) && len(r.page[at]) >= (level+1)*tlog.HashSize {
			copy(hashes[position][:], r.page[at][level*tlog.HashSize:])
		} else if hash, known := r.others[index]; known {
			hashes[position] = hash
		} else {
			missing, places = append(missing, index), append(places, position)
		}
	}
	if len(missing) == 0 {
		return hashes, nil
	}
	read, err := r.behind.ReadHashes(missing)
	if err != nil {
		return nil, err
	}
	for index, hash := range read {
		hashes[places[index]] = hash
		r.others[missing[index]] = hash
	}
	return hashes, nil
}
