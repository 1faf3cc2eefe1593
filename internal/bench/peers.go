package bench

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/server"
	"github.com/posternsql/postern/internal/transaction"
)

//go:embed peers.sql
var peersSQL string

//go:embed peers_log.sql
var peersLogSQL string

// peerUser is a user of peerCompanies.
const (
	peerUser      = "PEER"
	peerCompanies = "{P1,P2,P3,P4,P5}"
	// peerSession sets what the other designs read from the session, for the rest of the transaction: the user, the
	// companies, and a bit for each of the first five of a thousand companies.
	peerSession = `
select postern.assume_user('` + peerUser + `'), set_config('app.userid', '` + peerUser + `', true), set_config('app.companies', '` + peerCompanies + `', true),
       set_config('app.privileges', '\x3e' || repeat('00', 125), true)`
)

// design is a way to let users see only the rows of their companies. A statement has the table's name for %s.
type design struct {
	name, description string
	protect, remove   []string
}

// policy is a design that is one policy.
func policy(name, description, condition string) design {
	return design{
		name, description,
		[]string{"alter table %s enable row level security", "create policy peer on %s using (" + condition + ")"},
		[]string{"drop policy peer on %s", "alter table %s disable row level security"},
	}
}

// designs are the peers, as their documentation recommends them, and Postern's policies.
func designs() []design {
	return []design{
		policy("setting", "a policy that compares with current_setting", "company = any (current_setting('app.companies')::text[])"),
		policy("setting-once", "the same, wrapped in (select ...)", "company = any ((select current_setting('app.companies')::text[])::text[])"),
		policy("exists", "a policy with EXISTS over the view of the user's companies", "exists (select 1 from bench.user_finance_auth_pub as c where c.company = %[1]s.company)"),
		policy("hashed-in", "a policy with IN over the table of members", "company in (select m.company from bench.member as m where m.userid = current_setting('app.userid'))"),
		policy("bitmap", "a policy that calls a function, which tests one bit of the session's", "bench.may_see(company_no)"),
		{"company", "protect_company", []string{"select postern.protect_company('%s')"}, []string{"select postern.unprotect('%s')"}},
		{"ledger", "protect_ledger", []string{"select postern.protect_ledger('%s')"}, []string{"select postern.unprotect('%s')"}},
	}
}

// peerQuery is a query of a table that is measured through each design.
type peerQuery struct {
	name, description, table string
	sql                      string // %s is the table
	byHand                   string // the condition that returns the same rows past row security, if one is needed
	rounds                   rounds
}

func peerQueries() []peerQuery {
	const byHand = " where company = any ('" + peerCompanies + "')"
	scans := rounds{count: 9, size: 1, quickCount: 1, quickSize: 1}
	lookups := rounds{count: 51, size: 100, quickCount: 2, quickSize: 5}
	return []peerQuery{
		{"half", "all rows of five of 10 companies", "bench.few_companies", "select count(*), sum(amount) from %s", byHand, scans},
		{"share", "all rows of five of 1,000 companies", "bench.many_companies", "select count(*), sum(amount) from %s", byHand, scans},
		{"row", "one row by its key, 1,000 companies", "bench.many_companies", "select amount from %s where entry_id = $1", "", lookups},
	}
}

// peerMeasurements compare Postern with what others do for the same purpose. They have no bars.
func peerMeasurements() []measurement {
	measurements := []measurement{}
	for _, q := range peerQueries() {
		baseline := "the same past row security"
		if q.byHand != "" {
			baseline += ", where company = any ('{...}')"
		}
		for _, d := range designs() {
			measurements = append(measurements, measurement{"peer-" + q.name + "-" + d.name, q.description + ", " + d.description, baseline, "ms", 0, false, q.rounds, compareDesign(q, d)})
		}
	}
	logs := rounds{count: 31, size: 100, quickCount: 2, quickSize: 5}
	const bare = "the same without a log"
	return append(measurements,
		measurement{"peer-log-trigger", "a transaction that inserts three rows, and a trigger on each table that writes to an audit table", bare, "ms", 0, false, logs, compareAuditTrigger},
		measurement{"peer-log-pgaudit", "the same, and pgaudit writes the statements to the server's log", bare, "ms", 0, false, logs, comparePgaudit},
		measurement{"peer-log-checkpoint", "the same, and the transaction passes an approved gate, which writes to the checkpoint log", bare, "ms", 0, false, logs, compareCheckpointLog},
	)
}

// peers is the database of the row security peers.
func (s *scene) peers() string { return s.name + "_peers" }

func (s *scene) openPeers(ctx context.Context) error {
	if s.hasPeers {
		return nil
	}
	companies, combinations, rows := 1000, 100, 500_000
	if s.quick {
		companies, combinations, rows = 20, 10, 4000
	}
	if err := s.createBypassing(ctx); err != nil {
		return err
	}
	if err := s.createLedgerDatabase(ctx, s.peers()); err != nil {
		return err
	}
	if err := s.within(ctx, s.peers(), peersSQL, fmt.Sprintf("call bench.fill_peers(%d, %d, %d)", companies, combinations, rows), "vacuum analyze", forgetSmallTables); err != nil {
		return err
	}
	s.hasPeers = true
	return nil
}

// compareDesign measures a query through a design, and the same query past row security. Both must return the same.
func compareDesign(q peerQuery, d design) func(context.Context, *scene, measurement, func()) (samples, error) {
	return func(ctx context.Context, s *scene, m measurement, round func()) (taken samples, err error) {
		if err := s.openPeers(ctx); err != nil {
			return samples{}, err
		}
		if err := s.within(ctx, s.peers(), onTable(d.protect, q.table)...); err != nil {
			return samples{}, err
		}
		defer func() {
			err = errors.Join(err, s.within(context.WithoutCancel(ctx), s.peers(), onTable(d.remove, q.table)...))
		}()
		keys, results := []int64{}, make([]string, 2)
		measure := make([]func() (float64, error), 2)
		count, size := m.rounds.of(s.quick)
		for number, role := range []string{s.name, s.bypassing()} {
			tx, end, err := s.beginPeer(ctx, role)
			if err != nil {
				return samples{}, err
			}
			defer func() { err = errors.Join(err, end()) }()
			sql := fmt.Sprintf(q.sql, q.table)
			if number == 1 {
				sql += q.byHand
			}
			arguments := func() []any { return nil }
			if q.byHand == "" {
				if number == 0 {
					if err := tx.QueryRow(ctx, "select array_agg(t.entry_id) from (select e.entry_id from "+q.table+" as e order by e.entry_id limit 1000) as t").Scan(&keys); err != nil {
						return samples{}, err
					}
				}
				arguments = func() []any { return []any{keys[rand.IntN(len(keys))]} }
			} else if err := tx.QueryRow(ctx, "select r::text from ("+sql+") as r").Scan(&results[number]); err != nil {
				return samples{}, err
			}
			measure[number] = func() (float64, error) {
				began := time.Now()
				for range size {
					tag, err := tx.Exec(ctx, sql, arguments()...)
					if err != nil {
						return 0, err
					}
					if tag.RowsAffected() != 1 {
						return 0, fmt.Errorf("%q returned %d rows", sql, tag.RowsAffected())
					}
				}
				return float64(time.Since(began).Microseconds()) / 1000 / float64(size), nil
			}
		}
		if results[0] != results[1] {
			return samples{}, fmt.Errorf("the design returns %s, and the condition that is written by hand %s", results[0], results[1])
		}
		return takeTurns(count, round, measure[0], measure[1])
	}
}

func onTable(statements []string, table string) []string {
	all := []string{}
	for _, statement := range statements {
		all = append(all, fmt.Sprintf(statement, table))
	}
	return all
}

// beginPeer opens a transaction with the session of peerUser, or one that bypasses row security.
func (s *scene) beginPeer(ctx context.Context, role string) (tx pgx.Tx, end func() error, err error) {
	connection, err := s.loginTo(ctx, s.peers(), role)
	if err != nil {
		return nil, nil, err
	}
	end = func() error { return connection.Close(context.WithoutCancel(ctx)) }
	// As in begin: a session that has run a report keeps its memory.
	for _, statement := range []string{"select length(repeat('x', 30000000))", "set max_parallel_workers_per_gather = 0"} {
		if _, err := connection.Exec(ctx, statement); err != nil {
			return nil, nil, errors.Join(err, end())
		}
	}
	if tx, err = connection.Begin(ctx); err != nil {
		return nil, nil, errors.Join(err, end())
	}
	if role == s.name {
		if _, err := tx.Exec(ctx, peerSession); err != nil {
			return nil, nil, errors.Join(err, end())
		}
	}
	return tx, end, nil
}

// errLeftOut says why a measurement cannot be taken on this server.
type errLeftOut struct{ reason string }

func (e *errLeftOut) Error() string { return e.reason }

// sender sends one business transaction, as an application does.
type sender func(ctx context.Context, connection *pgx.Conn, number int) error

// callingAs inserts the rows with one call, in the session of a user.
func callingAs(call string) sender {
	return func(ctx context.Context, connection *pgx.Conn, number int) error {
		return transaction.Run(ctx, connection, pgx.TxOptions{}, start("select postern.assume_user($1), set_config('app.userid', $1, true)", userid), func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, call, number)
			return err
		})
	}
}

// timeSender measures a transaction in milliseconds, from its begin to the end of its commit.
func timeSender(ctx context.Context, connection *pgx.Conn, size int, send sender) func() (float64, error) {
	return func() (float64, error) {
		began := time.Now()
		for number := range size {
			if err := send(ctx, connection, number); err != nil {
				return 0, err
			}
		}
		return float64(time.Since(began).Microseconds()) / 1000 / float64(size), nil
	}
}

// openPeerLogs creates the business tables with audit triggers once, in the scene's own database.
func (s *scene) openPeerLogs(ctx context.Context) error {
	if s.hasPeerLogs {
		return nil
	}
	rows := 100_000
	if s.quick {
		rows = 1000
	}
	for _, statement := range []string{peersLogSQL, fmt.Sprintf("call bench.fill_audit(%d)", rows), "vacuum analyze", forgetSmallTables} {
		if _, err := s.superuser.Exec(ctx, statement); err != nil {
			return fmt.Errorf("prepare the audit table: %w", err)
		}
	}
	s.hasPeerLogs = true
	return nil
}

func compareAuditTrigger(ctx context.Context, s *scene, m measurement, round func()) (taken samples, err error) {
	if err := s.openPeerLogs(ctx); err != nil {
		return samples{}, err
	}
	return s.compareLogs(ctx, m, round, s, callingAs("select bench.insert_audited_rows($1)"))
}

// compareLogs measures transactions with a log against those without one. logged is the scene with the log.
func (s *scene) compareLogs(ctx context.Context, m measurement, round func(), logged *scene, send sender, prepare ...string) (taken samples, err error) {
	count, size := m.rounds.of(s.quick)
	measure := make([]func() (float64, error), 2)
	for number, side := range []sender{send, callingAs(calling)} {
		connection, err := logged.login(ctx)
		if err != nil {
			return samples{}, err
		}
		defer func() { err = errors.Join(err, connection.Close(context.WithoutCancel(ctx))) }()
		if number == 0 && len(prepare) > 0 {
			for _, statement := range append(append([]string{"reset session authorization"}, prepare...), "set session authorization "+logged.name) {
				if _, err := connection.Exec(ctx, statement); err != nil {
					return samples{}, err
				}
			}
		}
		measure[number] = timeSender(ctx, connection, size, side)
	}
	return takeTurns(count, round, measure[0], measure[1])
}

// comparePgaudit measures on a second server, because pgaudit is loaded when a server starts, and would slow down the
// other measurements.
func comparePgaudit(ctx context.Context, s *scene, m measurement, round func()) (taken samples, err error) {
	var available bool
	if err := s.superuser.QueryRow(ctx, "select exists (select from pg_available_extensions as e where e.name = 'pgaudit')").Scan(&available); err != nil {
		return samples{}, err
	}
	if !available {
		return samples{}, &errLeftOut{"this server has no pgaudit; Debian's package is postgresql-15-pgaudit"}
	}
	second, err := server.Start(ctx, server.Options{Durable: true, Settings: map[string]string{"shared_preload_libraries": "pgaudit"}})
	if err != nil {
		return samples{}, &errLeftOut{fmt.Sprintf("no server with pgaudit loaded: %v", err)}
	}
	defer func() { err = errors.Join(err, second.Close()) }()
	audited, err := openScene(ctx, second, s.quick)
	defer func() { err = errors.Join(err, audited.close(context.WithoutCancel(ctx))) }()
	if err != nil {
		return samples{}, err
	}
	if _, err := audited.superuser.Exec(ctx, "create extension pgaudit"); err != nil {
		return samples{}, err
	}
	return s.compareLogs(ctx, m, round, audited, callingAs(calling), "set pgaudit.log = 'write'", "set pgaudit.log_parameter = on")
}

func compareCheckpointLog(ctx context.Context, s *scene, m measurement, round func()) (taken samples, err error) {
	if err := s.openPeerLogs(ctx); err != nil {
		return samples{}, err
	}
	count, size := m.rounds.of(s.quick)
	tickets, err := s.tickets(ctx, (count+1)*size)
	if err != nil {
		return samples{}, err
	}
	return s.compareLogs(ctx, m, round, s, func(ctx context.Context, connection *pgx.Conn, number int) error {
		ticket := tickets[0]
		tickets = tickets[1:]
		return transaction.Run(ctx, connection, pgx.TxOptions{}, start("select postern.assume_user($1, $2::text::uuid)", userid, ticket), func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, "select bench.insert_approved_rows($1, $2, $3)", activeGate, parameters, number)
			return err
		})
	})
}
