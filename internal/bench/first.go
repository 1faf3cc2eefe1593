package bench

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern"
)

const (
	oneOfCompany     = "select amount from bench.company_posting where posting_id = 5000"
	createFirstTable = `
create table bench.company_posting as table bench.posting;
create index on bench.company_posting (posting_id);
grant select on bench.company_posting to public;
select postern.protect_company('bench.company_posting')`
)

// firstMeasurements measure what a new connection costs. Applications that connect for each request pay it each time.
func firstMeasurements() []measurement {
	var (
		connections = rounds{count: 101, size: 5, quickCount: 3, quickSize: 1}
		baseline    = "a new connection's first query: the same row past row security"
	)
	return []measurement{
		{"first-company", "a new connection's first transaction: begin_session with a token, one row through protect_company", baseline, "ms", 3, false, connections,
			compareFirstQueries(oneOfCompany)},
		{"first-ledger", "a new connection's first transaction: begin_session with a token, one row through protect_ledger", baseline, "ms", 3, false, connections,
			compareFirstQueries(oneKeyed)},
	}
}

// compareFirstQueries opens a connection for each transaction. Only the transaction is timed, by a client that waits
// for each statement; connecting costs both sides the same.
func compareFirstQueries(sql string) func(context.Context, *scene, measurement, func()) (samples, error) {
	return func(ctx context.Context, s *scene, m measurement, round func()) (taken samples, err error) {
		created := s.name + "_first"
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
			createFirstTable,
			"select postern.create_session_key('"+keyID+"', '"+s.secret+"')",
			"vacuum analyze", forgetSmallTables); err != nil {
			return samples{}, err
		}
		if err := s.createBypassing(ctx); err != nil {
			return samples{}, err
		}
		signer, err := postern.NewSigner(keyID, []byte(s.secret), created)
		if err != nil {
			return samples{}, err
		}
		count, size := m.rounds.of(s.quick)
		measure := func(role string, session bool) func() (float64, error) {
			return func() (cost float64, err error) {
				for range size {
					took, err := s.timeFirstTransaction(ctx, created, role, sql, session, signer)
					if err != nil {
						return 0, err
					}
					cost += took.Seconds() * 1000 / float64(size)
				}
				return cost, nil
			}
		}
		taken, err = takeTurns(count, round, measure(s.name, true), measure(s.bypassing(), false))
		taken.difference = true
		return taken, err
	}
}

func (s *scene) timeFirstTransaction(ctx context.Context, database, role, sql string, session bool, signer postern.Signer) (took time.Duration, err error) {
	connection, err := s.loginTo(ctx, database, role)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, connection.Close(ctx)) }()
	token, err := signer.Token("ONE")
	if err != nil {
		return 0, err
	}
	began := time.Now()
	tx, err := connection.Begin(ctx)
	if err != nil {
		return 0, err
	}
	if session {
		// Not prepared first, as by the client: that would be one more round trip.
		if _, err := tx.Exec(ctx, "select postern.begin_session($1)", pgx.QueryExecModeExec, token); err != nil {
			return 0, err
		}
	}
	rows, err := tx.Exec(ctx, sql)
	took = time.Since(began)
	if err == nil && rows.RowsAffected() != 1 {
		err = errors.New("the row is not visible")
	}
	return took, err
}
