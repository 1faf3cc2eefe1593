package checkpoint_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// calls has one statement for each argument of each public function, with $1 for that argument and well-formed values
// for all others.
const calls = `
select format('%s %I.%I(%s)', case p.prokind when 'p' then 'call' else 'select' end, n.nspname, p.proname,
              (select string_agg(
                        case when other.position = tried.position then '$1::text::' || y.typname
                             else quote_literal(
                                    case y.typname
                                      when 'bool' then 'true'
                                      when 'jsonb' then '{"INVOICE_NO": "100-7"}'
                                      when 'uuid' then '00000000-0000-0000-0000-000000000000'
                                      when '_text' then '{A}'
                                      when '_name' then '{A}'
                                      when '_int8' then '{1}'
                                      when 'numeric' then '1'
                                      when 'int4' then '1'
                                      when 'int8' then '1'
                                      when '_int8' then '{1}'
                                      when '_float8' then '{1}'
                                      when '_bytea' then '{x}'
                                      when 'interval' then '0'
                                      when 'xid8' then '1'
                                      when '_xid8' then '{1}'
                                      when 'pg_snapshot' then '1:1:'
                                      when 'oid' then '1'
                                      when 'timestamptz' then '2026-01-01 00:00:00+00'
                                      when 'regprocedure' then 'pg_catalog.lower(text)'
                                      when 'bytea' then repeat('k', 32)
                                      when 'name' then 'postern_user'
                                      when 'regclass' then 'public.voucher'
                                      when '_regclass' then '{public.voucher}'
                                      when '_regtype' then '{text}'
                                      when '_oid' then '{1}'
                                      else case p.proargnames[other.position]
                                             when 'gate_id' then 'SINWOF_APPROVE'
                                             when 'message' then case when p.proname like '%gate%' then 'm' else E'!M\n$A=1' end
                                             when 'msg' then E'!M\n$INVOICE_NO=100-7'
                                             when 'info_msg' then E'!M\n$DESCRIPTION=d\n$MESSAGE=m'
                                             when 'challenge' then $1
                                             when 'new_pin' then 'quite another 5829'
                                             when 'scheme' then 'PIN'
                                             else 'ALICE'
                                           end
                                    end) || '::' || y.typname
                        end, ', ' order by other.position)
                 from unnest(p.proargtypes) with ordinality as other (type, position)
                 join pg_catalog.pg_type as y on y.oid = other.type)),
       format_type(tried.type, null)
  from pg_catalog.pg_proc as p
  join pg_catalog.pg_namespace as n on n.oid = p.pronamespace,
       unnest(p.proargtypes) with ordinality as tried (type, position)
 where pg_catalog.pg_get_userbyid(n.nspowner) = 'postern_owner' and n.nspname <> 'postern_internal'
 order by 1`

type generatedCall struct{ Statement, Type string }

// generatedCalls makes all calls, for a company's ALICE, who was just asked for her PIN.
func generatedCalls(t *testing.T, c *company) []generatedCall {
	t.Helper()
	asked := c.stop(t, alice, approveGate, approveParameters).Challenge
	testsql.Run(t, c.Pool, "create table public.voucher (company text, posting_combination_id bigint)")
	rows, err := c.Pool.Query(t.Context(), calls, asked)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[generatedCall])
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 80 {
		t.Fatalf("only %d calls were generated", len(all))
	}
	return all
}

// try runs a call as somebody who may call everything, and rolls back. It must return a result or an error of Postern.
func try(t *testing.T, connection *pgx.Conn, statement string, argument any) (code string) {
	t.Helper()
	tx, err := connection.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	testsql.Run(t, tx, "select postern.assume_user($1)", alice)
	var got *pgconn.PgError
	if _, err := tx.Exec(t.Context(), statement, argument); err != nil {
		code = testdb.Code(err)
		if !errors.As(err, &got) || !strings.HasPrefix(got.Code, "PS") {
			t.Errorf("%.300s: got %v, want a result or an error of Postern", statement, err)
		} else {
			if got.Message == "" || got.Detail == "" || got.Hint == "" {
				t.Errorf("%.300s: MESSAGE, DETAIL or HINT is missing: %+v", statement, got)
			}
			// PS101 has the challenge in its DETAIL.
			if size := len(got.Message) + len(got.Detail) + len(got.Hint); size > 4000 && got.Code != "PS101" {
				t.Errorf("%.300s: the error has %d characters", statement, size)
			}
		}
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	return code
}

func everyRole(t testing.TB, c *company) *pgx.Conn {
	t.Helper()
	return c.Login(t, "postern_trusted_app", "postern_admin", "postern_auditor", "postern_sealer", "postern_redactor", "postern_event_worker").Connect(t)
}

func TestNullInEveryArgument(t *testing.T) {
	c := newCompany(t, alice)
	connection := everyRole(t, c)
	outcomes := map[string]int{}
	for _, call := range generatedCalls(t, c) {
		outcomes[try(t, connection, call.Statement, nil)]++
	}
	// Most arguments are required, and some may be omitted.
	if outcomes["PS107"] < 30 || outcomes[""] < 10 {
		t.Errorf("the outcomes are %v", outcomes)
	}
}

func TestTenMegabytesInEveryArgument(t *testing.T) {
	c := newCompany(t, alice)
	connection := everyRole(t, c)
	huge := strings.Repeat("x", 10_000_000)
	for _, call := range generatedCalls(t, c) {
		var argument string
		switch call.Type {
		case "text", "name", "bytea":
			argument = huge
		case "jsonb":
			argument = `{"INVOICE_NO": "` + huge + `"}`
		case "text[]":
			argument = "{" + huge + "}"
		default:
			continue // PostgreSQL itself does not accept 10 MB for these
		}
		try(t, connection, call.Statement, argument)
		if call.Type == "text[]" {
			try(t, connection, call.Statement, "{"+strings.Repeat("A,", 1_000_000)+"A}")
		}
		if call.Type == "jsonb" {
			try(t, connection, call.Statement, `{"`+huge+`": 1}`)
		}
	}
}

func TestBadInputAtAGate(t *testing.T) {
	c := newCompany(t, alice)
	asked := c.stop(t, alice, approveGate, approveParameters).Challenge
	testsql.Run(t, c.Pool, "create table public.voucher (company text, posting_combination_id bigint)")
	for name, test := range map[string]struct {
		code, sql string
		arguments []any
	}{
		"unknown gate":              {"PS106", reachGate, []any{"SINWOF_NONE", "{}"}},
		"gate in another case":      {"PS106", reachGate, []any{"sinwof_approve", approveParameters}},
		"no gate":                   {"PS106", reachGate, []any{nil, "{}"}},
		"missing parameter":         {"PS107", reachGate, []any{approveGate, "{}"}},
		"undeclared parameter":      {"PS107", reachGate, []any{approveGate, `{"INVOICE_NO": 1, "COLOUR": "red"}`}},
		"parameter in another case": {"PS107", reachGate, []any{approveGate, `{"invoice_no": 1}`}},
		"an array":                  {"PS107", reachGate, []any{approveGate, `["INVOICE_NO"]`}},
		"a string":                  {"PS107", reachGate, []any{approveGate, `"INVOICE_NO"`}},
		"JSON null":                 {"PS107", reachGate, []any{approveGate, "null"}},
		"NULL":                      {"PS107", reachGate, []any{approveGate, nil}},
		"no message":                {"PS107", "select security_sys.security_checkpoint($1)", []any{approveGate}},
		"malformed message":         {"PS107", "select security_sys.security_checkpoint($1, 'INVOICE_NO=1')", []any{approveGate}},
		"unknown gate's challenge":  {"PS106", "select postern.challenge('SINWOF_NONE')", nil},
		"bad parameters' challenge": {"PS107", "select postern.challenge($1)", []any{approveGate}},

		"ticket that is no UUID":      {"PS103", "select postern.open_gates('no UUID')", nil},
		"ticket in braces":            {"PS103", "select postern.open_gates('{00000000-0000-0000-0000-000000000000}')", nil},
		"empty ticket":                {"PS103", "select postern.open_gates('')", nil},
		"unknown ticket":              {"PS103", openGates, []any{"00000000-0000-0000-0000-000000000000"}},
		"no ticket":                   {"PS103", "select postern.open_gates(null::uuid)", nil},
		"status of an unknown ticket": {"PS103", "select postern.ticket_status('00000000-0000-0000-0000-000000000000'::uuid)", nil},

		"made-up challenge":         {"PS103", authenticate, []any{"x.y", alice, pins[alice], nil}},
		"changed challenge":         {"PS103", authenticate, []any{"A" + asked[1:], alice, pins[alice], nil}},
		"shortened challenge":       {"PS103", authenticate, []any{asked[:len(asked)-1], alice, pins[alice], nil}},
		"lengthened challenge":      {"PS103", authenticate, []any{asked + ".x", alice, pins[alice], nil}},
		"empty challenge":           {"PS103", authenticate, []any{"", alice, pins[alice], nil}},
		"challenge without content": {"PS103", authenticate, []any{asked[strings.Index(asked, "."):], alice, pins[alice], nil}},
		"no challenge":              {"PS103", authenticate, []any{nil, alice, pins[alice], nil}},
		"no user name":              {"PS107", authenticate, []any{asked, nil, pins[alice], nil}},
		"no response":               {"PS107", authenticate, []any{asked, alice, nil, nil}},
		"comment too long":          {"PS107", authenticate, []any{asked, alice, pins[alice], strings.Repeat("c", 2001)}},
		"unknown scheme":            {"PS107", "select postern.authenticate($1, $2, $3, null, 'FACE')", []any{asked, alice, pins[alice]}},
		"scheme that is disabled":   {"PS107", "select postern.authenticate($1, $2, $3, null, 'TOTP')", []any{asked, alice, pins[alice]}},
		"scheme in another case":    {"PS107", "select postern.authenticate($1, $2, $3, null, 'pin')", []any{asked, alice, pins[alice]}},
		"cancel of nothing":         {"PS103", "select postern.cancel('x')", nil},
		"cancel, comment too long":  {"PS107", "select postern.cancel($1, $2)", []any{asked, strings.Repeat("c", 2001)}},
	} {
		t.Run(name, func(t *testing.T) {
			testdb.RequireCode(t, c.call(t, alice, test.sql, test.arguments...), test.code)
		})
	}
	if log := c.log(t); len(log) != 0 {
		t.Errorf("the log is %+v", log)
	}
	if got := testsql.Value[int](t, c.Pool, "select failures from postern_internal.credential"); got != 0 {
		t.Errorf("%d failures are counted", got)
	}

	// An expired challenge can no longer be answered. It is refused.
	c.set(t, "challenge_seconds", "10")
	testsql.Run(t, c.Pool, "update postern_internal.setting set value = '-1' where name = 'challenge_seconds'")
	expired := c.stop(t, alice, approveGate, approveParameters).Challenge
	testdb.RequireCode(t, c.call(t, alice, authenticate, expired, alice, pins[alice], nil), "PS103")
	if err := c.call(t, alice, "select postern.cancel($1)", expired); err != nil {
		t.Error(err)
	}
}

func TestBadUsersAndKeysAreRefused(t *testing.T) {
	c := newCompany(t, alice)
	role := c.Login(t).Name
	testsql.Run(t, c.administrator, "select postern.create_user('WITH_ROLE', 'd', $1::text::name)", role)
	testsql.Run(t, c.administrator, "select postern.create_session_key('k1', $1)", []byte(strings.Repeat("k", 32)))
	for name, test := range map[string]struct {
		sql       string
		arguments []any
	}{
		"user exists":            {"select postern.create_user($1, 'd')", []any{alice}},
		"blank user":             {"select postern.create_user(' ', 'd')", nil},
		"space at the end":       {"select postern.create_user('EVE ', 'd')", nil},
		"new line in a user":     {"select postern.create_user(E'EVE\\nADAM', 'd')", nil},
		"129 characters":         {"select postern.create_user($1, 'd')", []any{strings.Repeat("E", 129)}},
		"no description":         {"select postern.create_user('EVE', '')", nil},
		"unknown role":           {"select postern.create_user('EVE', 'd', 'no such role')", nil},
		"role of another user":   {"select postern.create_user('EVE', 'd', $1::text::name)", []any{role}},
		"shut out nobody":        {"select postern.set_user_active('EVE', false)", nil},
		"unlock nobody":          {"select postern.unlock_user('EVE')", nil},
		"reset nobody's PIN":     {"select postern.reset_pin('EVE', '837462')", nil},
		"key exists":             {"select postern.create_session_key('k1', $1)", []any{[]byte(strings.Repeat("j", 32))}},
		"short key":              {"select postern.create_session_key('k2', $1)", []any{[]byte(strings.Repeat("j", 31))}},
		"long key":               {"select postern.create_session_key('k2', $1)", []any{[]byte(strings.Repeat("j", 1025))}},
		"key and line end":       {"select postern.create_session_key('k2', $1)", []any{[]byte(strings.Repeat("j", 43) + "\n")}},
		"key and CR LF":          {"select postern.create_session_key('k2', $1)", []any{[]byte(strings.Repeat("j", 43) + "\r\n")}},
		"blank key id":           {"select postern.create_session_key(' ', $1)", []any{[]byte(strings.Repeat("j", 32))}},
		"retire an unknown key":  {"select postern.retire_session_key('k2')", nil},
		"scheme named PIN":       {"select postern.register_scheme('PIN', 'pg_catalog.lower(text)')", nil},
		"scheme in lower case":   {"select postern.register_scheme('totp', 'pg_catalog.lower(text)')", nil},
		"scheme named TOTP":      {"select postern.register_scheme('TOTP', 'pg_catalog.lower(text)')", nil},
		"scheme without verify":  {"select postern.register_scheme('CARD', 'pg_catalog.lower(text)')", nil},
		"PIN switched off":       {"select postern.set_scheme_enabled('PIN', false)", nil},
		"unknown scheme allowed": {"select postern.set_scheme_enabled('FACE', true)", nil},
	} {
		t.Run(name, func(t *testing.T) {
			testsql.Refused(t, c.administrator, "PS107", test.sql, test.arguments...)
		})
	}
	if got := testsql.Value[string](t, c.administrator, "select string_agg(userid, ' ' order by userid) from postern.user_account"); got != "ALICE WITH_ROLE" {
		t.Errorf("the users are %s", got)
	}
}
