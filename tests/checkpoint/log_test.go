package checkpoint_test

import (
	"testing"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

func TestLogOnlyGrows(t *testing.T) {
	c := newCompany(t, alice)
	asked := c.stop(t, alice, approveGate, approveParameters).Challenge
	c.answer(t, alice, asked, alice, "wrong", nil)
	if err := c.resend(t, alice, c.answer(t, alice, asked, alice, pins[alice], nil), approveGate, approveParameters); err != nil {
		t.Fatal(err)
	}
	before := c.log(t)
	if len(before) != 2 {
		t.Fatalf("the log is %+v", before)
	}
	for _, who := range []string{"postern_owner", c.Config(t).User} {
		for _, change := range []string{
			"update postern_internal.checkpoint_entry set message = 'x'",
			"update postern_internal.checkpoint_entry set message = message where false",
			"delete from postern_internal.checkpoint_entry where outcome = 'denied'",
			"delete from postern_internal.checkpoint_entry",
			"truncate postern_internal.checkpoint_entry",
			"truncate postern_internal.checkpoint_entry restart identity cascade",
		} {
			connection := c.Connect(t)
			testsql.Run(t, connection, `set role "`+who+`"`)
			testdb.RequireCode(t, execute(t, connection, change), "55000")
		}
	}
	// The view is no way around that for anybody who may read it.
	for _, change := range []string{
		"update postern.checkpoint_log set comment = 'x'",
		"delete from postern.checkpoint_log",
		"insert into postern.checkpoint_log (gate_id, userid, comment) values ('X', 'X', 'X')",
	} {
		if err := execute(t, c.auditor, change); testdb.Code(err) != "42501" {
			t.Errorf("%s by an auditor: got %v, want 42501", change, err)
		}
	}
	if after := c.log(t); asJSON(t, after) != asJSON(t, before) {
		t.Errorf("the log is %+v", after)
	}
}

func TestDenialNamesWhatWasTyped(t *testing.T) {
	c := newCompany(t, alice, bob)
	asked := c.stop(t, alice, approveGate, approveParameters).Challenge
	comment := "Let me in."
	c.answer(t, alice, asked, "Robert'); drop table students;--", "wrong", &comment)
	c.answer(t, alice, asked, bob, pins[bob], nil)
	log := c.log(t)
	if len(log) != 2 {
		t.Fatalf("the log is %+v", log)
	}
	for n, typed := range []string{"Robert'); drop table students;--", bob} {
		got := log[n]
		if got.Outcome != "denied" || got.Userid != alice || got.AuthenticatedBy == nil || *got.AuthenticatedBy != typed ||
			got.Gate != approveGate || got.Message != "Invoice 100-7 approved" || got.Parameters != approveParameters {
			t.Errorf("entry %d of the log is %+v", n, got)
		}
	}
	if log[0].Comment == nil || *log[0].Comment != comment || log[1].Comment != nil {
		t.Errorf("the comments are %v and %v", log[0].Comment, log[1].Comment)
	}
}

// An approval that was never used is not a business event, so the log does not show it.
func TestUnusedApprovalIsNotShown(t *testing.T) {
	c := newCompany(t, alice)
	c.approve(t, alice, approveGate, approveParameters)
	if log := c.log(t); len(log) != 0 {
		t.Errorf("the log is %+v", log)
	}
}

func TestLogTellsWhereAnEntryCameFrom(t *testing.T) {
	c := newCompany(t, alice)
	testsql.Run(t, c.application, "set application_name = 'purchasing'")
	asked := c.stop(t, alice, approveGate, approveParameters).Challenge
	if err := c.call(t, alice, "select postern.cancel($1)", asked); err != nil {
		t.Fatal(err)
	}
	if !testsql.Value[bool](t, c.auditor, `
select application_name = 'purchasing' and session_role = $1::text and logged_at between clock_timestamp() - interval '1 min' and clock_timestamp()
  from postern.checkpoint_log`, c.application.Config().User) {
		t.Error("the entry does not tell")
	}
}

// A salt costs a pass microseconds where it is drawn, so a pass takes the salt of its ticket. Another ticket has
// another one.
func TestPassesOfATicketShareItsSalt(t *testing.T) {
	c := newCompany(t, alice)
	for range 2 {
		if err := c.resend(t, alice, c.approve(t, alice, approveGate, approveParameters), approveGate, approveParameters); err != nil {
			t.Fatal(err)
		}
	}
	if got := testsql.Value[string](t, c.Pool, `
select concat_ws(' ', count(*) filter (where e.outcome = 'passed' and e.salt = t.salt), count(*) filter (where e.outcome = 'accepted' and e.salt <> t.salt),
                 count(distinct e.salt))
  from postern_internal.checkpoint_entry as e
  join postern_internal.ticket as t using (ticket)`); got != "2 2 4" {
		t.Errorf("passes with their ticket's salt, approvals with another one, salts: %s, want 2 2 4", got)
	}
}
