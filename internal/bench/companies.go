package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/install"
)

const (
	oneKeyed     = "select amount from bench.posting where posting_id = 5000"
	oneKeyless   = "select amount from bench.keyless_posting where posting_id = 5000"
	scanCombined = "select count(*), sum(amount) from bench.keyless_scan"
)

// companyMeasurements say what other companies cost: the same query where there are many of them, and where there are few.
func companyMeasurements() []measurement {
	lookups := rounds{count: 101, size: 100, quickCount: 3, quickSize: 10}
	scans := rounds{count: 15, size: 1, quickCount: 2, quickSize: 1}
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
	}
}

// openCompanies makes two databases beside the scene's, once: one with many companies, and one with so many as few says.
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
				"vacuum analyze"); err != nil {
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
				"vacuum analyze"); err != nil {
				return err
			}
		}
		s.scans = true
	}
	return nil
}

func (s *scene) fewCompanies() string  { return s.name + "_companies_few" }
func (s *scene) manyCompanies() string { return s.name + "_companies_many" }

// createLedgerDatabase installs Postern into another database, with what ledger.sql makes.
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

// compareNumbersOfCompanies measures the subject where there are many companies and the baseline where there are few.
func compareNumbersOfCompanies(few int, subject, baseline query) func(context.Context, *scene, measurement, func()) (samples, error) {
	return func(ctx context.Context, s *scene, m measurement, round func()) (taken samples, err error) {
		if err := s.openCompanies(ctx, few); err != nil {
			return samples{}, err
		}
		count, size := m.rounds.of(s.quick)
		measure := make([]func() (float64, error), 2)
		for number, side := range []struct {
			database string
			query    query
		}{{s.manyCompanies(), subject}, {s.fewCompanies(), baseline}} {
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
}
