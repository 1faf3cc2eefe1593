package attack

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// createNaiveMessages builds messages as a first attempt would.
func createNaiveMessages(t testing.TB, s *scene) {
	t.Helper()
	testsql.Run(t, s.Pool, `
create function public.naive_substitute(message text, names text[], parameters jsonb) returns text
language plpgsql as $$
declare
  name text;
begin
  foreach name in array names loop
    message := pg_catalog.replace(message, '&' || name, parameters ->> name);
  end loop;
  return message;
end $$;
create function public.naive_message(payee text, amount text) returns text
language sql return E'!SECURITY_CHECKPOINT\n$PAYEE=' || payee || E'\n$AMOUNT=' || amount;
create function public.naive_detail(message text) returns text
language sql return pg_catalog.format('{"message":"%s"}', message);
create function public.naive_log(message text) returns text
language sql return pg_catalog.format(E'2026-11-22 09:00 ALICE %s\n', message)`)
}

// substituted is the obvious definition of what substitution should do.
func substituted(message string, parameters map[string]string) string {
	names := slices.Sorted(maps.Keys(parameters))
	slices.SortStableFunc(names, func(a, b string) int { return len(b) - len(a) })
	result := strings.Builder{}
	for message != "" {
		name := ""
		if rest, found := strings.CutPrefix(message, "&"); found {
			for _, candidate := range names {
				if strings.HasPrefix(rest, candidate) {
					name = candidate
					break
				}
			}
		}
		if name != "" {
			result.WriteString(parameters[name])
			message = message[1+len(name):]
		} else {
			result.WriteByte(message[0])
			message = message[1:]
		}
	}
	return result.String()
}

const substitute = "select postern_internal.substitute(postern_internal.message_template($1, $2::text[]), $2::text[], $3::jsonb)"

// Somebody who may choose a value would make another value, or those of others, appear in its place.
func TestValuesAreNeverExpandedAgain(t *testing.T) {
	s := newScene(t)
	createNaiveMessages(t, s)
	names := []string{"PAYEE", "AMOUNT"}
	const message, parameters = "Paid &PAYEE &AMOUNT", `{"PAYEE": "Mallory &AMOUNT; Paper Mill", "AMOUNT": "100"}`
	if got := testsql.Value[string](t, s.Pool, "select public.naive_substitute($1, $2, $3::jsonb)", message, names, parameters); got != "Paid Mallory 100; Paper Mill 100" {
		t.Fatalf("the naive version withstood: %s", got)
	}
	if got := testsql.Value[string](t, s.Pool, substitute, message, names, parameters); got != "Paid Mallory &AMOUNT; Paper Mill 100" {
		t.Errorf("the message is %q", got)
	}

	const prefixes, values = "&A &AB &ABC &B &", `{"A": "1", "AB": "2"}`
	if got := testsql.Value[string](t, s.Pool, "select public.naive_substitute($1, $2, $3::jsonb)", prefixes, []string{"A", "AB"}, values); got == "1 2 2C &B &" {
		t.Fatal("the naive version withstood")
	}
	for _, order := range [][]string{{"A", "AB"}, {"AB", "A"}} {
		if got := testsql.Value[string](t, s.Pool, substitute, prefixes, order, values); got != "1 2 2C &B &" {
			t.Errorf("with the parameters in the order %s, the message is %q", order, got)
		}
	}
}

func TestSubstitutionMatchesASimpleModel(t *testing.T) {
	s := newScene(t)
	connection := s.Connect(t)
	piece := rapid.OneOf(
		rapid.SampledFrom([]string{"&", "&&", "&A", "&AB", "&ABC", "&A_1", "&a", "A", "B", "_1", "\n", "%", "%s", "\\", "\\1", "$1", `"`, "'", "Ä", "\x01"}),
		rapid.StringOfN(rapid.Rune().Filter(func(r rune) bool { return r != 0 }), 0, 4, -1))
	text := rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(piece, 0, 8).Draw(t, "pieces"), "") })
	rapid.Check(t, func(rt *rapid.T) {
		message := text.Draw(rt, "message")
		parameters := rapid.MapOfN(rapid.SampledFrom([]string{"A", "AB", "ABC", "A_1", "a", "B"}), text, 0, 6).Draw(rt, "parameters")
		encoded, err := json.Marshal(parameters)
		if err != nil {
			rt.Fatal(err)
		}
		names := append([]string{}, rapid.Permutation(slices.Sorted(maps.Keys(parameters))).Draw(rt, "names")...)
		if got, want := testsql.Value[string](t, connection, substitute, message, names, string(encoded)), substituted(message, parameters); got != want {
			rt.Fatalf("%q with %q: got %q, want %q", message, parameters, got, want)
		}
	})
}

// A dialog reads DETAIL as JSON. A value that ended a string there could show another message.
func TestDetailIsJSONForAllValues(t *testing.T) {
	s := newScene(t, alice)
	createNaiveMessages(t, s)
	const injected = `x","message":"Nothing to see`
	naive := map[string]string{}
	if json.Unmarshal([]byte(testsql.Value[string](t, s.Pool, "select public.naive_detail($1)", injected)), &naive) != nil || naive["message"] != "Nothing to see" {
		t.Fatalf("the naive version withstood: %s", naive)
	}

	testsql.Run(t, s.Pool, `select postern.register_gate('SINWOF_QUOTE', E'A "description", \\ and\nanother % line', E'Paid "&PAYEE"\n\\ 100 %', '{PAYEE}', true)`)
	connection := s.connect(t)
	// The people here have started sessions; each attempt is a transaction of its own.
	attempt := func(payee string) (detail struct{ Message, Description, Challenge string }) {
		parameters, err := json.Marshal(map[string]string{"PAYEE": payee})
		if err != nil {
			t.Fatal(err)
		}
		tx := begin(t, connection, alice)
		got := testsql.Refused(t, tx, "PS101", checkpoint, "SINWOF_QUOTE", string(parameters))
		rollback(t, tx)
		if err := json.Unmarshal([]byte(got.Detail), &detail); err != nil {
			t.Fatalf("payee %q: DETAIL is not JSON: %v in %s", payee, err, got.Detail)
		}
		return detail
	}
	rapid.Check(t, func(rt *rapid.T) {
		payee := rapid.OneOf(rapid.SampledFrom([]string{injected, "\\", `\"`, "'", "\n", "\x01\x1f\u007f", "&PAYEE", "%s %", "\u2028"}),
			rapid.StringOf(rapid.Rune().Filter(func(r rune) bool { return r != 0 }))).Draw(rt, "payee")
		detail := attempt(payee)
		if want := "Paid \"" + payee + "\"\n\\ 100 %"; detail.Message != want {
			rt.Fatalf("got %q, want %q", detail.Message, want)
		}
		if detail.Description != "A \"description\", \\ and\nanother % line" || detail.Challenge == "" {
			rt.Fatalf("got %+v", detail)
		}
	})
}

// A nested message that ends early would smuggle attributes into the outer one.
func TestValueDoesNotEndItsMessage(t *testing.T) {
	s := newScene(t, alice)
	createNaiveMessages(t, s)
	const payee = "Mallory\n$AMOUNT=1\n!SECURITY_CHECKPOINT\n$X=1"
	if got := testsql.Value[string](t, s.Pool, `select pg_catalog.split_part(pg_catalog.split_part(public.naive_message($1, '100'), '$AMOUNT=', 2), E'\n', 1)`, payee); got != "1" {
		t.Fatalf("the naive version withstood: %s", got)
	}
	connection := s.connect(t)
	tx := begin(t, connection, alice)
	defer rollback(t, tx)
	// Even a message that was put together naively is refused instead of misread.
	refusedAndGoOn(t, tx, "PS107", "select security_sys.security_checkpoint($1, public.naive_message($2, '100'))", approveGate, payee)

	add := func(message, name, content string) string {
		return testsql.Value[string](t, tx, "call message_sys.add_attribute($1, $2, $3::text)", message, name, content)
	}
	for _, payee := range []string{payee, "!PAYEE\n$A=1\n$B=2", "-", "\n", "\n-\n$", "+\n ", "a\r\n$AMOUNT=1", " !X", "$AMOUNT=1", ""} {
		message := add(add("!SECURITY_CHECKPOINT", "PAYEE", payee), "AMOUNT", "100")
		got := testsql.Value[string](t, tx, "select message_sys.find_attribute($1, 'AMOUNT', '')", message)
		back := testsql.Value[string](t, tx, "select message_sys.find_attribute($1, 'PAYEE', '')", message)
		if got != "100" || back != payee {
			t.Errorf("%q: got AMOUNT %q, PAYEE %q", payee, got, back)
		}
		// The same through a message in a message in a message.
		for range 3 {
			message = add("!SECURITY_CHECKPOINT", "PAYEE", message)
		}
		message = add(message, "AMOUNT", "100")
		detail := struct{ Parameters map[string]json.RawMessage }{}
		refusal := refusedAndGoOn(t, tx, "PS101", "select security_sys.security_checkpoint($1, $2)", approveGate, message)
		if err := json.Unmarshal([]byte(refusal.Detail), &detail); err != nil {
			t.Fatal(err)
		}
		if names := slices.Sorted(maps.Keys(detail.Parameters)); fmt.Sprintf("%s %s", names, detail.Parameters["AMOUNT"]) != `[AMOUNT PAYEE] "100"` {
			t.Errorf("payee %q: the parameters are %s, with AMOUNT %s", payee, names, detail.Parameters["AMOUNT"])
		}
	}
}

// A line feed in a value would be a new line in a log that is text.
func TestValueCannotForgeALogEntry(t *testing.T) {
	s := newScene(t, alice)
	createNaiveMessages(t, s)
	const payee = "x approved\n2026-11-22 09:01 BOB Invoice of Mallory over 1000000"
	if lines := strings.Count(testsql.Value[string](t, s.Pool, "select public.naive_log($1)", payee), "\n"); lines != 2 {
		t.Fatalf("the naive version withstood: %d", lines)
	}
	parameters, err := json.Marshal(map[string]any{"PAYEE": payee, "AMOUNT": 1})
	if err != nil {
		t.Fatal(err)
	}
	connection := s.connect(t)
	ticket := approve(t, connection, alice, approveGate, string(parameters))
	tx := begin(t, connection, alice)
	open(t, tx, ticket)
	reach(t, tx, approveGate, string(parameters))
	commit(t, tx)
	if got := testsql.Values[string](t, s.Pool, "select message from postern.checkpoint_log"); len(got) != 1 || got[0] != "Invoice of "+payee+" over 1 approved" {
		t.Errorf("the log is %q", got)
	}
}

// A gate must not stop a transaction with a message that cannot be approved, and a short call must not fill the log.
func TestLongValues(t *testing.T) {
	s := newScene(t, alice)
	createNaiveMessages(t, s)
	message := strings.Repeat("&A ", 600)
	long := func(character string, count int) string {
		encoded, err := json.Marshal(map[string]string{"A": strings.Repeat(character, count)})
		if err != nil {
			t.Fatal(err)
		}
		return string(encoded)
	}
	if got := testsql.Value[int](t, s.Pool, "select length(public.naive_substitute($1, '{A}', $2::jsonb))", message, long("x", 32000)); got < 19_000_000 {
		t.Fatalf("the naive version withstood: %d", got)
	}

	testsql.Run(t, s.Pool, "select postern.register_gate('SINWOF_ONCE', 'd', '&A', '{A}', true), postern.register_gate('SINWOF_OFTEN', 'd', $1, '{A}', true)", message)
	connection := s.connect(t)
	tx := begin(t, connection, alice)
	for parameters, gates := range map[string][]string{
		long("x", 32000):      {"SINWOF_OFTEN"},
		long("x", 55):         {"SINWOF_OFTEN"},
		long("x", 32769):      {"SINWOF_ONCE", "SINWOF_OFTEN"},
		long("x", 10_000_000): {"SINWOF_ONCE", "SINWOF_OFTEN"},
	} {
		for _, gate := range gates {
			refusedAndGoOn(t, tx, "PS107", checkpoint, gate, parameters)
			refusedAndGoOn(t, tx, "PS107", "select postern.challenge($1, $2::jsonb)", gate, parameters)
		}
	}
	rollback(t, tx)
	// Whatever a gate stops with can be approved: the longest message there is, of the characters that take most room.
	for _, parameters := range []string{long("x", 32700), long("\U0001F512", 32700), long("\x01", 5450), long(`"`, 16350)} {
		ticket := approve(t, connection, alice, "SINWOF_ONCE", parameters)
		tx := begin(t, connection, alice)
		open(t, tx, ticket)
		reach(t, tx, "SINWOF_ONCE", parameters)
		commit(t, tx)
	}
	if got := s.passes(t); got != 4 {
		t.Errorf("%d passes are logged", got)
	}
}

// A value that is not text never reaches Postern: PostgreSQL refuses it with its own SQLSTATE.
func TestNULAndInvalidUTF8(t *testing.T) {
	s := newScene(t, alice)
	connection := s.connect(t)
	for _, bad := range []string{"a\x00b", "a\xffb", "\xc0\x80", "\xed\xa0\x80"} {
		for _, call := range []string{
			"select postern.assume_user($1)",
			"select postern.cancel($1)",
			"select security_sys.security_checkpoint($1)",
			"select message_sys.construct($1)",
		} {
			tx := begin(t, connection, alice)
			if _, err := tx.Exec(t.Context(), call, bad); testdb.Code(err) != "22021" {
				t.Errorf("%s with %q: got %v, want 22021", call, bad, err)
			}
			rollback(t, tx)
		}
	}
	tx := begin(t, connection, alice)
	if _, err := tx.Exec(t.Context(), checkpoint, approveGate, `{"PAYEE": "a\u0000b", "AMOUNT": 1}`); testdb.Code(err) != "22P05" {
		t.Errorf("a NUL in JSON: %v", err)
	}
	rollback(t, tx)
}
