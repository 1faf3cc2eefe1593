package access_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/access"
	"github.com/posternsql/postern/internal/query"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// scene has two companies with row-level security, one without, and an internal ledger. Some posting combinations of
// company 10 are compiled into the maps, and some are not.
const scene = `
select postern.create_user(u, 'The user ' || u) from unnest('{ANN,BEN,CARL,DORA,EVA}'::text[]) as u;
select postern.create_company(c, 'Company ' || c) from unnest('{10,20,30}'::text[]) as c;
select postern.grant_company(u, c, c = '10') from (values ('ANN', '10'), ('ANN', '20'), ('BEN', '10'), ('BEN', '30'), ('CARL', '10'), ('CARL', '20'), ('DORA', '30')) as g (u, c);
select postern.set_row_level_security(c, true) from unnest('{10,30}'::text[]) as c;
select postern.create_authority_class('10', 'SALES');
select postern.add_authority_combination('10', 'SALES', true, '3%');
select postern.add_authority_combination('10', 'SALES', false, code_b => '9_');
select postern.set_user_authority_class('10', 'ANN', 'SALES');
select postern.set_user_authority_class('10', 'BEN', 'MAX');
select postern.set_user_authority_class('30', 'DORA', 'MAX');
select postern.create_ledger('10', 'IFRS');
select postern.create_ledger_class('10', 'IFRS', 'NARROW');
select postern.add_ledger_combination('10', 'IFRS', 'NARROW', true, '4%');
select postern.grant_ledger('10', 'IFRS', u) from unnest('{ANN,CARL}'::text[]) as u;
select postern.set_user_ledger_class('10', 'IFRS', 'ANN', 'NARROW');
create schema accounting;
create table accounting.ledger_row (company text, ledger_id text, posting_combination_id bigint);
create function accounting.add_rows(company text, codes integer[]) returns void language sql as $$
  insert into accounting.ledger_row
  select $1, l, postern.posting_combination_id($1, a::text, nullif(b, 0)::text)
    from unnest($2) as a, unnest('{0,90,91,100}'::integer[]) as b, unnest('{GENERAL,IFRS}'::text[]) as l
$$;
select accounting.add_rows('10', '{3000,3001,4000,4100,5000}');
select accounting.add_rows('20', '{3000,3001}');
select accounting.add_rows('30', '{1000}');
select postern.compile_authority_maps();
select accounting.add_rows('10', '{3900,4900}');
create table accounting.internal_row as select * from accounting.ledger_row where ledger_id = 'IFRS';
delete from accounting.ledger_row where ledger_id = 'IFRS';
select postern.protect_ledger('accounting.ledger_row');
select postern.protect_ledger('accounting.internal_row', ledger_column => 'ledger_id');
grant usage on schema accounting to postern_user;
grant select on accounting.ledger_row, accounting.internal_row to postern_user;`

func newScene(t *testing.T) *testdb.Database {
	t.Helper()
	database := testdb.New(t)
	testsql.Run(t, database.Pool, scene)
	return database
}

// page reads the page of a user.
func page(t *testing.T, q testsql.Querier, userid string) *access.Page {
	t.Helper()
	page := &access.Page{}
	if err := json.Unmarshal([]byte(testsql.Value[string](t, q, "select postern.user_access($1)::text", userid)), page); err != nil {
		t.Fatal(err)
	}
	return page
}

// report reads the report through the package of the command.
func report(t *testing.T, connection *pgx.Conn) *collected {
	t.Helper()
	found := &collected{users: map[string]*access.User{}}
	head, err := access.Report(t.Context(), connection, found, nil)
	if err != nil {
		t.Fatal(err)
	}
	found.head = head
	return found
}

type collected struct {
	head    *access.Head
	gates   []query.Gate
	actions []query.Action
	rules   []query.AuthorityCombination
	order   []string
	users   map[string]*access.User
}

func (c *collected) Head(*access.Head) error              { return nil }
func (c *collected) Gates(gates []query.Gate) error       { c.gates = gates; return nil }
func (c *collected) Actions(actions []query.Action) error { c.actions = actions; return nil }
func (c *collected) Rules(r []query.AuthorityCombination) error {
	c.rules = append(c.rules, r...)
	return nil
}
func (c *collected) User(user *access.User) error {
	c.order = append(c.order, user.UserID)
	c.users[user.UserID] = user
	return nil
}

func asJSON(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// What the policies show is the truth: each posting combination has one row in each table.
func TestCountsAreThoseOfThePolicies(t *testing.T) {
	t.Parallel()
	database := newScene(t)
	application := database.Login(t, "postern_trusted_app").Connect(t)
	auditor := database.Login(t, "postern_auditor").Connect(t)
	check := func(state string) {
		t.Helper()
		all := report(t, auditor)
		for _, userid := range []string{"ANN", "BEN", "CARL", "DORA", "EVA"} {
			account := page(t, auditor, userid).Account
			if got, want := asJSON(t, all.users[userid].Account), asJSON(t, account); got != want {
				t.Errorf("%s: the report has %s, and the page %s", state, got, want)
			}
			got := []string{}
			for _, company := range account.Companies {
				got = append(got, fmt.Sprintf("%s %d", company.Company, company.Combinations))
				if want := testsql.Value[int64](t, database.Pool, "select count(*) from postern.posting_combination where company = $1", company.Company); company.OfCombinations != want {
					t.Errorf("%s: company %s has %d posting combinations, and %s is said to have %d", state, company.Company, want, userid, company.OfCombinations)
				}
				for _, ledger := range company.Ledgers {
					got = append(got, fmt.Sprintf("%s %s %d", company.Company, ledger.LedgerID, ledger.Combinations))
				}
			}
			slices.Sort(got)
			var want []string
			testsql.As(t, application, userid, func(tx pgx.Tx) {
				want = testsql.Values[string](t, tx, `
select format('%s %s', u.company, (select count(*) from accounting.ledger_row as r where r.company = u.company))
  from postern.user_finance_auth_pub as u
 union all
select format('%s IFRS %s', r.company, count(*)) from accounting.internal_row as r group by r.company
 order by 1`)
			})
			if !slices.Equal(got, want) {
				t.Errorf("%s: %s sees %q, and is said to see %q", state, userid, want, got)
			}
		}
	}
	check("with a tail that is not compiled")
	testsql.Run(t, database.Pool, "select postern.compile_authority_maps()")
	check("with compiled maps")
	testsql.Run(t, database.Pool, "select postern.set_row_level_security('10', false)")
	check("without row-level security")
	testsql.Run(t, database.Pool, "select postern.set_row_level_security('10', true); select postern.set_user_authority_class('10', 'ANN', null)")
	check("without a class")
}

func TestPageHasTheRulesOfTheUsersClasses(t *testing.T) {
	t.Parallel()
	database := newScene(t)
	auditor := database.Login(t, "postern_auditor").Connect(t)
	ann := page(t, auditor, "ann") // in any spelling
	got := []string{}
	for _, rule := range ann.Rules {
		ledgerID := "-"
		if rule.LedgerID != nil {
			ledgerID = *rule.LedgerID
		}
		got = append(got, fmt.Sprintf("%s %s %s %v %s %s", rule.Company, ledgerID, rule.Class, rule.Allowed, rule.CodeA, rule.CodeB))
	}
	if want := []string{"10 - SALES true 3% %", "10 - SALES false % 9_", "10 IFRS NARROW true 4% %"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(page(t, auditor, "EVA").Rules) != 0 {
		t.Error("a user without classes has rules")
	}
	if rules := report(t, auditor).rules; len(rules) != 7 { // those above, and one of each MAX
		t.Errorf("the report has %d rules", len(rules))
	}
	testsql.Refused(t, auditor, "PS107", "select postern.user_access('NOBODY')")
	testsql.Refused(t, auditor, "PS107", "select postern.user_access(null)")
	testsql.Refused(t, auditor, "PS107", "select * from postern.access_report(null, 0)")
	testsql.Refused(t, auditor, "PS107", "select * from postern.access_report(null, null)")
}

// The verdict of authenticate is the truth: what the page says is tried at each gate.
func TestApprovalsAreThoseThatAuthenticateAccepts(t *testing.T) {
	t.Parallel()
	database := newScene(t)
	application := database.Login(t, "postern_trusted_app").Connect(t)
	auditor := database.Login(t, "postern_auditor").Connect(t)
	testsql.Run(t, database.Pool, `
select postern.register_gate('APP_PAY', 'Pay', 'Paid', '{}', true);
select postern.register_gate('APP_OFF', 'Switched off', 'Done', '{}', false);
select postern.register_action('PayAll', 'APP_PAY', '{}');
select postern.register_action('DoNothing', 'APP_OFF', '{}');
update postern_internal.credential
   set hash = postern_internal.hash_pin('pin of ' || userid, '$2a$04$abcdefghijklmnopqrstuu'), must_change = userid = 'BEN'
 where userid in ('ANN', 'BEN', 'CARL', 'DORA');
select postern.set_user_active('DORA', false);
create function public.card(userid text, response text, challenge jsonb) returns boolean
  language sql security definer set search_path = pg_catalog, pg_temp return userid is not null and response = 'card of ' || userid;
revoke execute on function public.card from public;
grant execute on function public.card to postern_owner`)
	asked := func(userid, gate string) string {
		tx := testsql.Begin(t, application, userid)
		defer func() { _ = tx.Rollback(t.Context()) }()
		parameters := "{}"
		switch gate {
		case "POSTERN_TOTP_CONFIRM":
			parameters = `{"APP": "x"}`
		case "POSTERN_PASSKEY_FIRST", "POSTERN_PASSKEY_ADD":
			parameters = `{"NAME": "x", "KEY": "x"}`
		}
		return testsql.Value[string](t, tx, "select postern.challenge($1, $2::jsonb)", gate, parameters)
	}
	accepts := func(userid, gate, scheme string) bool {
		challenge := asked(userid, gate)
		var accepted bool
		tx := testsql.Begin(t, application, userid)
		response := map[string]string{"PIN": "pin of ", "CARD": "card of "}[scheme] + userid
		ticket := ""
		err := tx.QueryRow(t.Context(), "select postern.authenticate($1, $2, $3, scheme => $4)::text", challenge, userid, response, scheme).Scan(&ticket)
		if testdb.Code(err) == "PS107" { // the scheme cannot be used here
			_ = tx.Rollback(t.Context())
			return false
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		testsql.Run(t, database.Pool, "select postern.unlock_user($1)", userid)
		accepted = testsql.Value[string](t, database.Pool, "select verdict::text from postern_internal.ticket where ticket = $1::uuid", ticket) == "accepted"
		return accepted
	}
	check := func(state string, schemes ...string) {
		t.Helper()
		all := report(t, auditor)
		for _, userid := range []string{"ANN", "BEN", "CARL", "EVA"} {
			account := page(t, auditor, userid)
			for _, gate := range account.Gates {
				if !gate.Asks {
					if gate.MayApprove {
						t.Errorf("%s: %s may approve at %s, which does not ask", state, userid, gate.GateID)
					}
					continue
				}
				want := false
				for _, scheme := range schemes {
					accepted := accepts(userid, gate.GateID, scheme)
					want = want || accepted
					if listed := slices.Contains(account.Schemes, scheme); !gate.BuiltIn && listed != accepted {
						t.Errorf("%s: %s with %s at %s: accepted %v, and the page says %v", state, userid, scheme, gate.GateID, accepted, listed)
					}
				}
				if gate.MayApprove != want || slices.Contains(all.users[userid].Gates, gate.GateID) != want {
					t.Errorf("%s: %s at %s: accepted %v, the page says %v, and the report %q", state, userid, gate.GateID, want, gate.MayApprove, all.users[userid].Gates)
				}
			}
		}
		if dora := page(t, auditor, "DORA"); dora.Active || len(dora.Schemes) > 0 || len(all.users["DORA"].Gates)+len(all.users["DORA"].Actions) > 0 {
			t.Errorf("%s: inactive, and still %q at %q and %q", state, dora.Schemes, all.users["DORA"].Gates, all.users["DORA"].Actions)
		}
	}
	check("PIN alone", "PIN")
	for _, gate := range page(t, auditor, "BEN").Gates {
		if gate.MayApprove != (gate.GateID == "POSTERN_PIN_CHANGE") {
			t.Errorf("a PIN that must change opens its change alone: %+v", gate)
		}
	}
	for userid, want := range map[string]string{"ANN": "DoNothing PayAll", "BEN": "DoNothing", "EVA": "DoNothing", "DORA": ""} {
		if got := strings.Join(report(t, auditor).users[userid].Actions, " "); got != want {
			t.Errorf("%s can perform %q, want %q", userid, got, want)
		}
	}
	testsql.Run(t, database.Pool, "select postern.register_scheme('CARD', 'public.card(text, text, jsonb)')")
	check("with a card", "PIN", "CARD")
	testsql.Run(t, database.Pool, "alter function public.card security invoker")
	check("with a card whose function lost its rights", "PIN", "CARD")
	testsql.Run(t, database.Pool, "alter function public.card security definer; select postern.set_setting('checkpoints_enabled', 'false')")
	check("with checkpoints switched off", "PIN", "CARD")
	if got := report(t, auditor).users["BEN"].Actions; len(got) != 2 {
		t.Errorf("nothing asks, and BEN can perform only %q", got)
	}

	if page(t, auditor, "ANN").ApprovesForOthers {
		t.Error("nobody approves for others")
	}
	testsql.Run(t, database.Pool, "select postern.set_setting('all_users_valid', 'true')")
	if !page(t, auditor, "ANN").ApprovesForOthers || page(t, auditor, "DORA").ApprovesForOthers {
		t.Error("with all_users_valid active users approve for others, and no one else")
	}
}

func TestAccountSaysWhatIsLockedAndWhichRolesItHas(t *testing.T) {
	t.Parallel()
	database := newScene(t)
	auditor := database.Login(t, "postern_auditor").Connect(t)
	admin, gone := database.Login(t, "postern_admin"), database.Login(t)
	testsql.Run(t, database.Pool, "select postern.set_user_db_role('ANN', $1)", admin.Name)
	testsql.Run(t, database.Pool, "select postern.set_user_db_role('BEN', $1)", gone.Name)
	testsql.Run(t, database.Pool, "update postern_internal.credential set locked_until = now() + interval '1 hour' where userid = 'BEN'")
	testsql.Run(t, database.Pool, "update postern_internal.credential set locked_until = now() - interval '1 hour' where userid = 'CARL'")

	ann, ben, carl := page(t, auditor, "ANN"), page(t, auditor, "BEN"), page(t, auditor, "CARL")
	if ann.DBRole == nil || *ann.DBRole != admin.Name || !slices.Equal(ann.Roles, []string{"postern_admin"}) || *ann.Login != "allowed" {
		t.Errorf("got %+v", ann.Account)
	}
	testsql.Run(t, database.Pool, "select postern.disallow_login($1)", admin.Name)
	if got := page(t, auditor, "ANN"); *got.Login != "not_allowed" {
		t.Errorf("the login is %q", *got.Login)
	}
	if len(ben.Roles) != 0 || ben.LockedUntil == nil || carl.LockedUntil != nil || carl.DBRole != nil || carl.Login != nil {
		t.Errorf("got %+v and %+v", ben.Account, carl.Account)
	}
	testsql.Run(t, database.Pool, "update postern_internal.end_user set db_role = 'no_such_role' where userid = 'BEN'")
	if got := page(t, auditor, "BEN"); *got.Login != "no_such_role" || len(got.Roles) != 0 {
		t.Errorf("got %+v", got.Account)
	}
	superuser := testsql.Value[string](t, database.Pool, "select session_user::text")
	testsql.Run(t, database.Pool, "update postern_internal.end_user set db_role = session_user where userid = 'BEN'")
	if got := page(t, auditor, "BEN"); *got.DBRole != superuser || !slices.Equal(got.Roles, []string{"superuser"}) || *got.Login != "allowed" {
		t.Errorf("got %+v", got.Account)
	}
}

// Pages follow each other without a gap and without a repetition, in the order of the database's collation.
func TestPagesOfTheReportHaveEachUserOnce(t *testing.T) {
	t.Parallel()
	database := newScene(t)
	testsql.Run(t, database.Pool, "select postern.create_user(u, u) from unnest('{Özlem,ada,Zoe,_x,éva}'::text[]) as u")
	auditor := database.Login(t, "postern_auditor").Connect(t)
	want := testsql.Values[string](t, database.Pool, "select userid from postern_internal.end_user order by userid")
	for _, size := range []int{1, 2, 3, 7, 100} {
		got := []string{}
		var after *string
		for {
			users := testsql.Values[string](t, auditor, "select userid from postern.access_report($1, $2)", after, size)
			if len(users) == 0 {
				break
			}
			got = append(got, users...)
			after = &users[len(users)-1]
		}
		if !slices.Equal(got, want) {
			t.Errorf("in pages of %d: %q, want %q", size, got, want)
		}
	}
}

// slowReport changes the database while a report is read.
type slowReport struct {
	collected
	change func()
}

func (s *slowReport) Gates(gates []query.Gate) error {
	s.change()
	return s.collected.Gates(gates)
}

func TestReportIsReadFromOneSnapshot(t *testing.T) {
	t.Parallel()
	database := newScene(t)
	auditor := database.Login(t, "postern_auditor").Connect(t)
	slow := &slowReport{collected{users: map[string]*access.User{}}, func() {
		testsql.Run(t, database.Pool, `
select postern.revoke_company('ANN', '20');
select postern.create_user('LATE', 'Came late');
select postern.add_authority_combination('10', 'SALES', true, '%');
insert into postern_internal.tree_head (tree_size, root_hash, note) values (7, sha256('x'), 'a head')`)
	}}
	head, err := access.Report(t.Context(), auditor, slow, nil)
	if err != nil {
		t.Fatal(err)
	}
	if head.LogHead != nil || head.Users != 5 || len(slow.users) != 5 || len(slow.rules) != 7 || len(slow.users["ANN"].Companies) != 2 {
		t.Errorf("the report mixes two states: %+v, %q, %d rules, %+v", head, slow.order, len(slow.rules), slow.users["ANN"].Companies)
	}
	if again := report(t, auditor); again.head.LogHead == nil || again.head.LogHead.Note != "a head" || len(again.users) != 6 || len(again.users["ANN"].Companies) != 1 {
		t.Errorf("the next report does not have what was committed: %+v", again.head)
	}
}

// user_account has no index that a condition on it could use. So a page must read it a few times, and not once for each
// of its users, nor compare each user with each of them.
func TestLargePageOfManyUsersTakesSeconds(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	testsql.Run(t, database.Pool, `
insert into postern_internal.end_user (userid, folded, description) select 'USER' || n, 'user' || n, 'User' from generate_series(1, 250000) as n;
insert into postern_internal.credential (userid) select e.userid from postern_internal.end_user as e;
analyze postern_internal.end_user;
analyze postern_internal.credential`)
	auditor := database.Login(t, "postern_auditor").Connect(t)
	testsql.Run(t, auditor, "set statement_timeout = '1min'")
	if rows := testsql.Value[int](t, auditor, "select count(*) from postern.access_report('USER1', 10000)"); rows != 10000 {
		t.Errorf("the page has %d rows", rows)
	}
}

// Only whoever administers gets to this gate: the user of such a login, or the user of its session if it belongs to
// nobody.
func TestAdministratorsApproveTheAdministration(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	ada := testsql.NewAdministrator(t, database, "ADA")
	shut := testsql.NewAdministrator(t, database, "SHUT")
	mute := database.Login(t, "postern_admin")
	clerk := database.Login(t, "postern_user")
	testsql.Run(t, database.Pool, fmt.Sprintf(`
select postern.disallow_login('%s');
select postern.create_user('MUTE', 'Cannot answer', '%s');
select postern.create_user('BOB', 'Bob', '%s');
select postern.create_user('CARL', 'Carl');
select postern.create_user('NEW', 'New')`, shut.Login.Name, mute.Name, clerk.Name))
	for _, userid := range []string{"MUTE", "BOB", "CARL"} {
		testsql.GivePIN(t, database.Pool, userid, "pin of "+userid)
	}
	auditor := database.Login(t, "postern_auditor").Connect(t)
	check := func(state string, want ...string) {
		t.Helper()
		all := report(t, auditor)
		for _, userid := range all.order {
			shown := slices.ContainsFunc(page(t, auditor, userid).Gates, func(g access.Gate) bool { return g.GateID == "POSTERN_ADMINISTRATION" && g.MayApprove })
			if listed := slices.Contains(all.users[userid].Gates, "POSTERN_ADMINISTRATION"); shown != slices.Contains(want, userid) || listed != shown {
				t.Errorf("%s: %s: the page says %v, the report %v", state, userid, shown, listed)
			}
		}
	}
	check("off")
	ada.Do(t, "select postern.set_setting('administration_gate', 'gate')")
	check("on", "ADA")

	office := database.Login(t, "postern_admin", "postern_trusted_app")
	check("an application in which people administer", "ADA", "BOB", "CARL", "MUTE", "SHUT")
	tx := testsql.Begin(t, office.Connect(t), "CARL")
	testsql.Run(t, tx, "select postern.create_user('LATE', 'Late')")
	if asked := testsql.RequestOf(t, tx.Commit(t.Context())); !strings.Contains(asked.Message, "User LATE added") {
		t.Errorf("CARL is asked %s", asked.Message)
	}
	ada.Do(t, fmt.Sprintf("select postern.create_user('OFFICE', 'Office', '%s')", office.Name))
	check("the application is a user", "ADA")
	testsql.Run(t, database.Pool, "begin; select postern_internal.lift_administration_gate('test'); select postern.set_user_active('ADA', false); select postern.set_setting('administration_gate', 'all'); commit")
	check("ADA is deactivated")
}
