package seal

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"
)

// The values come in PostgreSQL's own order and form; what a column cannot be NULL in the table can be in a table that
// somebody changed, and then is an error here.
const recordColumns = `log_id, outcome, gate_id, action, userid, authenticated_by, logged_at, message, parameters, comment, scheme, session_role,
       client_addr, application_name, transaction_id, ticket`

const unsealedRecords = `declare unsealed no scroll cursor for select ` + recordColumns + `
  from postern.unsealed_records('{%s}', '{%s}', %s)`

const stretchesOfRecords = `select ` + recordColumns + `
  from postern.log_records($1, $2)`

// eachRecord reads rows one at a time: an entry can be some hundred kilobytes long.
func eachRecord(ctx context.Context, tx pgx.Tx, query string, arguments []any, each func(*Record)) error {
	rows, err := tx.Query(ctx, query, arguments...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		r := &Record{}
		var loggedAt []byte
		var parameters string
		err := rows.Scan(&r.LogID, &r.Outcome, &r.GateID, &r.Action, &r.UserID, &r.AuthenticatedBy, &loggedAt, &r.Message, &parameters,
			&r.Comment, &r.Scheme, &r.SessionRole, &r.ClientAddr, &r.ApplicationName, &r.TransactionID, &r.Ticket)
		if err != nil {
			return err
		}
		r.LoggedAt = Moment(binary.BigEndian.Uint64(loggedAt))
		r.Parameters = json.RawMessage(parameters)
		each(r)
	}
	return rows.Err()
}

// hashedRecord is what of a record is kept where all of them are read.
type hashedRecord struct {
	logID int64
	hash  tlog.Hash
}

// stretch is a range of transactions.
type stretch struct{ lowest, highest uint64 }

// everything is all transactions that there can be.
var everything = []stretch{{0, math.MaxUint64}}

// unseen gives the transactions that a snapshot (xmin:xmax:xip,…) does not see; all where there is none.
func unseen(snapshot string) ([]stretch, error) {
	if snapshot == "" {
		return everything, nil
	}
	parts := strings.SplitN(snapshot, ":", 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("%q is no snapshot", snapshot)
	}
	if _, err := strconv.ParseUint(parts[0], 10, 64); err != nil {
		return nil, err
	}
	var stretches []stretch
	for running := range strings.SplitSeq(parts[2], ",") {
		if running == "" {
			continue
		}
		transactionID, err := strconv.ParseUint(running, 10, 64)
		if err != nil {
			return nil, err
		}
		stretches = append(stretches, stretch{transactionID, transactionID})
	}
	next, err := strconv.ParseUint(parts[1], 10, 64)
	return append(stretches, stretch{next, math.MaxUint64}), err
}

// unsealed gives the rows of the log without a leaf in pages; seenBy limits them to what a snapshot sees. The stretches are
// asked for at once: behind a busy system's log there is one for each transaction that was running at the last seal.
func unsealed(ctx context.Context, tx pgx.Tx, within []stretch, seenBy string, each func([]hashedRecord) error) error {
	// A utility command takes no parameters; these are numbers, and what unseen has read.
	snapshot := "null"
	if seenBy != "" {
		if _, err := unseen(seenBy); err != nil {
			return err
		}
		snapshot = "'" + seenBy + "'"
	}
	lowest, highest := make([]string, len(within)), make([]string, len(within))
	for index, stretch := range within {
		lowest[index], highest[index] = strconv.FormatUint(stretch.lowest, 10), strconv.FormatUint(stretch.highest, 10)
	}
	query := fmt.Sprintf(unsealedRecords, strings.Join(lowest, ","), strings.Join(highest, ","), snapshot)
	if _, err := tx.Exec(ctx, query); err != nil {
		return err
	}
	for {
		page := make([]hashedRecord, 0, pageSize)
		err := eachRecord(ctx, tx, fmt.Sprintf("fetch %d from unsealed", pageSize), nil, func(r *Record) {
			page = append(page, hashedRecord{r.LogID, r.Hash()})
		})
		if err != nil {
			return err
		}
		if len(page) == 0 {
			_, err := tx.Exec(ctx, "close unsealed")
			return err
		}
		if err := each(page); err != nil {
			return err
		}
	}
}

// maximumGap is how many log_ids that nobody asked for may be read for one that was.
const maximumGap = 100

// recordsOf reads the rows of the log with these log_ids, and keeps what keep makes of each. Those that are not there are
// not in the result; a log_id that more than one row has is in repeated.
func recordsOf[T any](ctx context.Context, tx pgx.Tx, logIDs []int64, keep func(*Record) T) (found map[int64]T, repeated []int64, err error) {
	var lowest, highest []int64
	for index, logID := range slices.Sorted(slices.Values(logIDs)) {
		if index > 0 && logID-highest[len(highest)-1] <= maximumGap {
			highest[len(highest)-1] = logID
			continue
		}
		lowest, highest = append(lowest, logID), append(highest, logID)
	}
	found = make(map[int64]T, len(logIDs))
	err = eachRecord(ctx, tx, stretchesOfRecords, []any{lowest, highest}, func(r *Record) {
		if _, known := found[r.LogID]; known {
			repeated = append(repeated, r.LogID)
		}
		found[r.LogID] = keep(r)
	})
	return found, repeated, err
}

// whole keeps all of a record.
func whole(r *Record) *Record { return r }

// hashOnly keeps the hash of a record's leaf.
func hashOnly(r *Record) *tlog.Hash {
	hash := r.Hash()
	return &hash
}
