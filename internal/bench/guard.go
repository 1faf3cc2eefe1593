package bench

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"
)

//go:embed guard.sql
var guardSQL string

const (
	guardGate = "BENCH_GUARD"

	plainTable    = "bench.plain_invoice"
	inactiveTable = "bench.inactive_invoice"
	guardedTable  = "bench.guarded_invoice"
)

// guardMeasurements measure what the guard of a table costs the statements that write the table.
func guardMeasurements() []measurement {
	var (
		statements = rounds{count: 51, size: 10_000, quickCount: 2, quickSize: 100}
		single     = rounds{count: 101, size: 100, quickCount: 3, quickSize: 10}
		annotate   = "update %s set note = 'as agreed' where invoice_no <= $1"
		approveOne = "update %s set approved = true where invoice_no = $1"
		approve    = "update %s set approved = true where invoice_no <= $1"
		plain      = "the same without a guard"
	)
	return []measurement{
		{"guard-inactive", "UPDATE of 10,000 rows of a table that an inactive gate guards", plain, "ms", 1.4, false, statements,
			compareWrites(write{table: inactiveTable, sql: approve}, write{table: plainTable, sql: approve})},
		{"guard-inactive-row", "100 UPDATEs of one row of that table", plain, "ms", 1.3, false, single,
			compareWrites(write{table: inactiveTable, sql: approveOne, each: true}, write{table: plainTable, sql: approveOne, each: true})},
		{"guard-unchanged", "UPDATE of 10,000 rows that changes nothing guarded, active gate", plain, "ms", 1.3, false, statements,
			compareWrites(write{table: guardedTable, sql: annotate}, write{table: plainTable, sql: annotate})},
		{"guard-open", "open_gates, UPDATE of 10,000 rows with an approval of their totals", "open_gates, the gate in a function, and the UPDATE without a guard", "ms", 2, false, statements,
			compareWrites(write{table: guardedTable, sql: approve, before: "select postern.open_gates($1)"},
				write{table: plainTable, sql: approve, before: "select bench.pass($1, '" + guardGate + "', $2)", passes: true})},
	}
}

// write is what one side does in a transaction that is rolled back.
type write struct {
	table, sql string
	// each sends the statement once for each row, with its number.
	each bool
	// before is sent first. It gets a ticket, and with passes also the parameters of the gate.
	before string
	passes bool
}

// compareWrites measures transactions as seen by a client that waits for each statement. The begin and the rollback are
// not timed, nor is the VACUUM before each round, which lets all of them find the same table.
func compareWrites(subject, baseline write) func(context.Context, *scene, measurement, func()) (samples, error) {
	return func(ctx context.Context, s *scene, m measurement, round func()) (taken samples, err error) {
		count, size := m.rounds.of(s.quick)
		if err := s.openGuards(ctx); err != nil {
			return samples{}, err
		}
		connection, err := s.login(ctx)
		if err != nil {
			return samples{}, err
		}
		defer func() { err = errors.Join(err, connection.Close(context.WithoutCancel(ctx))) }()
		// A rollback gives the ticket back.
		parameters, ticket := fmt.Sprintf(`{"ROWS": %d, "TOTAL": %d}`, size, size*(size+1)/2), ""
		if err := s.superuser.QueryRow(ctx, "select t::text from bench.make_tickets($1, $2, $3, $4, 1) as t", userid, guardGate, parameters, s.name).Scan(&ticket); err != nil {
			return samples{}, err
		}
		measure := func(w write) (taken float64, err error) {
			if _, err := s.superuser.Exec(ctx, "vacuum "+w.table); err != nil {
				return 0, err
			}
			tx, err := connection.Begin(ctx)
			if err != nil {
				return 0, err
			}
			defer func() { err = errors.Join(err, tx.Rollback(context.WithoutCancel(ctx))) }()
			if _, err := tx.Exec(ctx, "select postern.assume_user($1)", userid); err != nil {
				return 0, err
			}
			sql := fmt.Sprintf(w.sql, w.table)
			began := time.Now()
			if w.before != "" {
				arguments := []any{ticket}
				if w.passes {
					arguments = append(arguments, parameters)
				}
				if _, err := tx.Exec(ctx, w.before, arguments...); err != nil {
					return 0, err
				}
			}
			if !w.each {
				_, err = tx.Exec(ctx, sql, size)
			}
			for number := 1; w.each && number <= size && err == nil; number++ {
				_, err = tx.Exec(ctx, sql, number)
			}
			return float64(time.Since(began).Microseconds()) / 1000, err
		}
		return takeTurns(count, round,
			func() (float64, error) { return measure(subject) },
			func() (float64, error) { return measure(baseline) })
	}
}

// openGuards creates the tables of compareWrites once.
func (s *scene) openGuards(ctx context.Context) error {
	if s.guards {
		return nil
	}
	rows := 10_000
	if s.quick {
		rows = 100
	}
	for _, step := range []struct {
		sql       string
		arguments []any
	}{
		{guardSQL, nil},
		{"call bench.fill_guarded($1)", []any{rows}},
		{"vacuum analyze", nil},
		{forgetSmallTables, nil},
	} {
		if _, err := s.superuser.Exec(ctx, step.sql, step.arguments...); err != nil {
			return fmt.Errorf("prepare the guarded tables: %w", err)
		}
	}
	s.guards = true
	return nil
}
