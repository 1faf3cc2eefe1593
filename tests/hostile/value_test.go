package hostile

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// proper are SQL expressions for arguments that a function accepts, by the argument's name, and by its
// type where functions differ. With one hostile argument
// among proper ones, the value gets past the checks of the others.
var proper = map[string][]string{
	"userid": {"'ALICE'", "'BOB'"}, "username": {"'ALICE'"}, "after_userid": {"'A'", "null"},
	"response": {"'alice 7391 pin'"}, "new_pin": {"'quite new 4172'"}, "comment": {"null", "'why not'"}, "scheme": {"'PIN'", "'TOTP'"}, "schemes": {"'{PIN}'"},
	"company": {"'A'", "'B'"}, "ledger_id": {"'IL'", "null"}, "class": {"'SOME'", "'MAX'"}, "allowed": {"true"},
	"code_a": {"'3%'", "'3002'"}, "posting_combination_id": {"2", "1"}, "added": {`'[{"allowed": true, "code_a": "4%"}]'`}, "removed": {"'{}'"},
	"gate_id": {"'PAY_NOW'", "'FREE_GATE'", "'TABLE_WRITE'"}, "action": {"'Payments'"}, "checkpoint": {"'PAY_NOW'"}, "legacy_checkpoints": {"'{FREE_GATE}'"},
	"value timestamp with time zone": {"'2026-11-30 12:00+00'"}, "since pg_snapshot": {"'1:1:'"}, "removed bigint": {"1"}, "parameters text[]": {"'{AMOUNT,PAYEE}'"},
	"parameters": {`'{"AMOUNT": 1, "PAYEE": "Paper Mill"}'`, "null"}, "bound_parameters": {"null"}, "exclusive": {"null", "true"},
	"msg": {"null"}, "message": {"'Nothing'", "message_sys.construct('M')", "postern.add_message_attribute(message_sys.construct('M'), 'NO', '1')"},
	"info_msg": {"message_sys.construct('SECURITY_CHECKPOINT')"}, "value": {"'1'"}, "default_value": {"''"},
	"target": {"'public.own'", "'public.own_parted'"}, "relation": {"'public.own'", "'public.voucher'"}, "relations": {"'{public.own}'"}, "operations": {"'{update}'"}, "operation": {"'update'"},
	"columns": {"'{note}'", "null"}, "condition": {"null", "'true'"}, "company_column": {"'company'"}, "combination_column": {"'number'"}, "ledger_column": {"null"},
	"protection": {"'company'"}, "event": {"'SECURITY_CHECKPOINT_SUCCESS'"}, "kind": {"'notify'"}, "template": {"null"}, "allow_internal": {"true"},
	"kid": {"'key'"}, "secret": {"pg_catalog.decode(pg_catalog.repeat('5e', 32), 'hex')"}, "setting": {"'ticket_seconds'"},
	"db_role": {"'pg_monitor'", "null"}, "role": {"'pg_monitor'"}, "since": {"'-infinity'"}, "until": {"'infinity'"},
	"text": {"'x'"}, "description": {"'what it is'"}, "active": {"true", "false"}, "enabled": {"true"}, "is_default": {"true"},
}

// hostile are SQL expressions for each type of an argument.
var hostile = map[string][]string{
	"text": {
		"''", "' '", `E'\n'`, `E'\t\r'`, `E'\x01'`, `E'\x1c\x1d\x1e\x1f'`, `E'\u202e\u200b\ufeff'`, `E'a\u0308\u0301'`, `E'\U0001F511'`, `E'\u0130\u0131\u00df\ufb01'`,
		`'; drop table public.voucher; --'`, `'"'`, `'%'`, `'_'`, `E'\\'`, `'{}'`, `'[]'`, `'null'`, `'&'`, `'&&AMOUNT&'`, `'$1 $$ %s %I %L %'`, `'NaN'`, `'-1'`, `'99999999999999999999'`,
		`'pg_catalog.pg_authid'`, `'postern_internal.credential'`, `'POSTERN_ADMINISTRATION'`, `'00000000-0000-0000-0000-000000000000'`, `'administered'`,
		"pg_catalog.repeat('x', 200)", "pg_catalog.repeat('x', 100000)", "pg_catalog.repeat('(', 20000)", "pg_catalog.repeat('%', 5000)", `pg_catalog.repeat(E'\u00e4', 64)`,
		"pg_catalog.repeat('[', 7000)", "'1 / 0'", "'(select count(*) from postern_internal.credential) > 0'", "'select 1'", "'old.note'", "'true; select 1'",
		"'eyJhbGciOiJub25lIn0.e30.'", "'a.b.c'", "'!M'", `E'!M\x1e$A=1\x1e'`, `E'!M\n$A=1\n-x'`, `E'!\n$\n=\n'`,
	},
	"jsonb": {
		"'null'", "'1'", "'true'", `'"x"'`, "'[]'", "'{}'", "'[null]'", "'[[]]'", "'[1]'", "'[{}]'", `'{"": null}'`, `'{"AMOUNT": null}'`, `'{"AMOUNT": [1]}'`, `'{"AMOUNT": {"x": {}}}'`,
		`'{"AMOUNT": 1e1000}'`, `'{"AMOUNT": true, "PAYEE": "\u202e", "MORE": 1}'`, `'{"a\nb": "\t"}'`, `'{"NO": "number", "PAYEE": "nothing"}'`, `'{"count": "count"}'`, `'{"sum": "sum(number)"}'`,
		`'{"gates": 1, "users": [], "companies": {}, "settings": null}'`, `'[{"allowed": null}, {"code_a": 1}]'`, `'[{"kind": "x"}]'`, `'[{"kind": null, "gate": 1}]'`, `'{"set": [1, {"a": 2}]}'`,
		"(pg_catalog.repeat('[', 1000) || pg_catalog.repeat(']', 1000))::pg_catalog.jsonb",
		"pg_catalog.jsonb_build_object('AMOUNT', pg_catalog.repeat('x', 100000))",
		"(select pg_catalog.jsonb_object_agg('K' || n, n) from pg_catalog.generate_series(1, 3000) as n)",
		"(select pg_catalog.jsonb_agg(n) from pg_catalog.generate_series(1, 3000) as n)",
	},
	"text[]": {"'{}'", "'{null}'", `'{""}'`, "'[0:1]={a,b}'", "'{{a,b},{c,d}}'", "'{a,a}'", `E'{"\\n"}'`, "'{AMOUNT,NO}'", "'{insert,update,delete,truncate}'", "pg_catalog.array_fill('x'::text, '{3000}')", "array[pg_catalog.repeat('x', 100000)]"},
	"name":   {"''", "' '", "'postgres'", "'none'", "'public'", "'pg_database_owner'", "'current_user'", "'ctid'", "'xmin'", "'tableoid'", `'"'`, "'%'", "'company'", "'note'", "pg_catalog.repeat('x', 63)", `E'\u202e'`},
	"name[]": {"'{}'", "'{null}'", "'{{note}}'", "'[5:5]={note}'", "'{note,note}'", "'{xmin}'", "'{nothing}'", `'{"\""}'`},
	"regclass": {
		"0::pg_catalog.oid", "4294967295::pg_catalog.oid", "'pg_catalog.pg_class'", "'pg_catalog.pg_class_oid_index'", "'public.shown'", "'public.parted'", "'public.parted_a'", "'public.voucher'", "'public.own_part'",
		"'postern_internal.credential'::pg_catalog.text::pg_catalog.regclass", "'postern.gate'", "'public.numbers'", "'information_schema.tables'",
	},
	"regclass[]":               {"'{}'", "'{null}'", "'{0,4294967295}'", "'{{public.own}}'"},
	"regprocedure":             {"0::pg_catalog.oid", "4294967295::pg_catalog.oid", "'pg_catalog.now()'", "'pg_catalog.upper(text)'", "'pg_catalog.pg_sleep(double precision)'", "'postern.checkpoint(text, jsonb)'"},
	"regtype[]":                {"'{}'", "'{null}'", "'{0}'", "'{text}'"},
	"oid":                      {"0", "4294967295", "1259"},
	"oid[]":                    {"'{}'", "'{null}'", "'{0}'", "'{1259,1259}'"},
	"integer":                  {"0", "-1", "1", "2147483647", "-2147483648", "10000"},
	"bigint":                   {"0", "-1", "1", "2", "9223372036854775807", "-9223372036854775808", "4294967296"},
	"bigint[]":                 {"'{}'", "'{null}'", "'{1}'", "'{-1,9223372036854775807}'", "'{{1,2},{3,4}}'", "'[0:0]={1}'", "(select pg_catalog.array_agg(n) from pg_catalog.generate_series(1, 10000) as n)"},
	"numeric":                  {"0", "-1", "0.5", "1", "'NaN'", "'Infinity'", "'-Infinity'", "1e100", "1e-100", "9223372036854775808", "('1' || pg_catalog.repeat('0', 100000))::pg_catalog.numeric"},
	"double precision":         {"0", "-1", "'NaN'", "'Infinity'", "1e300"},
	"double precision[]":       {"'{}'", "'{null}'", "'{NaN}'", "'{-1}'", "'{Infinity}'"},
	"boolean":                  {"true", "false"},
	"uuid":                     {"'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"},
	"bytea":                    {`''`, `'\x00'`, `pg_catalog.decode(pg_catalog.repeat('00', 32), 'hex')`, `pg_catalog.decode(pg_catalog.repeat('ff', 100000), 'hex')`},
	"bytea[]":                  {"'{}'", "'{null}'", `array['\x00'::pg_catalog.bytea]`, `array[pg_catalog.decode(pg_catalog.repeat('00', 32), 'hex')]`},
	"timestamp with time zone": {"'infinity'", "'-infinity'", "'4713-01-01 00:00 BC'", "'294276-12-31'", "'epoch'", "now()"},
	"interval":                 {"'0'", "'-1 day'", "'1 microsecond'", "'178000000 years'", "'-178000000 years'", "'1 year -360 days'"},
	"pg_snapshot":              {"'1:1:'", "'1:9223372036854775807:'", "pg_catalog.pg_current_snapshot()"},
	"xid8[]":                   {"'{}'", "'{null}'", "'{0}'", "'{18446744073709551615}'", "'{{1}}'"},
}

// argument is one of a function's.
type argument struct{ name, kind string }

// properValue is a value that the function probably accepts.
func (a argument) properValue(random *rand.Rand) string {
	values := proper[a.name+" "+a.kind]
	if values == nil {
		values = proper[a.name]
	}
	if a.kind == "boolean" {
		values = []string{"true", "false"}
	}
	if values == nil {
		values = append(slices.Clone(hostile[a.kind]), "null")
	}
	return a.cast(values[random.IntN(len(values))])
}

// hostileValues are all values of the argument's type that a function may not expect.
func (a argument) hostileValues() []string {
	var values []string
	for _, value := range append([]string{"null"}, hostile[a.kind]...) {
		values = append(values, a.cast(value))
	}
	return values
}

// cast names the type, because functions of one name differ in it. A regclass by name is looked up when the call runs.
func (a argument) cast(value string) string {
	if a.kind == "regclass" && strings.HasSuffix(value, "regclass") {
		return value
	}
	return fmt.Sprintf("(%s)::%s", value, a.kind)
}
