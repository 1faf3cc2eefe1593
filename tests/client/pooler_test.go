package client

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testpooler"
)

// pooler is a PgBouncer of this test.
type pooler struct {
	// url connects the application through the pooler.
	url  string
	mode testpooler.Mode
}

// startPooler puts a PgBouncer between the application and its database.
func startPooler(t *testing.T, o *office, mode testpooler.Mode, settings string) *pooler {
	t.Helper()
	return &pooler{testpooler.Start(t, o.application.URL, mode.Settings+"\n"+settings), mode}
}

// client connects to the pooler.
func (p *pooler) client(t *testing.T, mode pgx.QueryExecMode, tracer pgx.QueryTracer) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(p.url)
	if err != nil {
		t.Fatal(err)
	}
	config.DefaultQueryExecMode = mode
	config.Tracer = tracer
	connection, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close(context.Background()) })
	return connection
}

// Two applications take turns on one connection of a pooler in transaction mode. The second one's turn comes while the
// first one's user types.
func TestTransactionModePooler(t *testing.T) {
	for _, mode := range testpooler.Modes(t) {
		t.Run(mode.Name, func(t *testing.T) {
			o := newOffice(t)
			p := startPooler(t, o, mode, "")
			if err := db.New(o.Pool).CreateUser(t.Context(), "BOB", "Bob", nil); err != nil {
				t.Fatal(err)
			}
			bob := postern.TokenSession(o.signer, "BOB")
			backend := p.requireShared(t)
			modes := []pgx.QueryExecMode{pgx.QueryExecModeExec, pgx.QueryExecModeCacheDescribe}
			if mode.KeepsStatements {
				modes = append(modes, pgx.QueryExecModeCacheStatement)
			}
			if err := p.prepare(t); (err == nil) != mode.KeepsStatements {
				t.Fatalf("naive: two clients prepared one statement: %v", err)
			}
			for number, mode := range modes {
				t.Run(mode.String(), func(t *testing.T) {
					seen := &watcher{t: t, administrator: o.Pool, backend: backend}
					first, second := p.client(t, mode, seen), p.client(t, mode, nil)
					turns := 0
					others := func(ctx context.Context) {
						turns++
						var setting string
						var same uint32
						err := second.QueryRow(ctx, "select coalesce(current_setting('postern.session', true), ''), pg_backend_pid() where $1", true).Scan(&setting, &same)
						if err != nil || setting != "" || same != backend {
							t.Errorf("backend %d: the next client has the session %q: %v", same, setting, err)
						}
						_, err = db.New(second).CurrentUserid(ctx)
						testdb.RequireCode(t, err, "PS401")
						var required *postern.CheckpointRequired
						err = postern.Do(ctx, second, bob, nil, func(tx pgx.Tx) error { return approve(ctx, tx) })
						if !errors.As(err, &required) || required.Username != "BOB" {
							t.Errorf("the next client reached the gate: %v", err)
						}
					}
					responses := answers(typo, pin)
					err := o.approve(t.Context(), first, func(ctx context.Context, required *postern.CheckpointRequired) (postern.Answer, error) {
						others(ctx)
						return responses(ctx, required)
					})
					others(t.Context())
					if err != nil || turns != 3 {
						t.Errorf("%d turns, want 3; error: %v", turns, err)
					}
					o.want(t, number+1, strings.TrimSpace(strings.Repeat("denied passed ", number+1)))
					all := strings.Join(seen.statements, "\n")
					if !strings.Contains(all, "postern.authenticate($1, $2, $3::varchar, $4") || strings.Contains(all, pin) {
						t.Errorf("the server has seen the statements:\n%s", all)
					}
				})
			}
		})
	}
}

// requireShared shows that the next client finds what a session keeps for longer than a transaction. That is the naive
// way to assert a user. It returns the backend that all clients share.
func (p *pooler) requireShared(t *testing.T) uint32 {
	t.Helper()
	backends, left := [2]uint32{}, ""
	for turn, statement := range []string{
		"select pg_backend_pid(), set_config('naive.userid', 'ALICE', false)",
		"select pg_backend_pid(), current_setting('naive.userid', true)",
	} {
		connection := p.client(t, pgx.QueryExecModeExec, nil)
		if err := connection.QueryRow(t.Context(), statement).Scan(&backends[turn], &left); err != nil {
			t.Fatal(err)
		}
	}
	if backends[0] != backends[1] || left != "ALICE" {
		t.Fatalf("naive: the second client is told %q, by backend %d instead of %d", left, backends[1], backends[0])
	}
	return backends[0]
}

// prepare makes two clients prepare the same statement, as pgx does by default.
func (p *pooler) prepare(t *testing.T) error {
	t.Helper()
	var got int
	return errors.Join(
		p.client(t, pgx.QueryExecModeCacheStatement, nil).QueryRow(t.Context(), "select $1::integer", 1).Scan(&got),
		p.client(t, pgx.QueryExecModeCacheStatement, nil).QueryRow(t.Context(), "select $1::integer", 1).Scan(&got))
}
