package client

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testpooler"
)

// crowdTime is how long the crowd behind a pooler is busy. `make test-pooler` makes it longer.
var crowdTime = flag.Duration("crowd", 5*time.Second, "how long many clients share a pooler")

const (
	crowdClients = 200
	crowdUsers   = 20 // ten clients each
	crowdServers = 10 // connections from the pooler to the server
)

// crowd is a database with many users, each with a company, and what its clients know to have happened.
type crowd struct {
	*office
	pooler *pooler

	lock sync.Mutex
	// approved has the user who approved each invoice.
	approved map[int]string
	// done counts what the clients have done, by kind.
	done map[string]int
	next int
}

// 200 clients of 20 users share ten connections of a pooler in transaction mode. They read, approve, mistype, cancel, fail,
// roll back to savepoints, and leave in the middle of a transaction. Nobody may act, read or be logged as somebody else.
func TestCrowdBehindAPooler(t *testing.T) {
	for _, mode := range testpooler.Modes(t) {
		t.Run(mode.Name, func(t *testing.T) {
			c := newCrowd(t, mode)
			c.requireMixed(t)
			modes := []pgx.QueryExecMode{pgx.QueryExecModeExec, pgx.QueryExecModeCacheDescribe}
			if mode.KeepsStatements {
				modes = append(modes, pgx.QueryExecModeCacheStatement)
			}
			deadline := time.Now().Add(*crowdTime)
			var clients sync.WaitGroup
			for number := range crowdClients {
				clients.Go(func() { c.work(t, number, modes[number/crowdUsers%len(modes)], deadline) })
			}
			clients.Wait()
			c.requireTruth(t)
		})
	}
}

func crowdUser(number int) string { return fmt.Sprintf("U%02d", number%crowdUsers) }

func newCrowd(t *testing.T, mode testpooler.Mode) *crowd {
	t.Helper()
	c := &crowd{office: newOffice(t), approved: map[int]string{}, done: map[string]int{}}
	c.pooler = startPooler(t, c.office, mode, fmt.Sprintf("default_pool_size = %d\nmax_client_conn = %d", crowdServers, 2*crowdClients))
	c.exec(t, `
select postern.set_setting('denials_per_hour', '1000000');
select postern.set_setting('max_failures', '20');
select postern.set_setting('cancels_per_hour', '1000000');
create table public.voucher (company varchar primary key, approvals integer not null default 0);
drop table public.approval;
create table public.approval (invoice integer primary key, userid text not null default postern.current_userid());
grant insert on public.approval to postern_user;
grant select, update on public.voucher to postern_user;`)
	for number := range crowdUsers {
		user := crowdUser(number)
		c.exec(t, fmt.Sprintf(`
select postern.create_user('%[1]s', '%[1]s');
select postern.create_company('C%[1]s', 'Company of %[1]s');
select postern.grant_company('%[1]s', 'C%[1]s');
insert into public.voucher values ('C%[1]s');
select postern.reset_pin('%[1]s', '739146');`, user))
		err := postern.Do(t.Context(), c.application.Pool, postern.TokenSession(c.signer, user), answers("739146"), func(tx pgx.Tx) error {
			return db.New(tx).SetPIN(t.Context(), pin)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	c.exec(t, "select postern.protect_company('public.voucher')")
	return c
}

// requireMixed shows the naive way: what a client sets for longer than a transaction is found by others.
func (c *crowd) requireMixed(t *testing.T) {
	t.Helper()
	first := c.pooler.client(t, pgx.QueryExecModeExec, nil)
	for range 3 * crowdServers {
		if _, err := first.Exec(t.Context(), "select set_config('naive.userid', 'U00', false)"); err != nil {
			t.Fatal(err)
		}
		var found string
		second := c.pooler.client(t, pgx.QueryExecModeExec, nil)
		if err := second.QueryRow(t.Context(), "select coalesce(current_setting('naive.userid', true), '')").Scan(&found); err != nil {
			t.Fatal(err)
		}
		if found == "U00" {
			return
		}
	}
	t.Fatal("naive: no client finds what another one has set")
}

// work is one client until the deadline.
func (c *crowd) work(t *testing.T, number int, mode pgx.QueryExecMode, deadline time.Time) {
	random := rand.New(rand.NewPCG(1, uint64(number)))
	user := crowdUser(number)
	session := postern.TokenSession(c.signer, user)
	var connection *pgx.Conn
	defer func() {
		if connection != nil {
			_ = connection.Close(context.Background())
		}
	}()
	for time.Now().Before(deadline) {
		if connection == nil || connection.IsClosed() {
			config, err := pgx.ParseConfig(c.pooler.url)
			if err != nil {
				t.Error(err)
				return
			}
			config.DefaultQueryExecMode = mode
			if connection, err = pgx.ConnectConfig(t.Context(), config); err != nil {
				t.Error(err)
				return
			}
		}
		kind, err := c.act(t.Context(), connection, user, session, random)
		if err != nil {
			t.Errorf("client %d of %s, %s: %v", number, user, kind, err)
			return
		}
		c.lock.Lock()
		c.done[kind]++
		c.lock.Unlock()
	}
}

// act does one thing of several. It returns an error if that ended otherwise than it should.
func (c *crowd) act(ctx context.Context, connection *pgx.Conn, user string, session postern.Session, random *rand.Rand) (kind string, err error) {
	switch dice := random.IntN(100); {
	case dice < 35:
		return "read", postern.Do(ctx, connection, session, nil, func(tx pgx.Tx) error { return readOwn(ctx, tx, user) })
	case dice < 45:
		return "approve", c.approveNext(ctx, connection, user, session, pin)
	case dice < 50:
		return "mistype", c.approveNext(ctx, connection, user, session, typo, pin)
	case dice < 55:
		err := postern.Do(ctx, connection, session, func(context.Context, *postern.CheckpointRequired) (postern.Answer, error) {
			return postern.Answer{}, postern.ErrCancelled
		}, func(tx pgx.Tx) error { return c.approveIn(ctx, tx, 0) })
		return "cancel", unless(errors.Is(err, postern.ErrCancelled), err)
	case dice < 65:
		return "nobody", inTransaction(ctx, connection, func(tx pgx.Tx) error { return requireNobody(ctx, tx) })
	case dice < 75:
		err := postern.Do(ctx, connection, session, nil, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, "select 1 / 0")
			return err
		})
		return "fail", unless(testdb.Code(err) == "22012", err)
	case dice < 85: // what failed in a savepoint leaves nothing behind, and the user stays
		return "savepoint", postern.Do(ctx, connection, session, nil, func(tx pgx.Tx) error {
			err := inTransaction(ctx, tx, func(inner pgx.Tx) error {
				if _, err := inner.Exec(ctx, "update public.voucher set approvals = approvals + 1"); err != nil {
					return err
				}
				_, err := inner.Exec(ctx, "select 1 / 0")
				return err
			})
			if testdb.Code(err) != "22012" {
				return unless(false, err)
			}
			return readOwn(ctx, tx, user)
		})
	case dice < 93: // the pooler has to end this transaction itself
		stop := errors.New("gone")
		err := postern.Do(ctx, connection, session, nil, func(tx pgx.Tx) error {
			if err := readOwn(ctx, tx, user); err != nil {
				return err
			}
			return errors.Join(stop, connection.Close(ctx))
		})
		return "leave", unless(errors.Is(err, stop), err)
	default:
		short, cancel := context.WithTimeout(ctx, time.Duration(random.IntN(20))*time.Millisecond)
		defer cancel()
		err := postern.Do(short, connection, session, nil, func(tx pgx.Tx) error {
			_, err := tx.Exec(short, "select pg_sleep(10)")
			return err
		})
		return "interrupt", unless(err != nil, err)
	}
}

// approveNext approves an invoice that is only this client's, and remembers that once it has committed.
func (c *crowd) approveNext(ctx context.Context, connection *pgx.Conn, user string, session postern.Session, responses ...string) error {
	c.lock.Lock()
	c.next++
	invoice := c.next
	c.lock.Unlock()
	err := postern.Do(ctx, connection, session, answers(responses...), func(tx pgx.Tx) error { return c.approveIn(ctx, tx, invoice) })
	var locked *postern.Locked
	if errors.As(err, &locked) {
		return nil // ten clients of one user mistype
	}
	if err == nil {
		c.lock.Lock()
		c.approved[invoice] = user
		c.lock.Unlock()
	}
	return err
}

func (c *crowd) approveIn(ctx context.Context, tx pgx.Tx, invoice int) error {
	if _, err := tx.Exec(ctx, "insert into public.approval (invoice) values ($1)", invoice); err != nil {
		return err
	}
	return db.New(tx).Checkpoint(ctx, gate, fmt.Appendf(nil, `{"INVOICE": %d}`, invoice))
}

// readOwn reads who the user is, and of which companies there are rows.
func readOwn(ctx context.Context, tx pgx.Tx, user string) error {
	var got, companies string
	err := tx.QueryRow(ctx, "select postern.current_userid(), (select string_agg(v.company, ' ') from public.voucher as v) where $1", true).Scan(&got, &companies)
	if err != nil {
		return err
	}
	if got != user || companies != "C"+user {
		return fmt.Errorf("the user is %s and reads %s", got, companies)
	}
	return nil
}

// requireNobody requires that a transaction without a session has no user and reads nothing.
func requireNobody(ctx context.Context, tx pgx.Tx) error {
	var rows int
	err := inTransaction(ctx, tx, func(inner pgx.Tx) error {
		return inner.QueryRow(ctx, "select count(*) from public.voucher where $1", true).Scan(&rows)
	})
	if err != nil && testdb.Code(err) != "PS401" || rows > 0 {
		return fmt.Errorf("without a user, %d rows: %w", rows, err)
	}
	user, err := db.New(tx).CurrentUserid(ctx)
	return unless(testdb.Code(err) == "PS401", fmt.Errorf("the user is %q: %w", user, err))
}

// begins is a connection, or a transaction that begins another one in a savepoint.
type begins interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

// inTransaction rolls back in the end.
func inTransaction(ctx context.Context, on begins, do func(pgx.Tx) error) error {
	tx, err := on.Begin(ctx)
	if err != nil {
		return err
	}
	err = do(tx)
	return errors.Join(err, tx.Rollback(ctx))
}

// unless returns an error for what ended otherwise than it should.
func unless(expected bool, err error) error {
	if expected {
		return nil
	}
	return fmt.Errorf("unexpected: %w", err)
}

// requireTruth compares what is in the database with what the clients know.
func (c *crowd) requireTruth(t *testing.T) {
	t.Helper()
	t.Logf("in %v: %v", *crowdTime, c.done)
	for _, kind := range strings.Fields("read approve cancel nobody fail savepoint leave interrupt") {
		if c.done[kind] == 0 {
			t.Errorf("nobody did %s", kind)
		}
	}
	for what, statement := range map[string]string{
		"the business table": "select invoice, userid from public.approval",
		"the log, by user":   "select (parameters ->> 'INVOICE')::integer, userid from postern.checkpoint_log where outcome = 'passed' and gate_id = 'SINWOF_APPROVE'",
		"the log, by who approved": "select (parameters ->> 'INVOICE')::integer, coalesce(authenticated_by, userid) from postern.checkpoint_log" +
			" where outcome = 'passed' and gate_id = 'SINWOF_APPROVE'",
	} {
		rows, err := c.Pool.Query(t.Context(), statement)
		if err != nil {
			t.Fatal(err)
		}
		found, count := map[int]string{}, 0
		var (
			invoice int
			user    string
		)
		if _, err = pgx.ForEachRow(rows, []any{&invoice, &user}, func() error {
			found[invoice] = user
			count++
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if count != len(found) || !maps.Equal(found, c.approved) {
			t.Errorf("%s has %d rows that differ from the %d approvals", what, count, len(c.approved))
		}
	}
	var changed int
	if err := c.Pool.QueryRow(t.Context(), "select count(*) from public.voucher where approvals <> 0").Scan(&changed); err != nil || changed != 0 {
		t.Errorf("%d rows were changed by what was rolled back: %v", changed, err)
	}
}
