package client

import (
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/testdb"
)

// A program can read why a ticket or a challenge is not accepted.
func TestReasonsOfInvalidTickets(t *testing.T) {
	o := newOffice(t)
	question := func() string {
		t.Helper()
		var required *postern.CheckpointRequired
		if err := o.approve(t.Context(), o.application.Pool, nil); !errors.As(err, &required) {
			t.Fatal(err)
		}
		return required.Challenge
	}
	resume := func(challenge string, work func(tx pgx.Tx) error) error {
		return postern.Resume(t.Context(), o.application.Pool, o.alice, challenge, postern.Answer{Username: "ALICE", Response: pin}, work)
	}
	if err := db.New(o.Pool).CreateUser(t.Context(), "BOB", "Bob", nil); err != nil {
		t.Fatal(err)
	}
	for reason, test := range map[string]struct {
		err  error
		gate string
	}{
		"unknown":   {resume("made.up", nil), ""},
		"malformed": {resume(question()+"+x", nil), ""},
		"changed": {resume(question(), func(tx pgx.Tx) error {
			return db.New(tx).Checkpoint(t.Context(), gate, []byte(`{"INVOICE": 18}`))
		}), gate},
		"other_user": {postern.Cancel(t.Context(), o.application.Pool, postern.TokenSession(o.signer, "BOB"), question(), ""), ""},
	} {
		var invalid *postern.TicketInvalid
		if !errors.As(test.err, &invalid) || invalid.Reason != reason || invalid.Explanation == "" || invalid.Gate != test.gate || invalid.Server.Hint == "" {
			t.Errorf("%s: got %v, as %+v", reason, test.err, invalid)
		}
	}
	// A ticket that was used too late.
	o.exec(t, `
create function public.age() returns trigger language plpgsql as $$ begin new.expires_at := clock_timestamp(); return new; end $$;
create trigger age before insert on postern_internal.ticket for each row execute function public.age()`)
	err := resume(question(), func(tx pgx.Tx) error { return approve(t.Context(), tx) })
	var invalid *postern.TicketInvalid
	if !errors.As(err, &invalid) || invalid.Reason != "expired" || !invalid.ExpiresAt.Before(time.Now()) {
		t.Errorf("the expired ticket: got %v, as %+v", err, invalid)
	}
}

// The answer that locks says until when, and so does each later one.
func TestLockSaysUntilWhen(t *testing.T) {
	o := newOffice(t)
	if err := db.New(o.Pool).SetSetting(t.Context(), "max_failures", "1"); err != nil {
		t.Fatal(err)
	}
	attempt := func() error {
		var required *postern.CheckpointRequired
		if err := o.approve(t.Context(), o.application.Pool, nil); !errors.As(err, &required) {
			t.Fatal(err)
		}
		return postern.Resume(t.Context(), o.application.Pool, o.alice, required.Challenge, postern.Answer{Username: "ALICE", Response: typo}, nil)
	}
	var denied *postern.Denied
	if err := attempt(); !errors.As(err, &denied) || denied.UnlocksAt.IsZero() {
		t.Fatalf("the answer that locks: got %v, want a *Denied with a time: %+v", err, denied)
	}
	var locked *postern.Locked
	if err := attempt(); !errors.As(err, &locked) || !locked.UnlocksAt.Equal(denied.UnlocksAt) {
		t.Errorf("an answer while locked: got %v, want a *Locked until %v: %+v", err, denied.UnlocksAt, locked)
	}
}

// A row of another company is refused with its own error type, whichever statement writes it. A missing grant is not.
func TestRowOfAnotherCompanyIsRefused(t *testing.T) {
	o := newOffice(t)
	admin := db.New(o.Pool)
	for _, err := range []error{
		admin.CreateCompany(t.Context(), "10", "Nordic Paper"),
		admin.CreateCompany(t.Context(), "20", "Baltic Timber"),
		admin.GrantCompany(t.Context(), "ALICE", "10", true),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	application := pgx.Identifier{o.application.Name}.Sanitize()
	o.exec(t, `
create table public."an ""odd"" table" (company text, no integer primary key);
create table public.payroll (company text);
grant select, insert, update on public."an ""odd"" table" to `+application+`;
select postern.protect_company('public."an ""odd"" table"');
insert into public."an ""odd"" table" values ('20', 20)`)
	for _, statement := range []string{
		`insert into public."an ""odd"" table" values ('20', 1)`,
		`insert into public."an ""odd"" table" values ('10', 20) on conflict (no) do update set company = excluded.company`,
		`with own as (insert into public."an ""odd"" table" values ('10', 2) returning *) select * from own; update public."an ""odd"" table" set company = '20' where no = 2`,
	} {
		err := postern.Do(t.Context(), o.application.Pool, o.alice, nil, func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), statement)
			return err
		})
		var refused *postern.RowRefused
		if !errors.As(err, &refused) || refused.Table != `an "odd" table` || refused.Policy == "" || refused.Server.Code != "42501" {
			t.Errorf("%s: got %T %v, as %+v", statement, err, err, refused)
		}
	}
	err := postern.Do(t.Context(), o.application.Pool, o.alice, nil, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), "insert into public.payroll values ('10')")
		return err
	})
	var refused *postern.RowRefused
	if testdb.Code(err) != "42501" || errors.As(err, &refused) {
		t.Errorf("a missing grant: got %v, want 42501 that is no *RowRefused", err)
	}
}
