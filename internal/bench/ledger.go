package bench

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

//go:embed ledger.sql
var ledgerSQL string

const (
	aggregate   = "select count(*), sum(amount) from bench.entry"
	belowHalf   = aggregate + " where posting_combination_id < (select number from bench.half)"
	perRow      = "select count(*), sum(amount) from bench.voucher where authorize_comb_finance_api.is_allowed(company, posting_combination_id) = 'TRUE'"
	ofSupplier  = "select company, posting_combination_id, voucher_date, amount from bench.entry where supplier_id = $1"
	useKey      = "select postern.unprotect('bench.entry'), postern.protect_ledger('bench.entry')"
	useCompany  = "select postern.unprotect('bench.entry'), postern.protect_company('bench.entry')"
	dropKey     = "alter table bench.entry drop constraint entry_combination"
	addKey      = "alter table bench.entry add constraint entry_combination foreign key (company, posting_combination_id) references postern.posting_combination"
	inCompanies = aggregate + " where company = any ('{10,20,30,40,50}')"
)

// query is a statement with its sender: an end user subject to row security, or a role that bypasses it.
type query struct {
	userid, sql string
}

// ledgerMeasurements come last because they fill the database. calls are the rounds for single functions.
func ledgerMeasurements(calls rounds) []measurement {
	var (
		scans   = rounds{count: 15, size: 1, quickCount: 2, quickSize: 1}
		lookups = rounds{count: 101, size: 100, quickCount: 3, quickSize: 10}
	)
	return append(companyMeasurements(), []measurement{
		{"ledger-scan", "full aggregate through protect_ledger, half of the rows visible", "the same past row security", "ms", 1.1, false, scans,
			compareQueries(0, nil, nil, query{userid, aggregate}, query{"", aggregate}, noArguments)},
		{"ledger-scan-parallel", "the same in a parallel plan", "the same past row security", "ms", 1.2, false, scans,
			compareQueries(2, nil, nil, query{userid, aggregate}, query{"", aggregate}, noArguments)},
		{"ledger-most", "the same, 80 % of the rows visible", "the same past row security", "ms", 1.25, false, scans,
			compareQueries(0, nil, nil, query{"MOST", aggregate}, query{"", aggregate}, noArguments)},
		{"ledger-most-parallel", "the same in a parallel plan", "the same past row security", "ms", 1.3, false, scans,
			compareQueries(2, nil, nil, query{"MOST", aggregate}, query{"", aggregate}, noArguments)},
		{"ledger-integer", "full aggregate through protect_ledger, half of the rows visible", "the same where posting_combination_id is below a number that half are below", "ms", 1.1, false, scans,
			compareQueries(0, nil, nil, query{userid, aggregate}, query{"", belowHalf}, noArguments)},
		{"ledger-index", "11 rows by index through protect_ledger", "the same past row security", "ms", 2.5, false, lookups,
			compareQueries(0, nil, nil, query{userid, ofSupplier}, query{"", ofSupplier}, anySupplier)},
		{"ledger-no-key", "full aggregate through protect_ledger without the foreign key, half of the rows visible", "the same where company = any ('{...}')", "ms", 1.25, false, scans,
			compareQueries(0, []string{dropKey}, []string{addKey}, query{"FIVE", aggregate}, query{"", inCompanies}, noArguments)},
		{"company-scan", "full aggregate through protect_company, half of the rows visible", "the same where company = any ('{...}')", "ms", 1.05, false, scans,
			compareQueries(0, []string{useCompany}, []string{useKey}, query{"FIVE", aggregate}, query{"", inCompanies}, noArguments)},
		{"ledger-function", "is_combination_allowed, asked for one row", "the same by a class of five rules instead of its map", "µs", 0.5, false, calls,
			inLedgers(compareCalls("postern.is_combination_allowed('10', 32800)", "bench.is_combination_allowed('10', 32800)"))},
		{"ledger-per-row", "20,000 rows through authorize_comb_finance_api.is_allowed in the query", "the same through protect_ledger", "ms", 0, false, scans,
			compareQueries(0, nil, nil, query{userid, perRow}, query{userid, "select count(*), sum(amount) from bench.protected_voucher"}, noArguments)},
		{"ledger-compile", "compiling a class of five rules over a company with as many combinations as all the others", "one scan with the same rules by hand", "µs", 3, false,
			rounds{count: 7, size: 1, quickCount: 2, quickSize: 1}, inLargeCompany(compareCalls("bench.compile_class()", "bench.scan_combinations()"))},
		{"ledger-combination", "posting_combination_id, a new one, in a company with 100 classes", "an INSERT into a copy of the table", "µs", 3, false, calls,
			inLargeCompany(compareCalls("postern.posting_combination_id('1000', '1000', '20', 'C', nextval('bench.number')::text)", "bench.insert_combination(nextval('bench.number'))"))},
		{"ledger-combination-folded", "10,000 new ones in that company, folding into 100 maps included", "10,000 such INSERTs", "µs", 6, false,
			rounds{count: 9, size: 1, quickCount: 2, quickSize: 1}, inLargeCompany(compareCalls("bench.create_and_fold(10000)", "bench.insert_combinations(10000)"))},
		{"ledger-combination-flat", "a new posting combination behind 1,000,000 of the company", "the same in a database of 1,000", "µs", 1.25, false,
			rounds{count: 51, size: 20, quickCount: 3, quickSize: 10}, inLargeCompany(compareNumbersOfCombinations)},
		{"ledger-compile-memory", "memory of a session that compiles 100 classes over 1,000,000 combinations", "the same, one class", "MB", 1.1, false,
			rounds{count: 1, size: 100, quickCount: 1, quickSize: 100}, inLargeCompany(compareMemory)},
	}...)
}

// ledgerSizes returns the numbers of entries and of posting combinations.
func (s *scene) ledgerSizes() (entries, combinations int) {
	if s.quick {
		return 20_000, 5_000
	}
	return 5_000_000, 1_000_000
}

// openLedgers creates the ledgers once, for all measurements of row security.
func (s *scene) openLedgers(ctx context.Context) error {
	if s.ledgers {
		return nil
	}
	entries, combinations := s.ledgerSizes()
	for _, step := range []struct {
		sql       string
		arguments []any
	}{
		{ledgerSQL, nil},
		{"call bench.fill_ledgers($1, $2)", []any{entries, combinations}},
		{addKey, nil},
		{"insert into bench.voucher select * from bench.entry limit 20000", nil},
		{"insert into bench.protected_voucher select * from bench.voucher", nil},
		{"alter table bench.protected_voucher add foreign key (company, posting_combination_id) references postern.posting_combination", nil},
		{"vacuum analyze", nil},
		{forgetSmallTables, nil},
		{"select postern.protect_ledger('bench.entry'), postern.protect_ledger('bench.protected_voucher')", nil},
	} {
		if _, err := s.superuser.Exec(ctx, step.sql, step.arguments...); err != nil {
			return fmt.Errorf("prepare the ledgers: %w", err)
		}
	}
	if err := s.createBypassing(ctx); err != nil {
		return err
	}
	s.ledgers = true
	return nil
}

// begin opens a transaction for the sender of a query.
func (s *scene) begin(ctx context.Context, q query, workers int) (tx pgx.Tx, end func() error, err error) {
	role := s.bypassing()
	if q.userid != "" {
		role = s.name
	}
	connection, err := s.loginAs(ctx, role)
	if err != nil {
		return nil, nil, err
	}
	end = func() error { return connection.Close(context.WithoutCancel(ctx)) }
	// Run a report first, so that the session keeps its memory. Otherwise the C library returns the memory after each
	// query, and the result would show how long the kernel takes to hand it out again.
	for _, statement := range []string{"select length(repeat('x', 30000000))", fmt.Sprintf("set max_parallel_workers_per_gather = %d", workers)} {
		if _, err := connection.Exec(ctx, statement); err != nil {
			return nil, nil, errors.Join(err, end())
		}
	}
	if tx, err = connection.Begin(ctx); err != nil {
		return nil, nil, errors.Join(err, end())
	}
	if q.userid != "" {
		if _, err := tx.Exec(ctx, "select postern.assume_user($1)", q.userid); err != nil {
			return nil, nil, errors.Join(err, end())
		}
	}
	return tx, end, nil
}

// compareQueries measures two queries in milliseconds, as seen by a client that waits for them. before changes the
// protection of the table, and after restores it.
func compareQueries(workers int, before, after []string, subject, baseline query, arguments func(*scene) []any) func(context.Context, *scene, measurement, func()) (samples, error) {
	return func(ctx context.Context, s *scene, m measurement, round func()) (taken samples, err error) {
		if err := s.openLedgers(ctx); err != nil {
			return samples{}, err
		}
		for _, statement := range before {
			if _, err := s.superuser.Exec(ctx, statement); err != nil {
				return samples{}, err
			}
		}
		defer func() {
			for _, statement := range after {
				_, failure := s.superuser.Exec(context.WithoutCancel(ctx), statement)
				err = errors.Join(err, failure)
			}
		}()
		count, size := m.rounds.of(s.quick)
		measure := make([]func() (float64, error), 2)
		for number, q := range []query{subject, baseline} {
			tx, end, err := s.begin(ctx, q, workers)
			if err != nil {
				return samples{}, err
			}
			defer func() { err = errors.Join(err, end()) }()
			measure[number] = func() (float64, error) {
				began := time.Now()
				for range size {
					if _, err := tx.Exec(ctx, q.sql, arguments(s)...); err != nil {
						return 0, err
					}
				}
				return float64(time.Since(began).Microseconds()) / 1000 / float64(size), nil
			}
		}
		return takeTurns(count, round, measure[0], measure[1])
	}
}

func noArguments(*scene) []any { return nil }

func anySupplier(s *scene) []any {
	entries, _ := s.ledgerSizes()
	return []any{rand.Int64N(int64(entries / 11))}
}

// inLedgers takes a measurement in the database with the ledgers.
func inLedgers(measure func(context.Context, *scene, measurement, func()) (samples, error)) func(context.Context, *scene, measurement, func()) (samples, error) {
	return func(ctx context.Context, s *scene, m measurement, round func()) (taken samples, err error) {
		if err := s.openLedgers(ctx); err != nil {
			return samples{}, err
		}
		return measure(ctx, s, m, round)
	}
}

// inLargeCompany takes a measurement with one company that has a hundred classes, and as many combinations as the ten
// companies have together. It comes last because its combinations make everybody's map longer.
func inLargeCompany(measure func(context.Context, *scene, measurement, func()) (samples, error)) func(context.Context, *scene, measurement, func()) (samples, error) {
	return inLedgers(func(ctx context.Context, s *scene, m measurement, round func()) (taken samples, err error) {
		if !s.largeCompany {
			_, combinations := s.ledgerSizes()
			for _, statement := range []string{fmt.Sprintf("call bench.fill_large_company(%d)", combinations), "vacuum analyze", forgetSmallTables} {
				if _, err := s.superuser.Exec(ctx, statement); err != nil {
					return samples{}, err
				}
			}
			s.largeCompany = true
		}
		return measure(ctx, s, m, round)
	})
}

// compareNumbersOfCombinations creates posting combinations in the large company, and in a database that has few.
func compareNumbersOfCombinations(ctx context.Context, s *scene, m measurement, round func()) (taken samples, err error) {
	// The previous measurement rolled back combinations, which would slow down only the large company.
	if _, err := s.superuser.Exec(ctx, "vacuum (index_cleanup on) postern.posting_combination"); err != nil {
		return samples{}, err
	}
	few := s.name + "_few"
	defer func() {
		_, dropped := s.admin.Exec(context.WithoutCancel(ctx), "drop database if exists "+few+" with (force)")
		err = errors.Join(err, dropped)
	}()
	if err := s.createLedgerDatabase(ctx, few); err != nil {
		return samples{}, err
	}
	if err := s.within(ctx, few,
		"select postern.create_user('"+userid+"', 'Alice'), postern.create_company('1000', 'Small'), postern.grant_company('"+userid+"', '1000')",
		"call bench.fill_combinations('1000', 1000)",
		"vacuum analyze", forgetSmallTables); err != nil {
		return samples{}, err
	}

	count, size := m.rounds.of(s.quick)
	measure := make([]func() (float64, error), 2)
	for number, database := range []string{s.name, few} {
		connection, err := s.loginTo(ctx, database, s.name)
		if err != nil {
			return samples{}, err
		}
		defer func() { err = errors.Join(err, connection.Close(context.WithoutCancel(ctx))) }()
		tx, err := connection.Begin(ctx)
		if err != nil {
			return samples{}, err
		}
		if _, err := tx.Exec(ctx, "select postern.assume_user($1)", userid); err != nil {
			return samples{}, err
		}
		measure[number] = func() (cost float64, err error) {
			err = tx.QueryRow(ctx, "select bench.create_combinations($1)", size).Scan(&cost)
			return cost, err
		}
	}
	return takeTurns(count, round, measure[0], measure[1])
}

// compareMemory compiles many classes and one class, each in a session that has done nothing else.
func compareMemory(ctx context.Context, s *scene, m measurement, round func()) (taken samples, err error) {
	_, classes := m.rounds.of(s.quick)
	config, err := s.config(s.name)
	if err != nil {
		return samples{}, err
	}
	measure := func(classes int) (cost float64, err error) {
		err = within(ctx, config, func(connection *pgx.Conn) error {
			tx, err := connection.Begin(ctx)
			if err != nil {
				return err
			}
			return errors.Join(tx.QueryRow(ctx, "select bench.compile_memory($1)", classes).Scan(&cost), tx.Rollback(ctx))
		})
		return cost, err
	}
	most, err := measure(classes)
	if err != nil {
		return samples{}, err
	}
	least, err := measure(1)
	if err != nil {
		return samples{}, err
	}
	round()
	return samples{subject: []float64{most}, baseline: []float64{least}}, nil
}
