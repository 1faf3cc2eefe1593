package locking_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/locking"
	"github.com/posternsql/postern/internal/testdb"
)

// idleReader reads a table and stays in its transaction until end is called.
func idleReader(t *testing.T, database *testdb.Database) (end func()) {
	t.Helper()
	if _, err := database.Pool.Exec(t.Context(), "create table public.voucher (voucher_no integer)"); err != nil {
		t.Fatal(err)
	}
	reader := database.Connect(t)
	if _, err := reader.Exec(t.Context(), "begin"); err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Exec(t.Context(), "select from public.voucher"); err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := reader.Exec(context.Background(), "commit"); err != nil {
			t.Error(err)
		}
	}
}

func alter(tx pgx.Tx) error {
	_, err := tx.Exec(context.Background(), "alter table public.voucher add company text")
	return err
}

func TestChangeWaitsForAnIdleReaderAndNobodyForTheChange(t *testing.T) {
	database := testdb.Empty(t)
	end := idleReader(t, database)
	tries := 0
	changed := make(chan error, 1)
	waiting := make(chan struct{})
	go func() {
		changed <- locking.Transaction(context.Background(), database.Connect(t), time.Hour, func(error) {
			if tries++; tries == 2 {
				close(waiting)
			}
		}, alter)
	}()
	<-waiting
	other := database.Connect(t)
	// Far longer than a busy machine takes, and far shorter than the change waits.
	if _, err := other.Exec(t.Context(), "set statement_timeout = '1 min'"); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if _, err := other.Exec(t.Context(), "select from public.voucher"); err != nil {
			t.Errorf("another reader waited: %v", err)
		}
	}
	end()
	if err := <-changed; err != nil {
		t.Fatal(err)
	}
}

func TestChangeGivesUpInTime(t *testing.T) {
	database := testdb.Empty(t)
	defer idleReader(t, database)()
	began := time.Now()
	err := locking.Transaction(t.Context(), database.Connect(t), time.Second, nil, alter)
	if took := time.Since(began); !locking.IsBusy(err) || took > time.Minute {
		t.Errorf("after %s: got %v, want that it is busy", took, err)
	}
}

func TestOtherErrorsAreNotRepeated(t *testing.T) {
	failure, calls := errors.New("something else"), 0
	err := locking.Retry(t.Context(), time.Minute, nil, func() error { calls++; return failure })
	if !errors.Is(err, failure) || calls != 1 {
		t.Errorf("%d calls, want 1; got %v, want the failure", calls, err)
	}
}
