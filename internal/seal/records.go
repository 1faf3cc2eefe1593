package seal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"golang.org/x/mod/sumdb/tlog"
)

// column is a column of the log. Numbers, times and truth values are requested in binary, because a leaf has them in
// binary and no setting changes them. The others are requested as text. A column that the table declares NOT NULL may
// still be NULL in a table that somebody changed. Then reading it is an error. userid is NULL only if it was redacted;
// otherwise the entry does not fit its leaf.
type column struct {
	name     string
	kind     byte
	required bool
	// optional means that nothing is written for NULL: leaves from before there was such a column stay what they are.
	optional bool
}

// fields are the fields of a leaf, in order. Those with a name are personal: the leaf has a hash of them, made with a
// salt.
var fields = [...]struct {
	salted  string
	columns []column
}{
	{"", []column{{"log_id", typeInteger, true, false}}},
	{"", []column{{"outcome", typeText, true, false}}},
	{"", []column{{"gate_id", typeText, true, false}}},
	{"", []column{{"action", typeText, false, false}}},
	{"userid", []column{{"userid", typeText, false, false}}},
	{"authenticated_by", []column{{"authenticated_by", typeText, false, false}, {"assertion", typeText, false, true}}},
	{"", []column{{"logged_at", typeTime, true, false}}},
	{"content", []column{{"message", typeText, true, false}, {"parameters", typeText, true, false}, {"approved_message", typeText, false, false}}},
	{"comment", []column{{"comment", typeText, false, false}}},
	{"", []column{{"scheme", typeText, false, false}}},
	{"origin", []column{{"session_role", typeText, true, false}, {"client_addr", typeText, false, false}, {"application_name", typeText, true, false}}},
	{"", []column{{"transaction_id", typeInteger, true, false}}},
	{"", []column{{"ticket", typeText, false, false}}},
	{"", []column{{"asked", typeBoolean, true, false}}},
	{"", []column{{"approved_gate_id", typeText, false, false}}},
}

// saltedFields is the number of personal fields.
const saltedFields = 5

// octets are the lengths of values of fixed-length types.
var octets = map[byte]int{typeInteger: 8, typeTime: 8, typeBoolean: 1}

// nothing is what the columns of a redacted field contain; NULL if it is not here.
var nothing = map[string]string{"message": "", "parameters": "{}", "session_role": "", "application_name": ""}

// recordNames and recordFormats are the columns that a leaf is made of, and last those with the salts, with the format
// to request for each.
var recordNames, recordFormats = func() (names []string, formats pgx.QueryResultFormats) {
	for _, field := range fields {
		for _, column := range field.columns {
			format := int16(pgx.BinaryFormatCode)
			if column.kind == typeText {
				format = pgx.TextFormatCode
			}
			names, formats = append(names, column.name), append(formats, format)
		}
	}
	return append(names, "salt", "salts", "redactions"), append(formats, pgx.BinaryFormatCode, pgx.BinaryFormatCode, pgx.BinaryFormatCode)
}()

// saltColumns is the number of columns with salts.
const saltColumns = 3

// leafWriter writes leaves. Writing the next leaf overwrites the last one.
type leafWriter struct {
	octets []byte
	// salted has what the hashes are made of, one after the other; ends says where each ends.
	salted []byte
	ends   [saltedFields]int
	seed   [len(Salt{}) + 9]byte
	// redacted are the fields that were removed, with the log_id of the record; nil if there are none.
	redacted map[string]int64
}

// write makes the leaf of a row, of the values that PostgreSQL sent.
func (w *leafWriter) write(values [][]byte) (err error) {
	logID, salt := values[0], values[len(values)-saltColumns]
	if len(salt) != len(Salt{}) {
		return fmt.Errorf("the salt of an entry of the log has %d octets, not %d", len(salt), len(Salt{}))
	}
	kept, err := readKept(values[len(values)-saltColumns+1:])
	if err != nil {
		return err
	}
	w.octets, w.salted, w.redacted = append(w.octets[:0], version), w.salted[:0], nil
	ends := w.ends[:0]
	for index, field := range fields {
		own := values[:len(field.columns)]
		values = values[len(field.columns):]
		if field.salted == "" {
			if w.octets, err = appendValues(w.octets, field.columns, own); err != nil {
				return err
			}
			continue
		}
		begin := len(w.salted)
		ownSalt, record := kept.of(index + 1)
		if record > 0 && ownSalt != nil && isNothing(field.columns, own) {
			if w.redacted == nil {
				w.redacted = map[string]int64{}
			}
			w.redacted[field.salted] = record
			w.octets = append(append(w.octets, typeSalted), ownSalt...)
			ends = append(ends, begin)
			continue
		}
		if ownSalt == nil {
			seed := append(append(append(w.seed[:0], salt...), logID...), byte(index+1))
			derived := sha256.Sum256(seed)
			ownSalt = derived[:]
		}
		if w.salted, err = appendValues(append(w.salted, ownSalt...), field.columns, own); err != nil {
			return err
		}
		hash := sha256.Sum256(w.salted[begin:])
		w.octets = append(append(w.octets, typeSalted), hash[:]...)
		ends = append(ends, len(w.salted))
	}
	return nil
}

// kept is what redactions have left of an entry's salts.
type kept struct {
	salts   [][]byte
	records []*int64
}

// readKept reads the columns salts and redactions. They are NULL in an entry that nobody has redacted.
func readKept(values [][]byte) (k kept, err error) {
	if values[0] == nil && values[1] == nil {
		return k, nil
	}
	types := pgtype.NewMap()
	if err := types.Scan(pgtype.ByteaArrayOID, pgx.BinaryFormatCode, values[0], &k.salts); err != nil {
		return k, err
	}
	return k, types.Scan(pgtype.Int8ArrayOID, pgx.BinaryFormatCode, values[1], &k.records)
}

// of returns what is left of the salt of the field with this number: with a record, the hash of a field that was
// removed, otherwise its salt. A salt of another length counts for none, because octets of a value could pass for it.
func (k kept) of(number int) (salt []byte, record int64) {
	if number <= len(k.records) && k.records[number-1] != nil {
		record = *k.records[number-1]
	}
	if number <= len(k.salts) && len(k.salts[number-1]) == sha256.Size {
		salt = k.salts[number-1]
	}
	return salt, record
}

// isNothing reports whether the columns of a removed field are empty. Otherwise somebody has written values into them,
// and the field is hashed like any other, so that it does not fit its leaf.
func isNothing(columns []column, values [][]byte) bool {
	for index, column := range columns {
		if text, isText := nothing[column.name]; isText != (values[index] != nil) || string(values[index]) != text {
			return false
		}
	}
	return true
}

// leaf returns a copy of the leaf that was written last.
func (w *leafWriter) leaf() Leaf {
	leaf := Leaf{Octets: bytes.Clone(w.octets), Salted: make(map[string][]byte, saltedFields), Redacted: w.redacted}
	begin, place := 0, 0
	for _, field := range fields {
		if field.salted == "" {
			continue
		}
		end := w.ends[place]
		if w.redacted[field.salted] == 0 {
			leaf.Salted[field.salted] = bytes.Clone(w.salted[begin:end])
		}
		begin, place = end, place+1
	}
	return leaf
}

func appendValues(leaf []byte, columns []column, values [][]byte) ([]byte, error) {
	for index, value := range values {
		switch column := &columns[index]; {
		case value == nil && column.required:
			return nil, fmt.Errorf("%s of an entry of the log is NULL", column.name)
		case value == nil && column.optional:
		case value == nil:
			leaf = append(leaf, typeNull)
		case column.kind == typeText:
			leaf = binary.BigEndian.AppendUint32(append(leaf, typeText), uint32(len(value)))
			leaf = append(leaf, value...)
		case len(value) != octets[column.kind]:
			return nil, fmt.Errorf("%s of an entry of the log has %d octets, not %d", column.name, len(value), octets[column.kind])
		default:
			leaf = append(append(leaf, column.kind), value...)
		}
	}
	return leaf, nil
}

// row is a row of the log. Reading the next row overwrites it.
type row struct {
	logID int64
	*leafWriter
}

func (r row) hash() tlog.Hash { return tlog.RecordHash(r.octets) }

// areColumns reports whether PostgreSQL sends the columns that a leaf is made of.
func areColumns(descriptions []pgconn.FieldDescription) bool {
	if len(descriptions) != len(recordNames) {
		return false
	}
	for index, description := range descriptions {
		if description.Name != recordNames[index] || description.Format != recordFormats[index] {
			return false
		}
	}
	return true
}

// eachRow reads rows one at a time, because an entry may be several hundred kilobytes long. It sets a query mode that
// can request formats, whatever the mode of the connection.
func eachRow(ctx context.Context, tx pgx.Tx, query string, arguments []any, each func(row) error) error {
	rows, err := tx.Query(ctx, query, append([]any{pgx.QueryExecModeCacheDescribe, recordFormats}, arguments...)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var writer leafWriter
	for first := true; rows.Next(); first = false {
		if first && !areColumns(rows.FieldDescriptions()) {
			return errors.New("the entries of the log do not have the columns that they had when this program was made")
		}
		values := rows.RawValues()
		if err := writer.write(values); err != nil {
			return err
		}
		if err := each(row{int64(binary.BigEndian.Uint64(values[0])), &writer}); err != nil {
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
		return nil, fmt.Errorf("%q is not a snapshot", snapshot)
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

// unsealed reads the rows of the log without a leaf, in pages. seenBy limits them to rows visible in a snapshot. All
// ranges go into one query, because on a busy system there is one range for each transaction that was running at the
// last seal.
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

// recordsOf reads the rows of the log with these log_ids, and keeps the result of keep for each. The result lacks
// log_ids that do not exist. repeated lists the log_ids that several rows have.
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
	err = eachRow(ctx, tx, "select "+strings.Join(recordNames, ", ")+" from postern.log_records($1, $2)", []any{lowest, highest}, func(r row) error {
		if _, known := found[r.logID]; known {
			repeated = append(repeated, r.logID)
		}
		kept, err := keep(r)
		found[r.logID] = kept
		return err
	})
	return found, repeated, err
}

// entry is a row of the log and its leaf.
type entry struct {
	*Record
	leaf Leaf
}

// whole keeps the whole row.
func whole(r row) (*entry, error) {
	leaf := r.leaf()
	record, err := leaf.Record()
	return &entry{record, leaf}, err
}

// hashed is the hash of a row's leaf, and what was removed from the row.
type hashed struct {
	hash     tlog.Hash
	redacted map[string]int64
}

// hashOnly keeps the hash of a row's leaf.
func hashOnly(r row) (*hashed, error) { return &hashed{r.hash(), r.redacted}, nil }
