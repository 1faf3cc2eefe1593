package bench

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/install"
)

//go:embed vouchers.sql
var vouchersSQL string

const (
	oneKeyed     = "select amount from bench.posting where posting_id = 5000"
	oneKeyless   = "select amount from bench.keyless_posting where posting_id = 5000"
	scanCombined = "select count(*), sum(amount) from bench.keyless_scan"

	// The best that a developer can write by hand for five companies: a hash, because an array is compared element by
	// element.
	handWritten = "select count(*), sum(amount) from bench.open_voucher where company in (select c from unnest('{V1,V2,V3,V4,V5}'::text[]) as c)"
	scanVoucher = "select count(*), sum(amount) from bench.voucher_of_many"
)

// companyMeasurements measure what other companies cost. They run the same query with many companies and with few.
func companyMeasurements() []measurement {
	lookups := rounds{count: 101, size: 100, quickCount: 3, quickSize: 10}
	scans := rounds{count: 15, size: 1, quickCount: 2, quickSize: 1}
	groups := rounds{count: 51, size: 20, quickCount: 3, quickSize: 10}
	return []measurement{
		{"ledger-companies", "one row of a ledger, a user of one company, 10,000 other companies with 100 combinations each", "the same without other companies", "ms", 2, false, lookups,
			compareNumbersOfCompanies(1, query{"ONE", oneKeyed}, query{"ONE", oneKeyed})},
		{"ledger-companies-no-key", "the same without the foreign key", "the same without other companies", "ms", 2, false, lookups,
			compareNumbersOfCompanies(1, query{"ONE", oneKeyless}, query{"ONE", oneKeyless})},
		{"ledger-companies-twenty", "one row of a ledger, a user of 20 of 10,000 companies", "a user of one company, without other companies", "ms", 2.5, false, lookups,
			compareNumbersOfCompanies(1, query{"TWENTY", oneKeyed}, query{"ONE", oneKeyed})},
		{"ledger-companies-twenty-no-key", "the same without the foreign key", "a user of one company, without other companies", "ms", 2.5, false, lookups,
			compareNumbersOfCompanies(1, query{"TWENTY", oneKeyless}, query{"ONE", oneKeyless})},
		{"ledger-companies-scan", "1,000,000 rows of ten companies without the foreign key, 10,000 companies", "the same, ten companies", "ms", 1.3, false, scans,
			compareNumbersOfCompanies(10, query{"SCAN", scanCombined}, query{"SCAN", scanCombined})},
		{"ledger-folded", "one row of a ledger, behind 200,000 new combinations of the user's company, which a worker has folded", "the same before they came", "ms", 2, false, groups,
			compareFolded},
		{"company-many", "500,000 rows of 4,000 companies through protect_company, no index, a user of all of them", "a user of five of them", "ms", 5, false, scans,
			compareUsers(0, query{"V4000", scanVoucher}, query{"V5", scanVoucher})},
		{"company-five", "the same, a user of five of them", "the same past row security, where company in (five of them), by a hash", "ms", 1.05, false, scans,
			compareUsers(0, query{"V5", scanVoucher}, query{"", handWritten})},
		{"company-many-parallel", "the same, a user of all of them, in a parallel plan", "the same user, in one process", "ms", 0, false, scans,
			compareUsers(2, query{"V4000", scanVoucher}, query{"V4000", scanVoucher})},
		{"company-index", "one company of 1,000 with 500 rows each through protect_company, an index led by the company", "the same past row security, where company = 'V1'", "ms", 3, false, groups,
			compareUsers(0, query{"V1", "select count(*), sum(amount) from bench.indexed_voucher"}, query{"", "select count(*), sum(amount) from bench.indexed_voucher where company = 'V1'"})},
		{"company-index-many", "the same, a user of all 1,000 companies who asks for one", "the same past row security", "ms", 0, false, groups,
			compareUsers(0, query{"V1000", "select count(*), sum(amount) from bench.indexed_voucher where company = 'V1'"}, query{"", "select count(*), sum(amount) from bench.indexed_voucher where company = 'V1'"})},
	}
}

// compareUsers measures two queries of vouchers of many companies, as seen by a client that waits for them. The
// baseline always has one process, whatever the subject has.
func compareUsers(workers int, subject, baseline query) func(context.Context, *scene, measurement, func()) (samples, error) {
	return func(ctx context.Context, s *scene, m measurement, round func()) (taken samples, err error) {
		if err := s.openVouchers(ctx); err != nil {
			return samples{}, err
		}
		count, size := m.rounds.of(s.quick)
		measure := make([]func() (float64, error), 2)
		for number, side := range []struct {
			query   query
			workers int
		}{{subject, workers}, {baseline, 0}} {
			tx, end, err := s.begin(ctx, side.query, side.workers)
			if err != nil {
				return samples{}, err
			}
			defer func() { err = errors.Join(err, end()) }()
			measure[number] = func() (float64, error) {
				began := time.Now()
				for range size {
					if _, err := tx.Exec(ctx, side.query.sql); err != nil {
						return 0, err
					}
				}
				return float64(time.Since(began).Microseconds()) / 1000 / float64(size), nil
			}
		}
		return takeTurns(count, round, measure[0], measure[1])
	}
}

// openVouchers creates the tables of compareUsers once, in the scene's own database.
func (s *scene) openVouchers(ctx context.Context) error {
	if s.vouchers {
		return nil
	}
	companies, indexed, rows := 4000, 1000, 500
	if s.quick {
		companies, indexed, rows = 40, 10, 20
	}
	if err := s.createBypassing(ctx); err != nil {
		return err
	}
	for _, step := range []struct {
		sql       string
		arguments []any
	}{
		{vouchersSQL, nil},
		{"call bench.fill_vouchers($1, $2, $3)", []any{companies, indexed, rows}},
		{"vacuum analyze", nil},
		{forgetSmallTables, nil},
	} {
		if _, err := s.superuser.Exec(ctx, step.sql, step.arguments...); err != nil {
			return fmt.Errorf("prepare the vouchers of many companies: %w", err)
		}
	}
	s.vouchers = true
	return nil
}

// openCompanies creates two databases beside the scene's, once: one with many companies, and one with as many as few
// says.
func (s *scene) openCompanies(ctx context.Context, few int) error {
	many, rows := 10_001, 1_000_000
	if s.quick {
		many, rows = 101, 10_000
	}
	if !s.companies {
		for database, companies := range map[string]int{s.fewCompanies(): few, s.manyCompanies(): many} {
			if err := s.createLedgerDatabase(ctx, database); err != nil {
				return err
			}
			if err := s.within(ctx, database,
				fmt.Sprintf("call bench.fill_companies(%d)", companies),
				"call bench.fill_postings()",
				"vacuum analyze", forgetSmallTables); err != nil {
				return err
			}
		}
		s.companies = true
	}
	if few == 10 && !s.scans {
		for _, database := range []string{s.fewCompanies(), s.manyCompanies()} {
			if err := s.within(ctx, database,
				"call bench.fill_companies(10)",
				fmt.Sprintf("call bench.fill_scan(%d)", rows),
				"vacuum analyze", forgetSmallTables); err != nil {
				return err
			}
		}
		s.scans = true
	}
	return nil
}

func (s *scene) fewCompanies() string  { return s.name + "_companies_few" }
func (s *scene) manyCompanies() string { return s.name + "_companies_many" }

// createLedgerDatabase installs Postern into another database, and creates the objects of ledger.sql there.
func (s *scene) createLedgerDatabase(ctx context.Context, database string) error {
	if _, err := s.admin.Exec(ctx, "create database "+database+" template template0"); err != nil {
		return err
	}
	config, err := s.config(database)
	if err != nil {
		return err
	}
	if _, err := install.Install(ctx, config, install.Options{}); err != nil {
		return err
	}
	return s.within(ctx, database, "create schema bench; grant usage on schema bench to public", ledgerSQL, "select postern.allow_login('"+s.name+"')")
}

func (s *scene) within(ctx context.Context, database string, statements ...string) error {
	config, err := s.config(database)
	if err != nil {
		return err
	}
	return within(ctx, config, func(connection *pgx.Conn) error {
		for _, sql := range statements {
			if _, err := connection.Exec(ctx, sql); err != nil {
				return fmt.Errorf("prepare the database %s: %w", database, err)
			}
		}
		return nil
	})
}

// compareNumbersOfCompanies measures the subject with many companies and the baseline with few.
func compareNumbersOfCompanies(few int, subject, baseline query) func(context.Context, *scene, measurement, func()) (samples, error) {
	return func(ctx context.Context, s *scene, m measurement, round func()) (taken samples, err error) {
		if err := s.openCompanies(ctx, few); err != nil {
			return samples{}, err
		}
		return s.compareDatabases(ctx, m, round, side{s.manyCompanies(), subject}, side{s.fewCompanies(), baseline})
	}
}

// compareFolded compares two readers: one with 200,000 posting combinations that a worker has folded, and one without
// any of them.
func compareFolded(ctx context.Context, s *scene, m measurement, round func()) (taken samples, err error) {
	if err := s.openCompanies(ctx, 1); err != nil {
		return samples{}, err
	}
	combinations := 200_000
	if s.quick {
		combinations = 2000
	}
	created := s.name + "_new"
	defer func() {
		_, dropped := s.admin.Exec(context.WithoutCancel(ctx), "drop database if exists "+created+" with (force)")
		err = errors.Join(err, dropped)
	}()
	if err := s.createLedgerDatabase(ctx, created); err != nil {
		return samples{}, err
	}
	if err := s.within(ctx, created,
		"call bench.fill_companies(1)",
		"call bench.fill_postings()",
		fmt.Sprintf("call bench.fill_combinations('S1', %d, 100)", combinations),
		"call bench.fold()",
		"vacuum analyze", forgetSmallTables); err != nil {
		return samples{}, err
	}
	return s.compareDatabases(ctx, m, round, side{created, query{"ONE", oneKeyed}}, side{s.fewCompanies(), query{"ONE", oneKeyed}})
}

// side is a query and the database that runs it.
type side struct {
	database string
	query    query
}

// compareDatabases measures two queries in milliseconds, as seen by a client that waits for them.
func (s *scene) compareDatabases(ctx context.Context, m measurement, round func(), subject, baseline side) (taken samples, err error) {
	count, size := m.rounds.of(s.quick)
	measure := make([]func() (float64, error), 2)
	for number, side := range []side{subject, baseline} {
		connection, err := s.loginTo(ctx, side.database, s.name)
		if err != nil {
			return samples{}, err
		}
		defer func() { err = errors.Join(err, connection.Close(context.WithoutCancel(ctx))) }()
		// As in begin: a session that has run a report keeps its memory.
		for _, statement := range []string{"select length(repeat('x', 30000000))", "set max_parallel_workers_per_gather = 0"} {
			if _, err := connection.Exec(ctx, statement); err != nil {
				return samples{}, err
			}
		}
		tx, err := connection.Begin(ctx)
		if err != nil {
			return samples{}, err
		}
		if _, err := tx.Exec(ctx, "select postern.assume_user($1)", side.query.userid); err != nil {
			return samples{}, err
		}
		measure[number] = func() (float64, error) {
			began := time.Now()
			for range size {
				if _, err := tx.Exec(ctx, side.query.sql); err != nil {
					return 0, err
				}
			}
			return float64(time.Since(began).Microseconds()) / 1000 / float64(size), nil
		}
	}
	return takeTurns(count, round, measure[0], measure[1])
}
