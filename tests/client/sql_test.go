package client

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/internal/testdb"
)

// openSQL opens the application's database with database/sql. Only one connection, so that one which is not given back
// shows.
func openSQL(t *testing.T, o *office, change func(*pgx.ConnConfig)) *sql.DB {
	t.Helper()
	config := o.application.Pool.Config().ConnConfig.Copy()
	if change != nil {
		change(config)
	}
	database := stdlib.OpenDB(*config)
	database.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = database.Close() })
	return database
}

// approveSQL is approve for database/sql.
func approveSQL(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, insertApproval, 17); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "select postern.checkpoint($1, $2::jsonb)", gate, `{"INVOICE": 17}`)
	return err
}

func TestDatabaseSQLIsAskedAndCommitsOnce(t *testing.T) {
	o := newOffice(t)
	for name, mode := range map[string]pgx.QueryExecMode{"prepared": pgx.QueryExecModeCacheStatement, "simple protocol": pgx.QueryExecModeSimpleProtocol} {
		t.Run(name, func(t *testing.T) {
			o.exec(t, "delete from public.approval")
			database := openSQL(t, o, func(config *pgx.ConnConfig) { config.DefaultQueryExecMode = mode })
			runs := 0
			err := postern.DoSQL(t.Context(), database, o.alice, answers(typo, pin), func(tx *sql.Tx) error {
				runs++
				return approveSQL(t.Context(), tx)
			})
			if err != nil {
				t.Fatal(err)
			}
			// Once to be stopped, once for a new challenge after the wrong PIN, and once with the gate open.
			if runs != 3 || o.approvals(t) != 1 {
				t.Errorf("work ran %d times and wrote %d approvals", runs, o.approvals(t))
			}
		})
	}
}

// The gate of the administration is reached at the commit, when work has returned.
func TestDatabaseSQLIsAskedAtTheCommit(t *testing.T) {
	o := newOffice(t)
	o.application = o.Login(t, "postern_app", "postern_admin")
	o.exec(t, "begin; select postern_internal.lift_administration_gate('test'); select postern.set_setting('administration_gate', 'all'); commit")
	database := openSQL(t, o, nil)
	runs := 0
	change := func(tx *sql.Tx) error {
		runs++
		_, err := tx.ExecContext(t.Context(), "select postern.create_company('10', 'Nordic Paper')")
		return err
	}
	var required *postern.CheckpointRequired
	if err := postern.DoSQL(t.Context(), database, o.alice, nil, change); !errors.As(err, &required) || required.Gate != "POSTERN_ADMINISTRATION" || !strings.Contains(required.Message, `Company 10 added: name "Nordic Paper"`) {
		t.Errorf("without a prompt: %v", err)
	}
	err := postern.DoSQL(t.Context(), database, o.alice, func(context.Context, *postern.CheckpointRequired) (postern.Answer, error) {
		return postern.Answer{}, postern.ErrCancelled
	}, change)
	if !errors.Is(err, postern.ErrCancelled) {
		t.Errorf("after a refusal: %v", err)
	}
	runs = 0
	if err := postern.DoSQL(t.Context(), database, o.alice, answers(typo, pin), change); err != nil {
		t.Fatal(err)
	}
	companies := 0
	if err := o.Pool.QueryRow(t.Context(), "select count(*) from postern.company").Scan(&companies); err != nil || companies != 1 || runs != 3 {
		t.Errorf("work ran %d times, and there are %d companies; %v", runs, companies, err)
	}
}

func TestDatabaseSQLReturnsTypedErrors(t *testing.T) {
	o := newOffice(t)
	database := openSQL(t, o, nil)
	work := func(tx *sql.Tx) error { return approveSQL(t.Context(), tx) }

	var required *postern.CheckpointRequired
	if err := postern.DoSQL(t.Context(), database, o.alice, nil, work); !errors.As(err, &required) || required.Gate != gate {
		t.Errorf("without a prompt: %v", err)
	}
	err := postern.DoSQL(t.Context(), database, o.alice, func(context.Context, *postern.CheckpointRequired) (postern.Answer, error) {
		return postern.Answer{Comment: "not today"}, postern.ErrCancelled
	}, work)
	if !errors.Is(err, postern.ErrCancelled) {
		t.Errorf("after a refusal: %v", err)
	}
	var comment string
	if err := o.Pool.QueryRow(t.Context(), "select comment from postern.checkpoint_log where outcome = 'cancelled'").Scan(&comment); err != nil || comment != "not today" {
		t.Errorf("the log has %q, %v", comment, err)
	}
	var invalid *postern.SessionInvalid
	if err := postern.DoSQL(t.Context(), database, postern.TokenSession(o.signer, "NOBODY"), nil, work); !errors.As(err, &invalid) {
		t.Errorf("for an unknown user: %v", err)
	}
	if err := postern.DoSQL(t.Context(), database, o.alice, nil, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), "select 1/0")
		return err
	}); testdb.Code(err) != "22012" {
		t.Errorf("work's error became %v", err)
	}
	if o.approvals(t) != 0 {
		t.Error("an approval was written")
	}
}

func TestDatabaseSQLTakesTheTicketOfTwoRequests(t *testing.T) {
	o := newOffice(t)
	database := stdlib.OpenDBFromPool(o.application.Pool)
	t.Cleanup(func() { _ = database.Close() })
	work := func(tx *sql.Tx) error { return approveSQL(t.Context(), tx) }
	var required *postern.CheckpointRequired
	if err := postern.DoSQL(t.Context(), database, o.alice, nil, work); !errors.As(err, &required) {
		t.Fatal(err)
	}
	ticket, err := postern.Authenticate(t.Context(), o.application.Pool, o.alice, required.Challenge, postern.Answer{Username: "ALICE", Response: pin})
	if err != nil {
		t.Fatal(err)
	}
	if err := postern.DoSQL(t.Context(), database, o.alice.WithTicket(ticket), nil, work); err != nil {
		t.Fatal(err)
	}
	if o.approvals(t) != 1 {
		t.Errorf("%d approvals", o.approvals(t))
	}
}

func TestDatabaseSQLHasTheTransactionOptions(t *testing.T) {
	o := newOffice(t)
	database := openSQL(t, o, nil)
	for _, test := range []struct {
		options pgx.TxOptions
		want    string
	}{
		{pgx.TxOptions{}, "read committed off off"},
		{pgx.TxOptions{IsoLevel: pgx.Serializable, AccessMode: pgx.ReadOnly, DeferrableMode: pgx.Deferrable}, "serializable on on"},
		{pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, "repeatable read off off"},
	} {
		err := postern.DoSQL(t.Context(), database, o.alice.WithTxOptions(test.options), nil, func(tx *sql.Tx) error {
			var got string
			err := tx.QueryRowContext(t.Context(), "select concat_ws(' ', current_setting('transaction_isolation'), current_setting('transaction_read_only'), current_setting('transaction_deferrable'))").Scan(&got)
			if got != test.want {
				t.Errorf("%v: the transaction is %q", test.options, got)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// Work that ends the transaction, or panics, must neither commit with the user's approval unnoticed nor keep the only
// connection.
func TestDatabaseSQLSurvivesWorkThatMisbehaves(t *testing.T) {
	o := newOffice(t)
	database := openSQL(t, o, nil)
	err := postern.DoSQL(t.Context(), database, o.alice, nil, func(tx *sql.Tx) error { return tx.Rollback() })
	if !errors.Is(err, pgx.ErrTxClosed) {
		t.Errorf("after a rollback: %v", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = postern.DoSQL(t.Context(), database, o.alice, nil, func(*sql.Tx) error { panic("work") })
	}()
	// The error of a statement that work swallows has aborted the transaction, so nothing can be committed.
	err = postern.DoSQL(t.Context(), database, o.alice, nil, func(tx *sql.Tx) error {
		_, _ = tx.ExecContext(t.Context(), "select 1/0")
		return nil
	})
	if !errors.Is(err, pgx.ErrTxCommitRollback) {
		t.Errorf("after a swallowed error: %v", err)
	}
	if err := database.PingContext(t.Context()); err != nil {
		t.Error(err)
	}
}

// otherDriver refuses what does not belong to database/sql, as other drivers do.
type otherDriver struct{}

func (otherDriver) Open(string) (driver.Conn, error)             { return otherDriver{}, nil }
func (otherDriver) Connect(context.Context) (driver.Conn, error) { return otherDriver{}, nil }
func (otherDriver) Driver() driver.Driver                        { return otherDriver{} }
func (otherDriver) Prepare(string) (driver.Stmt, error)          { return nil, errors.New("a syntax error") }
func (otherDriver) Begin() (driver.Tx, error)                    { return otherDriver{}, nil }
func (otherDriver) Close() error                                 { return nil }
func (otherDriver) Commit() error                                { return nil }
func (otherDriver) Rollback() error                              { return nil }

func TestDatabaseSQLNamesAnotherDriver(t *testing.T) {
	database := sql.OpenDB(otherDriver{})
	err := postern.DoSQL(t.Context(), database, postern.TrustedSession("ALICE"), nil, func(*sql.Tx) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "DoSQL needs pgx's driver") || !strings.Contains(err.Error(), "otherDriver") {
		t.Errorf("the error is %v", err)
	}
}
