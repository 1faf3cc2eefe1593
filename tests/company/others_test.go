package company_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	. "github.com/posternsql/postern/internal/testsql"
)

// A user learns who works in the user's own companies, and nothing about others, not even through a different error.
func TestOnlyColleaguesSeeEachOther(t *testing.T) {
	database := newScene(t)
	application := database.Login(t, "postern_trusted_app").Connect(t)
	for _, test := range []struct {
		asking, userid, company string
		want                    bool
	}{
		{"BEN", "ANN", "20", true},
		{"ANN", "BEN", "20", true},
		{"ANN", "CARL", "20", false},
		{"BEN", "ANN", "10", false}, // she is, but he may not know
		{"CARL", "ANN", "10", false},
		{"CARL", "ANN", "20", false},
		{"CARL", "CARL", "20", false},
		{"BEN", "BEN", "20", true},
		{"BEN", "NOBODY", "20", false},
	} {
		tx := Begin(t, application, test.asking)
		if got := Value[bool](t, tx, "select postern.is_company_user($1, $2)", test.company, test.userid); got != test.want {
			t.Errorf("%s asks about %s in %s: got %v, want %v", test.asking, test.userid, test.company, got, test.want)
		}
		for _, sql := range []string{"select user_finance_api.exist($1, $2)", "select postern.require_company_user($1, $2)"} {
			Within(t, tx, func(tx pgx.Tx) {
				if test.want {
					Run(t, tx, sql, test.company, test.userid)
				} else {
					Refused(t, tx, "PS201", sql, test.company, test.userid)
				}
			})
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	auditor := database.Login(t, "postern_auditor", "postern_user").Connect(t)
	if !Value[bool](t, auditor, "select postern.is_company_user('10', 'ANN')") {
		t.Error("an auditor is told nothing")
	}
}

// Functions that users may call with a name, a company or an id, and what each tells about others. A new function or
// view for members of postern_user fails here until somebody has thought about that.
func TestWhatUsersMayAskAbout(t *testing.T) {
	database := newScene(t)
	nothing := []string{ // about others: they concern the session's own user, the caller's arguments, or the installation
		"authorize_comb_finance_api.is_allowed", "authorize_comb_finance_api.is_allowed_codestring",
		"fnd_session_api.get_fnd_user",
		"int_led_auth_comb_finance_api.is_allowed",
		"message_sys.add_attribute", "message_sys.construct", "message_sys.find_attribute", "message_sys.get_attributes",
		"message_sys.get_name", "message_sys.remove_attribute", "message_sys.set_attribute",
		"postern.add_message_attribute", "postern.construct_message", "postern.find_message_attribute", "postern.jsonb_to_message",
		"postern.message_attributes", "postern.message_name", "postern.message_timestamp", "postern.message_to_jsonb",
		"postern.remove_message_attribute", "postern.set_message_attribute",
		"postern.cancel", "postern.current_companies", "postern.current_company_numbers", "postern.current_company_uuids", "postern.current_userid", "postern.dual", "postern.open_gates", "postern.receipts",
		"postern.add_passkey", "postern.confirm_totp", "postern.enrol_totp", "postern.require_user_role", "postern.set_pin", "postern.ticket_status", "postern.validate_constraint", "postern.wait_sealed",
		"postern.company_finance_auth", "postern.company_finance_auth1", "postern.company_finance_auth_pub", "postern.user_finance_auth_pub",
		"postern.internal_ledger_map", "postern.is_code_string_allowed", "postern.is_combination_allowed",
		"postern.is_current_company_user", "postern.is_ledger_combination_allowed", "postern.ledger_map",
		"postern.has_new_combinations", "postern.is_new_combination_allowed", "postern.is_new_keyed_combination_allowed", "postern.is_new_ledger_combination_allowed",
		"postern.posting_combination", "postern.posting_combination_id",
		"user_finance_api.exist_current_user", "user_finance_api.is_allowed", "user_finance_api.is_authorized", "user_finance_api.is_user_authorized",
	}
	something := map[string]string{
		"postern.authenticate":             "with all_users_valid, which names exist, by side effects: docs/security.md",
		"postern.begin_action":             "which actions are registered, and their gates",
		"postern.challenge":                "which gates are registered, and what they say",
		"postern.checkpoint":               "the same",
		"postern.guard_stops":              "which gates are registered, and which of them stop",
		"postern.reach_guard":              "which gates are registered, and what they say",
		"security_sys.security_checkpoint": "the same",
		"postern.company":                  "which companies there are: the company record is open",
		"postern.is_company_user":          "who works in a company of the current user",
		"postern.require_company_user":     "the same",
		"user_finance_api.exist":           "the same",
		"postern.company_is_indexed":       "whether a table has an index by company, as pg_index says",
		"postern.ledger_key_is_valid":      "whether a table has a key, as pg_constraint says",
		"postern.ledger_map_size":          "how many posting combinations there are, roughly",
		"postern.ledger_bounds":            "where the posting combinations of the user's companies lie",
		"postern.ledger_companies":         "the user's companies",
		"postern.ledger_shifts":            "where the posting combinations of the user's companies lie",
		"postern.internal_ledger_offsets":  "the user's ledgers",
	}
	known := map[string]bool{}
	for _, name := range nothing {
		known[name] = true
	}
	for name := range something {
		known[name] = true
	}
	for _, name := range Values[string](t, database.Pool, `
select distinct n.nspname || '.' || o.name
  from (select p.pronamespace as namespace, p.proname::text as name from pg_proc as p where has_function_privilege('postern_user', p.oid, 'execute')
         union all
        select c.relnamespace, c.relname from pg_class as c where c.relkind in ('r', 'p', 'v', 'm') and has_table_privilege('postern_user', c.oid, 'select')) as o
  join pg_namespace as n on n.oid = o.namespace
 where pg_get_userbyid(n.nspowner) = 'postern_owner' and has_schema_privilege('postern_user', n.oid, 'usage')`) {
		if !known[name] {
			t.Errorf("what does %s tell a user about others?", name)
		}
		delete(known, name)
	}
	for name := range known {
		t.Errorf("%s is listed, and no user may use it", name)
	}
}
