package bench

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/server"
)

const (
	userid       = "ALICE"
	inactiveGate = "BENCH_INACTIVE"
	activeGate   = "BENCH_APPROVE"
	keyID        = "bench"
)

//go:embed scene.sql
var sceneSQL string

// scene is a new database with Postern, a user, two gates and three business tables.
type scene struct {
	server    *server.Server
	name      string // of the database and of the login role that does the work
	superuser *pgx.Conn
	quick     bool
	signer    postern.Signer
	secret    string
	log       *longLog
	business  *business
	admin     *pgx.Conn // in the server's own database, to create and drop others

	ledgers, largeCompany, scans bool // whether these are filled
	companies                    bool // whether the databases of few and of many companies exist
	people                       bool // whether the database of many users exists
	vouchers                     bool // whether the tables for users of many companies exist
	guards                       bool // whether the guarded tables exist
	bypass                       bool // whether the role that bypasses row security exists
	hasPeers, hasPeerLogs        bool // whether the database and the tables for the peers exist
	growing                      *growing
}

// openScene returns the scene even if it fails half-way, so that it can be closed.
func openScene(ctx context.Context, running *server.Server, quick bool) (*scene, error) {
	s := &scene{server: running, name: "postern_bench_" + strings.ToLower(rand.Text()[:10]), quick: quick, secret: rand.Text() + rand.Text()}
	var err error
	if s.admin, err = pgx.Connect(ctx, running.URL); err != nil {
		return s, err
	}
	if _, err := s.admin.Exec(ctx, "create database "+s.name); err != nil {
		return s, err
	}
	config, err := s.config(s.name)
	if err != nil {
		return s, err
	}
	if _, err := install.Install(ctx, config, install.Options{}); err != nil {
		return s, err
	}
	if s.superuser, err = pgx.ConnectConfig(ctx, config); err != nil {
		return s, err
	}
	if s.signer, err = postern.NewSigner(keyID, []byte(s.secret), s.name); err != nil {
		return s, err
	}
	rows := 100_000
	if quick {
		rows = 1000
	}
	for _, step := range []struct {
		sql       string
		arguments []any
	}{
		{sceneSQL, nil},
		{"select postern.create_user($1, 'Alice')", []any{userid}},
		{"select postern.create_session_key($1, $2)", []any{keyID, []byte(s.secret)}},
		{"select postern.register_gate($1, 'Approve a supplier invoice', 'Invoice &INVOICE_NO of &SUPPLIER_ID over &AMOUNT approved', '{SUPPLIER_ID,INVOICE_NO,AMOUNT}', active => $2)",
			[]any{inactiveGate, false}},
		{"select postern.register_gate($1, 'Approve a supplier invoice', 'Invoice &INVOICE_NO of &SUPPLIER_ID over &AMOUNT approved', '{SUPPLIER_ID,INVOICE_NO,AMOUNT}', active => $2)",
			[]any{activeGate, true}},
		{"create role " + s.name + " login in role postern_trusted_app, postern_event_worker", nil},
		{"select postern.allow_login($1)", []any{s.name}},
		{"call bench.fill($1)", []any{rows}},
		{"vacuum analyze", nil},
		{forgetSmallTables, nil},
	} {
		if _, err := s.superuser.Exec(ctx, step.sql, step.arguments...); err != nil {
			return s, fmt.Errorf("prepare the measurements: %w", err)
		}
	}
	return s, nil
}

// forgetSmallTables follows each VACUUM ANALYZE. Autovacuum does not analyze a table of 50 rows or fewer, so in
// production the planner guesses the size of such tables.
const forgetSmallTables = `
with small as (
  select c.oid
    from pg_class as c
   where c.relkind = 'r' and c.reltuples <= 50 and c.relnamespace::regnamespace::text ~ '^(postern|bench)'
), forgotten as (
  delete from pg_statistic as s using small where s.starelid = small.oid
)
update pg_class as c set relpages = 0, reltuples = -1 from small where c.oid = small.oid`

// close removes the database and the role.
func (s *scene) close(ctx context.Context) error {
	if s.admin == nil {
		return nil
	}
	failures := []error{}
	if s.growing != nil {
		failures = append(failures, s.growing.scene.close(ctx))
	}
	if s.log != nil {
		failures = append(failures, s.log.close(ctx))
	}
	if s.business != nil {
		failures = append(failures, s.business.close(ctx))
	}
	if s.superuser != nil {
		failures = append(failures, s.superuser.Close(ctx))
	}
	for _, statement := range []string{
		"drop database if exists " + s.name + " with (force)",
		"drop database if exists " + s.fewCompanies() + " with (force)",
		"drop database if exists " + s.manyCompanies() + " with (force)",
		"drop database if exists " + s.manyPeople() + " with (force)",
		"drop database if exists " + s.peers() + " with (force)",
		"drop role if exists " + s.name,
		"drop role if exists " + s.bypassing(),
	} {
		_, err := s.admin.Exec(ctx, statement)
		failures = append(failures, err)
	}
	return errors.Join(append(failures, s.admin.Close(ctx))...)
}

func (s *scene) config(database string) (*pgx.ConnConfig, error) {
	address, err := s.server.ConnectionString(database, "", "")
	if err != nil {
		return nil, err
	}
	return pgx.ParseConfig(address)
}

// login connects as the application does, because a superuser would skip privilege checks. The search_path is empty,
// because all names are qualified.
func (s *scene) login(ctx context.Context) (*pgx.Conn, error) { return s.loginAs(ctx, s.name) }

// bypassing is the role that bypasses row security.
func (s *scene) bypassing() string { return s.name + "_plain" }

func (s *scene) createBypassing(ctx context.Context) error {
	if s.bypass {
		return nil
	}
	_, err := s.superuser.Exec(ctx, "create role "+s.bypassing()+" login bypassrls")
	s.bypass = err == nil
	return err
}

func (s *scene) loginAs(ctx context.Context, role string) (*pgx.Conn, error) {
	return s.loginTo(ctx, s.name, role)
}

func (s *scene) loginTo(ctx context.Context, database, role string) (*pgx.Conn, error) {
	config, err := s.config(database)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["search_path"] = ""
	connection, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	if _, err := connection.Exec(ctx, "set session authorization "+role); err != nil {
		return nil, errors.Join(err, connection.Close(ctx))
	}
	return connection, nil
}

// logins opens this many connections as login does, and returns a function that closes them.
func (s *scene) logins(ctx context.Context, count int) (connections []*pgx.Conn, closeAll func() error, err error) {
	closeAll = func() error {
		var err error
		for _, connection := range connections {
			err = errors.Join(err, connection.Close(ctx))
		}
		return err
	}
	for range count {
		connection, err := s.login(ctx)
		if err != nil {
			return nil, nil, errors.Join(err, closeAll())
		}
		connections = append(connections, connection)
	}
	return connections, closeAll, nil
}

// tickets returns this many accepted tickets for the active gate, as an earlier transaction would leave them. It skips
// the authentication, which is not measured and takes 50 ms for the hash of the PIN alone.
func (s *scene) tickets(ctx context.Context, count int) ([]string, error) {
	rows, err := s.superuser.Query(ctx, "select t::text from bench.make_tickets($1, $2, $3, $4, $5) as t", userid, activeGate, parameters, s.name, count)
	if err != nil {
		return nil, err
	}
	tickets, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	// Otherwise the first measurement would include reading the table for the first time.
	_, err = s.superuser.Exec(ctx, "vacuum postern_internal.ticket")
	return tickets, err
}
