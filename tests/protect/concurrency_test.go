package protect_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	. "github.com/posternsql/postern/internal/testsql"
)

// Each statement is checked with its own snapshot. A user who is removed from a company in the middle of a transaction
// is refused from the next statement on. If the transaction keeps its snapshot, it continues as it began.
// docs/company.md says so.
func TestWriterLosesACompanyInMidTransaction(t *testing.T) {
	for _, test := range []struct {
		level   pgx.TxIsoLevel
		refused bool
	}{{pgx.ReadCommitted, true}, {pgx.RepeatableRead, false}} {
		t.Run(string(test.level), func(t *testing.T) {
			s := newScene(t)
			s.vouchers(t)
			Run(t, s.owner, "select postern.protect_company('shop.voucher')")
			tx, err := s.application.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: test.level})
			if err != nil {
				t.Fatal(err)
			}
			defer tx.Rollback(t.Context())
			Run(t, tx, "select postern.assume_user('ANN')")
			Run(t, tx, "insert into shop.voucher values (6, '10', 32)")
			Run(t, s.Pool, "select postern.revoke_company('ANN', '10')")
			if test.refused {
				requireIDs(t, tx)
				if changed := Run(t, tx, "update shop.voucher set amount = 0"); changed != 0 {
					t.Errorf("%d rows were changed", changed)
				}
				Within(t, tx, func(tx pgx.Tx) { Fails(t, tx, "42501", "insert into shop.voucher values (7, '10', 64)") })
			} else {
				requireIDs(t, tx, 1, 2, 6)
				Run(t, tx, "insert into shop.voucher values (7, '10', 64)")
			}
			if err := tx.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			// What was written while it was allowed stays. The next transaction sees nothing of it.
			if got := Value[int](t, s.Pool, "select count(*) from shop.voucher where voucher_id = 6"); got != 1 {
				t.Error("what the transaction wrote first is gone")
			}
			As(t, s.application, "ANN", func(tx pgx.Tx) { requireIDs(t, tx) })
		})
	}
}

// At READ COMMITTED, a statement that has waited for a row continues with the newest version of the row, but with the
// companies of its own snapshot. That version decides whether the row is the user's.
func TestRowThatLeavesTheCompanyIsNotChanged(t *testing.T) {
	s := newScene(t)
	s.vouchers(t)
	Run(t, s.owner, "select postern.protect_company('shop.voucher')")
	mover, err := s.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer mover.Rollback(t.Context())
	Run(t, mover, "update shop.voucher set company = '20' where voucher_id = 1")
	done := make(chan int64)
	go func() {
		var changed int64
		As(t, s.application, "ANN", func(tx pgx.Tx) { changed = Run(t, tx, "update shop.voucher set amount = 0") })
		done <- changed
	}()
	deadline := time.Now().Add(time.Minute)
	for Value[int](t, s.Pool, "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") == 0 {
		if time.Now().After(deadline) {
			t.Fatal("the writer never waited")
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := mover.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if changed := <-done; changed != 1 {
		t.Errorf("%d rows were changed, want the one that stayed", changed)
	}
	if got := Value[int](t, s.Pool, "select amount from shop.voucher where voucher_id = 1"); got != 1 {
		t.Errorf("the row that left has the amount %d", got)
	}
}
