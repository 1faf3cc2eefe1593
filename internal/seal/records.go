package seal

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/mod/sumdb/tlog"
)

// columns are the columns of the log, in the order of a leaf. Numbers, times and truth values are requested in binary,
// because a leaf has them in binary and no setting changes them. The others are requested as text. A column that the table
// declares NOT NULL may still be NULL in a table that somebody changed. Then reading it is an error.
var columns = [...]struct {
	name     string
	kind     byte
	required bool
}{
	{"log_id", typeInteger, true},
	{"outcome", typeText, true},
	{"gate_id", typeText, true},
	{"action", typeText, false},
	{"userid", typeText, true},
	{"authenticated_by", typeText, false},
	{"logged_at", typeTime, true},
	{"message", typeText, true},
	{"parameters", typeText, true},
	{"comment", typeText, false},
	{"scheme", typeText, false},
	{"session_role", typeText, true},
	{"client_addr", typeText, false},
	{"application_name", typeText, true},
	{"transaction_id", typeInteger, true},
	{"ticket", typeText, false},
	{"asked", typeBoolean, true},
	{"approved_gate_id", typeText, false},
	{"approved_message", typeText, false},
}

// octets are the lengths of values of fixed-length types.
var octets = map[byte]int{typeInteger: 8, typeTime: 8, typeBoolean: 1}

// recordColumns returns the names of all columns, and the format to request for each.
func recordColumns() (string, pgx.QueryResultFormats) {
	names, formats := make([]string, len(columns)), make(pgx.QueryResultFormats, len(columns))
	for index, column := range columns {
		names[index], formats[index] = column.name, pgx.BinaryFormatCode
		if column.kind == typeText {
			formats[index] = pgx.TextFormatCode
		}
	}
	return strings.Join(names, ", "), formats
}

// row is a row of the log. Reading the next row overwrites its leaf.
type row struct {
	logID int64
	leaf  []byte
}

func (r row) hash() tlog.Hash { return tlog.RecordHash(r.leaf) }

// leafOf appends the leaf of a row, made of the values that PostgreSQL sent.
func leafOf(leaf []byte, values [][]byte) ([]byte, error) {
	leaf = append(leaf, version)
	for index, value := range values {
		switch column := &columns[index]; {
		case value == nil && column.required:
			return nil, fmt.Errorf("%s of an entry of the log is NULL", column.name)
		case value == nil:
			leaf = append(leaf, typeNull)
		case column.kind == typeText:
			leaf = appendOctets(leaf, value)
		case len(value) != octets[column.kind]:
			return nil, fmt.Errorf("%s of an entry of the log has %d octets, not %d", column.name, len(value), octets[column.kind])
		default:
			leaf = append(append(leaf, column.kind), value...)
		}
	}
	return leaf, nil
}

// areColumns reports whether PostgreSQL sends the columns that a leaf is made of.
func areColumns(fields []pgconn.FieldDescription, formats pgx.QueryResultFormats) bool {
	if len(fields) != len(columns) {
		return false
	}
	for index, field := range fields {
		if field.Name != columns[index].name || field.Format != formats[index] {
			return false
		}
	}
	return true
}

// eachRow reads rows one at a time, because an entry may be several hundred kilobytes long. It sets a query mode that can
// request formats, whatever the mode of the connection.
func eachRow(ctx context.Context, tx pgx.Tx, query string, arguments []any, each func(row) error) error {
	_, formats := recordColumns()
	rows, err := tx.Query(ctx, query, append([]any{pgx.QueryExecModeCacheDescribe, formats}, arguments...)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var leaf []byte
	for first := true; rows.Next(); first = false {
		if first && !areColumns(rows.FieldDescriptions(), formats) {
			return errors.New("the entries of the log do not have the columns that they had when this program was made")
		}
		values := rows.RawValues()
		if leaf, err = leafOf(leaf[:0], values); err != nil {
			return err
		}
		if err := each(row{int64(binary.BigEndian.Uint64(values[0])), leaf}); err != nil {
			return err
		}
	}
	return rows.Err()
}

// hashedRecord is what is kept of a record when all records are read.
type hashedRecord struct {
	logID int64
	hash  tlog.Hash
}

// stretch is a range of transactions.
type stretch struct{ lowest, highest uint64 }

// everything is the range of all possible transactions.
var everything = []stretch{{0, math.MaxUint64}}

// unseen returns the transactions that a snapshot (xmin:xmax:xip,…) does not see. Without a snapshot, it returns all.
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

// unsealed reads the rows of the log without a leaf, in pages. seenBy limits them to rows visible in a snapshot. All ranges
// go into one query, because on a busy system there is one range for each transaction that was running at the last seal.
func unsealed(ctx context.Context, tx pgx.Tx, within []stretch, seenBy string, each func([]hashedRecord) error) error {
	lowest, highest := make([]uint64, len(within)), make([]uint64, len(within))
	for index, stretch := range within {
		lowest[index], highest[index] = stretch.lowest, stretch.highest
	}
	var cursor string
	if err := tx.QueryRow(ctx, "select postern.open_unsealed_records($1, $2, nullif($3, '')::pg_snapshot)::text", lowest, highest, seenBy).Scan(&cursor); err != nil {
		return err
	}
	cursor = pgx.Identifier{cursor}.Sanitize()
	for {
		page := make([]hashedRecord, 0, pageSize)
		err := eachRow(ctx, tx, fmt.Sprintf("fetch %d from %s", pageSize, cursor), nil, func(r row) error {
			page = append(page, hashedRecord{r.logID, r.hash()})
			return nil
		})
		if err != nil {
			return err
		}
		if len(page) == 0 {
			_, err := tx.Exec(ctx, "close "+cursor)
			return err
		}
		if err := each(page); err != nil {
			return err
		}
	}
}

// maximumGap is how many unwanted log_ids may be read for each wanted one.
const maximumGap = 100

// recordsOf reads the rows of the log with these log_ids, and keeps the result of keep for each. The result lacks log_ids
// that do not exist. repeated lists the log_ids that several rows have.
func recordsOf[T any](ctx context.Context, tx pgx.Tx, logIDs []int64, keep func(row) (T, error)) (found map[int64]T, repeated []int64, err error) {
	var lowest, highest []int64
	for index, logID := range slices.Sorted(slices.Values(logIDs)) {
		if index > 0 && logID-highest[len(highest)-1] <= maximumGap {
			highest[len(highest)-1] = logID
			continue
		}
		lowest, highest = append(lowest, logID), append(highest, logID)
	}
	found = make(map[int64]T, len(logIDs))
	names, _ := recordColumns()
	err = eachRow(ctx, tx, "select "+names+" from postern.log_records($1, $2)", []any{lowest, highest}, func(r row) error {
		if _, known := found[r.logID]; known {
			repeated = append(repeated, r.logID)
		}
		kept, err := keep(r)
		found[r.logID] = kept
		return err
	})
	return found, repeated, err
}

// whole keeps the whole record of a row.
func whole(r row) (*Record, error) { return ReadLeaf(r.leaf) }

// hashOnly keeps the hash of a row's leaf.
func hashOnly(r row) (*tlog.Hash, error) {
	hash := r.hash()
	return &hash, nil
}
