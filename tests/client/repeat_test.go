package client

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/testdb"
)

// fail makes the server raise an error with a SQLSTATE.
func fail(ctx context.Context, tx pgx.Tx, code string) error {
	_, err := tx.Exec(ctx, fmt.Sprintf("do $$ begin raise exception using errcode = '%s'; end $$", code))
	return err
}

// After an error that asks for a repetition, the transaction is repeated with the same ticket, which the rollback has
// left unused.
func TestRetryAfterConflictAsksNobodyAgain(t *testing.T) {
	o := newOffice(t)
	for number, code := range []string{"40001", "40P01"} {
		asked, runs := 0, 0
		prompt := func(context.Context, *postern.CheckpointRequired) (postern.Answer, error) {
			asked++
			return postern.Answer{Response: pin}, nil
		}
		err := postern.Do(t.Context(), o.application.Pool, o.alice, prompt, func(tx pgx.Tx) error {
			runs++
			err := approve(t.Context(), tx)
			if err == nil && runs < 4 {
				err = fmt.Errorf("book it: %w", fail(t.Context(), tx, code))
			}
			return err
		})
		if err != nil || asked != 1 || runs != 4 {
			t.Errorf("%s: asked %d times, %d runs: %v", code, asked, runs, err)
		}
		o.want(t, number+1, []string{"passed", "passed passed"}[number])
	}
}

func TestRetriesEnd(t *testing.T) {
	o := newOffice(t)
	for name, test := range map[string]struct {
		code    string
		cancels bool
		runs    int
	}{
		"at their bound":    {"40001", false, 6},
		"with the context":  {"40001", true, 1},
		"with other errors": {"23505", false, 1},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		runs := 0
		err := postern.Do(ctx, o.application.Pool, o.alice, nil, func(tx pgx.Tx) error {
			runs++
			err := fail(ctx, tx, test.code)
			if test.cancels {
				cancel()
			}
			return err
		})
		cancel()
		if testdb.Code(err) != test.code || runs != test.runs {
			t.Errorf("%s: work ran %d times, want %d; got %v, want the code %s", name, runs, test.runs, err, test.code)
		}
	}
}

// Two transactions change the same row at once. At SERIALIZABLE the second one has to run again, and does, with one PIN
// each.
func TestTransactionOptions(t *testing.T) {
	o := newOffice(t)
	o.exec(t, "create table public.budget (spent integer); insert into public.budget values (0); grant select, update on public.budget to "+
		pgx.Identifier{o.application.Name}.Sanitize())
	serializable := o.alice.WithTxOptions(pgx.TxOptions{IsoLevel: pgx.Serializable})
	const spenders = 2
	runs, read := make(chan struct{}, 100), make(chan struct{}, spenders)
	failures := make(chan error, spenders)
	for range spenders {
		asked, approved := 0, 0
		prompt := func(context.Context, *postern.CheckpointRequired) (postern.Answer, error) {
			asked++
			return postern.Answer{Response: pin}, nil
		}
		go func() {
			err := postern.Do(t.Context(), o.application.Pool, serializable, prompt, func(tx pgx.Tx) error {
				if err := approve(t.Context(), tx); err != nil {
					return err
				}
				approved++
				runs <- struct{}{}
				var spent int
				var level string
				err := tx.QueryRow(t.Context(), "select spent, current_setting('transaction_isolation') from public.budget").Scan(&spent, &level)
				if err != nil || level != "serializable" {
					return fmt.Errorf("at %s: %w", level, err)
				}
				if approved == 1 { // both have read before one of them writes
					read <- struct{}{}
					for len(read) < spenders {
						if err := tx.Conn().Ping(t.Context()); err != nil {
							return err
						}
					}
				}
				_, err = tx.Exec(t.Context(), "update public.budget set spent = $1", spent+1)
				return err
			})
			if asked != 1 {
				err = errors.Join(err, fmt.Errorf("asked %d times", asked))
			}
			failures <- err
		}()
	}
	for range spenders {
		if err := <-failures; err != nil {
			t.Error(err)
		}
	}
	var spent int
	if err := o.Pool.QueryRow(t.Context(), "select spent from public.budget").Scan(&spent); err != nil || spent != spenders || len(runs) <= spenders {
		t.Errorf("%d spent in %d runs: %v", spent, len(runs), err)
	}
	o.want(t, spenders, "passed passed")
}

// The options apply only to the work: an answer is still checked and written. The naive version uses one transaction
// for everything.
func TestReadOnlyWork(t *testing.T) {
	o := newOffice(t)
	readOnly := o.alice.WithTxOptions(pgx.TxOptions{AccessMode: pgx.ReadOnly})
	for connection, pool := range o.connections(t) {
		var mode string
		err := postern.Do(t.Context(), pool, readOnly, nil, func(tx pgx.Tx) error {
			return tx.QueryRow(t.Context(), "select current_setting('transaction_read_only')").Scan(&mode)
		})
		if err != nil || mode != "on" {
			t.Errorf("%s: read only is %s, %v", connection, mode, err)
		}
		err = postern.Do(t.Context(), pool, readOnly, answers(), func(tx pgx.Tx) error {
			return db.New(tx).Checkpoint(t.Context(), gate, []byte(`{"INVOICE": 17}`))
		})
		if testdb.Code(err) != "25006" { // before anybody is asked
			t.Errorf("%s: a gate in a transaction that is read only: %v", connection, err)
		}
	}
	var required *postern.CheckpointRequired
	if err := o.approve(t.Context(), o.application.Pool, nil); !errors.As(err, &required) {
		t.Fatal(err)
	}
	if err := postern.Cancel(t.Context(), o.application.Pool, readOnly, required.Challenge, ""); err != nil {
		t.Error(err)
	}
	o.want(t, 0, "cancelled")
}

func TestOwnBeginIsRefused(t *testing.T) {
	o := newOffice(t)
	for _, options := range []pgx.TxOptions{{BeginQuery: "begin"}, {CommitQuery: "commit and chain"}} {
		err := postern.Do(t.Context(), o.application.Pool, o.alice.WithTxOptions(options), nil, func(pgx.Tx) error {
			t.Error("work runs, although the options are refused")
			return nil
		})
		if err == nil {
			t.Errorf("the options %+v were accepted", options)
		}
	}
}

// A prompt that ignores the reason would give the same answer until the user is locked. It is not sent again.
func TestSameRejectedAnswerEndsTheQuestions(t *testing.T) {
	o := newOffice(t)
	asked := 0
	careless := func(response string) postern.Prompt {
		return func(context.Context, *postern.CheckpointRequired) (postern.Answer, error) {
			if asked++; asked > 5 {
				return postern.Answer{}, errors.New("asked too often")
			}
			return postern.Answer{Response: response, Comment: fmt.Sprint("attempt ", asked)}, nil
		}
	}
	var denied *postern.Denied
	if err := o.approve(t.Context(), o.application.Pool, careless(typo)); !errors.As(err, &denied) || asked != 2 {
		t.Errorf("asked %d times, want twice; got %v, want a *Denied", asked, err)
	}
	o.want(t, 0, "denied")

	if err := db.New(o.Pool).SetSetting(t.Context(), "comment_required", "true"); err != nil {
		t.Fatal(err)
	}
	asked = 0
	var comment *postern.CommentRequired
	err := o.approve(t.Context(), o.application.Pool, func(context.Context, *postern.CheckpointRequired) (postern.Answer, error) {
		if asked++; asked > 5 {
			return postern.Answer{}, errors.New("asked too often")
		}
		return postern.Answer{Response: pin}, nil
	})
	if !errors.As(err, &comment) || asked != 2 {
		t.Errorf("asked %d times, want twice; error: %v", asked, err)
	}
	if err := o.approve(t.Context(), o.application.Pool, careless(pin)); err != nil {
		t.Error(err)
	}
	o.want(t, 1, "denied passed")
}
