package access_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// sight is what a user sees: the posting combinations of each company and internal ledger where the user works.
type sight map[string][]int64

// seen reads what the policies show a user.
func seen(t *testing.T, database *testdb.Database, application *pgx.Conn, userid string) sight {
	t.Helper()
	found := sight{}
	if !testsql.Value[bool](t, database.Pool, "select coalesce((select active from postern.user_account where userid = $1), false)", userid) {
		return found
	}
	read := func(q testsql.Querier, sql string, arguments ...any) {
		for _, line := range testsql.Values[string](t, q, sql, arguments...) {
			place := struct {
				Name string
				IDs  []int64
			}{}
			if err := json.Unmarshal([]byte(line), &place); err != nil {
				t.Fatal(err)
			}
			found[place.Name] = append(found[place.Name], place.IDs...)
		}
	}
	read(database.Pool, "select jsonb_build_object('name', u.company || '/' || u.ledger_id) from postern.ledger_user as u where u.userid = $1", userid)
	testsql.As(t, application, userid, func(tx pgx.Tx) {
		read(tx, `
select jsonb_build_object('name', u.company || '/') from postern.user_finance_auth_pub as u
 union all
select jsonb_build_object('name', r.company || '/', 'ids', jsonb_agg(r.posting_combination_id)) from accounting.ledger_row as r group by r.company
 union all
select jsonb_build_object('name', r.company || '/' || r.ledger_id, 'ids', jsonb_agg(r.posting_combination_id)) from accounting.internal_row as r group by r.company, r.ledger_id`)
	})
	return found
}

// effects are the lines that a preview should have for a user.
func effects(userid string, before, after sight) []string {
	missing := func(from, in []int64) (count int) {
		for _, id := range from {
			if !slices.Contains(in, id) {
				count++
			}
		}
		return count
	}
	lines := []string{}
	compare := func(effect string, before, after sight) {
		for place, ids := range after {
			known, wasThere := before[place]
			if gained := missing(ids, known); !wasThere || gained > 0 {
				lines = append(lines, fmt.Sprintf("%s %s %s %d", userid, effect, place, gained))
			}
		}
	}
	compare("gains", before, after)
	compare("loses", after, before)
	return lines
}

// What the policies show before and after a change is the truth. The preview comes first, and must not disagree.
func TestPreviewSaysWhatTheChangeThenDoes(t *testing.T) {
	t.Parallel()
	database := newScene(t)
	application := database.Login(t, "postern_trusted_app").Connect(t)
	administrator := database.Login(t, "postern_admin").Connect(t)
	users := []string{"ANN", "BEN", "CARL", "DORA", "EVA", "FRED"}
	for _, change := range []struct{ name, changes, sql string }{
		{"a rule more", `{"rules": [{"company": "10", "class": "SALES", "allowed": true, "code_a": "4%"}]}`,
			"select postern.add_authority_combination('10', 'SALES', true, '4%')"},
		{"a rule that denies", `{"rules": [{"company": "10", "class": "SALES", "allowed": false, "code_a": "39%"}]}`,
			"select postern.add_authority_combination('10', 'SALES', false, '39%')"},
		{"a rule less", `{"rules": [{"company": "10", "class": "SALES", "allowed": false, "code_b": "9_", "remove": true}]}`,
			"select postern.remove_authority_combination(rule_id) from postern.authority_combination where code_b = '9_'"},
		{"rules of a ledger's class", `{"rules": [{"company": "10", "ledger_id": "IFRS", "class": "NARROW", "allowed": true, "code_a": "3%", "code_b": " "},
		                                          {"company": "10", "ledger_id": "IFRS", "class": "NARROW", "allowed": true, "code_a": "4%", "remove": true}]}`,
			"select postern.add_ledger_combination('10', 'IFRS', 'NARROW', true, '3%', ' '); select postern.remove_authority_combination(rule_id) from postern.authority_combination where class = 'NARROW' and code_a = '4%'"},
		{"another class", `{"company_users": [{"company": "10", "userid": "ben", "class": "SALES"}]}`,
			"select postern.set_user_authority_class('10', 'BEN', 'SALES')"},
		{"no class", `{"company_users": [{"company": "10", "userid": "ANN", "class": null}]}`,
			"select postern.set_user_authority_class('10', 'ANN', null)"},
		{"a new class with rules, at once with its user",
			`{"classes": [{"company": "10", "class": "NEW"}], "rules": [{"company": "10", "class": "NEW", "allowed": true, "code_a": "[_]"}, {"company": "10", "class": "NEW", "allowed": true, "code_a": "_000"}],
			  "company_users": [{"company": "10", "userid": "ANN", "class": "NEW"}]}`,
			"select postern.create_authority_class('10', 'NEW'); select postern.add_authority_combination('10', 'NEW', true, c) from unnest('{[_],_000}'::text[]) as c; select postern.set_user_authority_class('10', 'ANN', 'NEW')"},
		{"another class, whose rules change too",
			`{"rules": [{"company": "10", "class": "NEW", "allowed": true, "code_a": "5%"}], "company_users": [{"company": "10", "userid": "ANN", "class": "SALES"}, {"company": "10", "userid": "CARL", "class": "NEW"}]}`,
			"select postern.add_authority_combination('10', 'NEW', true, '5%'); select postern.set_user_authority_class('10', 'ANN', 'SALES'); select postern.set_user_authority_class('10', 'CARL', 'NEW')"},
		{"a company more, with class MAX", `{"company_users": [{"company": "30", "userid": "EVA", "class": "MAX"}]}`,
			"select postern.grant_company('EVA', '30'); select postern.set_user_authority_class('30', 'EVA', 'MAX')"},
		{"a company more, where a class is needed", `{"company_users": [{"company": "30", "userid": "ANN"}]}`,
			"select postern.grant_company('ANN', '30')"},
		{"a ledger more", `{"ledger_users": [{"company": "10", "ledger_id": "IFRS", "userid": "BEN"}]}`,
			"select postern.grant_ledger('10', 'IFRS', 'BEN')"},
		{"a class in a ledger", `{"ledger_users": [{"company": "10", "ledger_id": "IFRS", "userid": "CARL", "class": "NARROW"}]}`,
			"select postern.set_user_ledger_class('10', 'IFRS', 'CARL', 'NARROW')"},
		{"a company less, and so its ledger", `{"company_users": [{"company": "10", "userid": "CARL", "remove": true}]}`,
			"select postern.revoke_company('CARL', '10')"},
		{"a ledger less", `{"ledger_users": [{"company": "10", "ledger_id": "IFRS", "userid": "BEN", "remove": true}]}`,
			"select postern.revoke_ledger('10', 'IFRS', 'BEN')"},
		{"row-level security", `{"companies": [{"company": "20", "row_level_security": true}]}`,
			"select postern.set_row_level_security('20', true)"},
		{"no row-level security", `{"companies": [{"company": "10", "row_level_security": false}]}`,
			"select postern.set_row_level_security('10', false)"},
		{"a user is deactivated", `{"users": [{"userid": "ANN", "active": false}]}`, "select postern.set_user_active('ANN', false)"},
		{"an inactive user gets more", `{"company_users": [{"company": "10", "userid": "ANN", "class": "MAX"}]}`, "select postern.set_user_authority_class('10', 'ANN', 'MAX')"},
		{"a user is activated", `{"users": [{"userid": "ANN", "active": true}], "companies": [{"company": "10", "row_level_security": true}]}`,
			"select postern.set_user_active('ANN', true); select postern.set_row_level_security('10', true)"},
		{"a new user", `{"users": [{"userid": "FRED", "description": "Fred"}], "company_users": [{"company": "20", "userid": "Fred"}]}`,
			"select postern.create_user('FRED', 'Fred'); select postern.grant_company('FRED', '20')"},
		{"a new company", `{"companies": [{"company": "40", "name": "Forty", "row_level_security": true}], "company_users": [{"company": "40", "userid": "FRED", "class": "MAX"}]}`,
			"select postern.create_company('40', 'Forty'); select postern.set_row_level_security('40', true); select postern.grant_company('FRED', '40'); select postern.set_user_authority_class('40', 'FRED', 'MAX')"},
		{"what is there already", `{"rules": [{"company": "10", "class": "SALES", "allowed": true, "code_a": "3%"}], "company_users": [{"company": "40", "userid": "FRED", "class": "MAX"}]}`, "select"},
		{"nothing", "{}", "select"},
	} {
		before := map[string]sight{}
		for _, userid := range users {
			before[userid] = seen(t, database, application, userid)
		}
		got := testsql.Values[string](t, administrator, `
select format('%s %s %s %s', i.userid, i.effect, i.company || '/' || coalesce(i.ledger_id, ''), i.combinations)
  from postern.access_impact($1) as i where i.company is not null`, change.changes)
		testsql.Run(t, administrator, change.sql)
		want := []string{}
		for _, userid := range users {
			want = append(want, effects(userid, before[userid], seen(t, database, application, userid))...)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: the preview said\n%q, and what happened is\n%q", change.name, got, want)
		}
	}
}

func TestPreviewShowsWhatAsksLess(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	administrator := database.Login(t, "postern_admin").Connect(t)
	testsql.Run(t, database.Pool, `
select postern.register_gate(g, 'Pay', 'Paid &NO of &AMOUNT', '{NO,AMOUNT}', true) from unnest('{APP_PAY,APP_SEND}'::text[]) as g;
select postern.register_gate('APP_OFF', 'Off', 'Done', '{}', false);
select postern.register_action('Pay', 'APP_PAY', '{}');
select postern.create_user('ANN', 'Ann');
create table public.payment (no integer, amount numeric, company text);
create table public.invoice (company text, firm text);
select postern.protect_company('public.invoice');
select postern.protect_gate('public.payment', 'APP_PAY', '{update}', '{amount}')`)
	role := database.Login(t)
	check := func(changes string, want ...string) {
		t.Helper()
		got := testsql.Values[string](t, administrator, `
select concat_ws(' ', i.effect, i.userid, i.kind, i.name || ':', i.reason) from postern.access_impact($1) as i`, changes)
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", changes, got, want)
		}
	}
	check(`{"settings": [{"name": "checkpoints_enabled", "value": "off"}]}`,
		"gains action Pay: None of its gates asks any more.",
		"gains gate APP_PAY: It no longer asks.", "gains gate APP_SEND: It no longer asks.",
		"gains setting checkpoints_enabled: No gate stops transactions, except built-in ones.")
	check(`{"settings": [{"name": "all_users_valid", "value": "true"}, {"name": "max_failures", "value": "3"}]}`,
		"gains setting all_users_valid: Other users may approve in a user's session.")
	testsql.Run(t, database.Pool, "create function public.lift() returns void language sql as $$ select postern_internal.lift_administration_gate('test') $$")
	administers := func(value string) {
		t.Helper()
		testsql.Run(t, database.Pool, "begin; select public.lift(); select postern.set_setting('administration_gate', '"+value+"'); commit")
	}
	administers("gate, company")
	check(`{"settings": [{"name": "administration_gate", "value": "none"}]}`,
		"gains gate POSTERN_ADMINISTRATION: It no longer asks.",
		"gains setting administration_gate: Administrators change these kinds without an approval: company, credential, gate, login, passkey, session_key, setting, user.")
	check(`{"settings": [{"name": "administration_gate", "value": "Gate, action"}]}`,
		"gains setting administration_gate: Administrators change these kinds without an approval: company.",
		"loses setting administration_gate: Administrators have to approve changes of these kinds: action.")
	check(`{"settings": [{"name": "administration_gate", "value": "gates"}]}`,
		"gains gate POSTERN_ADMINISTRATION: It no longer asks.",
		"gains setting administration_gate: Administrators change these kinds without an approval: company, credential, gate, login, passkey, session_key, setting, user.")
	check(`{"settings": [{"name": "administration_gate", "value": "company,gate,user"}]}`)
	administers("none")
	check(`{"settings": [{"name": "administration_gate", "value": "gate"}]}`,
		"loses gate POSTERN_ADMINISTRATION: It asks from now on.",
		"loses setting administration_gate: Administrators have to approve changes of these kinds: credential, gate, login, passkey, session_key, setting, user.")
	check(`{"gates": [{"gate_id": "APP_SEND", "active": false}, {"gate_id": "APP_OFF", "active": true}, {"gate_id": "APP_NEW", "description": "d", "message": "m", "active": true}]}`,
		"gains gate APP_SEND: It no longer asks.", "loses gate APP_NEW: It asks from now on.", "loses gate APP_OFF: It asks from now on.")
	check(`{"gates": [{"gate_id": "APP_SEND", "bound_parameters": ["NO"]}, {"gate_id": "APP_PAY", "exclusive": false}]}`,
		"gains gate APP_PAY: An approval of other gates opens it too.", "gains gate APP_SEND: It no longer binds AMOUNT.")
	check(`{"gates": [{"gate_id": "APP_SEND", "message": "Other", "parameters": ["NO", "AMOUNT"], "exclusive": true}]}`,
		"loses gate APP_SEND: Each pass needs its own approval.")
	testsql.Run(t, database.Pool, "select postern.set_scheme_enabled('TOTP', true)")
	check(`{"gates": [{"gate_id": "APP_SEND", "schemes": ["TOTP"]}, {"gate_id": "APP_OFF", "schemes": ["TOTP"]}, {"gate_id": "APP_NEW", "description": "d", "message": "m", "schemes": ["TOTP"]}]}`,
		"loses gate APP_SEND: Each pass needs its own approval.", "loses gate APP_SEND: It no longer accepts PIN.")
	check(`{"gates": [{"gate_id": "APP_SEND", "schemes": null}]}`)
	testsql.Run(t, database.Pool, "select postern.set_gate_schemes('APP_PAY', '{TOTP}')")
	check(`{"gates": [{"gate_id": "APP_PAY", "schemes": ["PIN"]}]}`, "gains gate APP_PAY: It accepts PIN too.", "loses gate APP_PAY: It no longer accepts TOTP.")
	check(`{"gates": [{"gate_id": "APP_PAY", "schemes": null}]}`, "gains gate APP_PAY: It accepts PIN too.")
	check(`{"gates": [{"gate_id": "APP_PAY", "message": "Other"}]}`)
	testsql.Run(t, database.Pool, "select postern.set_gate_schemes('APP_PAY', null)")
	check(`{"actions": [{"action": "Pay", "legacy_checkpoints": ["APP_SEND"]}, {"action": "New", "checkpoint": "APP_OFF"}]}`,
		"gains action New: It can be begun.", "gains action Pay: An approval of it opens APP_SEND.")
	check(`{"actions": [{"action": "Pay", "checkpoint": null}]}`,
		"gains action Pay: None of its gates asks any more.", "loses action Pay: An approval of it no longer opens APP_PAY.")
	check(`{"actions": [{"action": "Pay", "remove": true}]}`, "loses action Pay: It can no longer be begun.")
	check(fmt.Sprintf(`{"users": [{"userid": "ann", "db_role": "%s"}]}`, role.Name), "gains ANN database_role "+role.Name+": It acts as the user.")
	check(`{"protected_tables": [{"schema_name": "public", "table_name": "invoice", "remove": true}, {"schema_name": "public", "table_name": "payment", "protection": "company"}]}`,
		"gains table public.invoice: Its rows are no longer protected.", "loses table public.payment: Its rows are protected from now on.")
	check(`{"protected_tables": [{"schema_name": "public", "table_name": "invoice", "company_column": "firm"}]}`,
		"gains table public.invoice: Other columns decide which rows are seen.")
	guard := func(more string) string {
		return `{"guards": [{"schema_name": "public", "table_name": "payment", "gate_id": "APP_PAY"` + more + `}]}`
	}
	check(guard(""))
	check(guard(`, "remove": true`), "gains guard APP_PAY on public.payment: The table is no longer guarded.")
	check(guard(`, "operations": ["insert"], "columns": null`),
		"gains guard APP_PAY on public.payment: It no longer guards all operations of before.",
		"loses guard APP_PAY on public.payment: It guards more columns.", "loses guard APP_PAY on public.payment: It guards more operations.")
	check(guard(`, "columns": ["company"], "condition": "new.amount > 0", "exclusive": false, "parameters": {"NO": "no", "AMOUNT": "no"}`),
		"gains guard APP_PAY on public.payment: An approval of other gates opens it too.",
		"gains guard APP_PAY on public.payment: It no longer guards all columns of before.",
		"gains guard APP_PAY on public.payment: Its condition is another one.",
		"gains guard APP_PAY on public.payment: Its parameters come from elsewhere.",
		"loses guard APP_PAY on public.payment: It guards more columns.")
	check(`{"guards": [{"schema_name": "public", "table_name": "invoice", "gate_id": "APP_SEND"}]}`,
		"loses guard APP_SEND on public.invoice: The table is guarded from now on.")
}

// A preview that leaves out what it does not understand would say that nobody gains.
func TestPreviewRefusesWhatItDoesNotUnderstand(t *testing.T) {
	t.Parallel()
	database := newScene(t)
	administrator := database.Login(t, "postern_admin").Connect(t)
	for changes, code := range map[string]string{
		"null":           "PS107",
		"[]":             "PS107",
		`{"rule": []}`:   "PS107",
		`{"rules": {}}`:  "PS107",
		`{"rules": [1]}`: "PS107",
		`{"rules": [{"company": "10", "class": "SALES"}]}`:                                                               "PS107",
		`{"rules": [{"company": "10", "class": "SALES", "allowed": "yes"}]}`:                                             "PS107",
		`{"rules": [{"company": 10, "class": "SALES", "allowed": true}]}`:                                                "PS107",
		`{"rules": [{"company": "10", "class": "SALES", "allowed": true, "code_k": "1"}]}`:                               "PS107",
		`{"rules": [{"company": "10", "class": "SALES", "allowed": true, "code_a": ""}]}`:                                "PS301",
		`{"rules": [{"company": "10", "class": "SALES", "allowed": true, "code_a": "123456789012345678901"}]}`:           "PS301",
		`{"rules": [{"company": "10", "class": "MAX", "allowed": false}]}`:                                               "PS301",
		`{"rules": [{"company": "10", "class": "SALE", "allowed": true}]}`:                                               "PS301",
		`{"rules": [{"company": "11", "class": "SALES", "allowed": true}]}`:                                              "PS201",
		`{"company_users": [{"company": "10", "userid": "NOBODY"}]}`:                                                     "PS201",
		`{"ledger_users": [{"company": "10", "ledger_id": "GAAP", "userid": "ANN"}]}`:                                    "PS301",
		`{"settings": [{"name": "checkpoint_enabled", "value": "false"}]}`:                                               "PS107",
		`{"actions": [{"action": "Pay", "checkpoint": "APP_NONE"}]}`:                                                     "PS106",
		`{"guards": [{"schema_name": "accounting", "table_name": "ledger_row", "gate_id": "APP_NONE", "remove": true}]}`: "PS106",
	} {
		if got := testsql.Refused(t, administrator, code, "select * from postern.access_impact($1)", changes); got.Detail == "" || got.Hint == "" {
			t.Errorf("%s: DETAIL %q, HINT %q", changes, got.Detail, got.Hint)
		}
	}
	testsql.Refused(t, administrator, "PS107", "select * from postern.access_impact(null)")
}

func TestPreviewChangesNothingAndNeedsNoWrite(t *testing.T) {
	t.Parallel()
	database := newScene(t)
	administrator := database.Login(t, "postern_admin").Connect(t)
	tx, err := administrator.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	if rows := testsql.Value[int](t, tx, `select count(*) from postern.access_impact('{"companies": [{"company": "10", "row_level_security": false}]}')`); rows == 0 {
		t.Error("the preview is empty")
	}
	if testsql.Value[bool](t, tx, "select pg_current_xact_id_if_assigned() is not null") {
		t.Error("the preview has written")
	}
}
