package checkpoint_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

const canonicalText = "select postern_internal.canonical_text($1::jsonb)"

// same is the obvious implementation: numbers by value, moments with an offset by moment, everything else unchanged.
func same(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		other, isObject := b.(map[string]any)
		if !isObject || len(a) != len(other) {
			return false
		}
		for name, value := range a {
			if got, there := other[name]; !there || !same(value, got) {
				return false
			}
		}
		return true
	case []any:
		other, isArray := b.([]any)
		return isArray && slices.EqualFunc(a, other, same)
	case json.Number:
		other, isNumber := b.(json.Number)
		return isNumber && rational(a).Cmp(rational(other)) == 0
	case string:
		other, isText := b.(string)
		if !isText {
			return false
		}
		first, firstFraction, isMoment := momentOf(a)
		second, secondFraction, isOther := momentOf(other)
		if isMoment && isOther {
			return first.Equal(second) && firstFraction == secondFraction
		}
		return a == other
	default:
		return a == b
	}
}

func rational(number json.Number) *big.Rat {
	value, ok := new(big.Rat).SetString(number.String())
	if !ok {
		panic(number)
	}
	return value
}

var momentParts = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(?::(\d\d)(?:\.(\d+))?)?(?:([Zz])|([+-])(\d\d)(?::?(\d\d)(?::?(\d\d))?)?)$`)

// momentOf returns whole seconds, and the fraction without trailing zeros.
func momentOf(text string) (moment time.Time, fraction string, isMoment bool) {
	parts := momentParts.FindStringSubmatch(text)
	if parts == nil {
		return time.Time{}, "", false
	}
	number := func(text string) int {
		value, _ := strconv.Atoi(text) // "" is 0
		return value
	}
	seconds := parts[3]
	if seconds == "" {
		seconds = "00"
	}
	local, err := time.Parse("2006-01-02 15:04:05", parts[1]+" "+parts[2]+":"+seconds)
	hours, minutes, rest := number(parts[7]), number(parts[8]), number(parts[9])
	if err != nil || local.Year() < 1 || hours > 15 || minutes > 59 || rest > 59 {
		return time.Time{}, "", false
	}
	offset := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute + time.Duration(rest)*time.Second
	if parts[6] == "-" {
		offset = -offset
	}
	moment = local.Add(-offset)
	return moment, strings.TrimRight(parts[4], "0"), moment.Year() >= 1 && moment.Year() <= 9999
}

func decode(t interface{ Fatal(...any) }, text string) (value any) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// anyNumber generates many spellings of few numbers.
var anyNumber = rapid.Map(rapid.OneOf(
	rapid.SampledFrom([]string{"0", "-0", "0.0", "-0.00", "7", "7.0", "70e-1", "0.7E1", "12500", "12500.00", "1.25e4", "12500.001", "1e3", "1000", "10", "100", "0.10", "0.1", "1.01", "1.010"}),
	rapid.Custom(func(t *rapid.T) string {
		return fmt.Sprintf("%d.%0*d%s", rapid.IntRange(-3, 3).Draw(t, "whole"), rapid.IntRange(1, 4).Draw(t, "digits"), rapid.IntRange(0, 9).Draw(t, "fraction"),
			rapid.SampledFrom([]string{"", "e0", "e1", "E-2", "e+3"}).Draw(t, "exponent"))
	}),
), func(text string) any { return json.Number(text) })

// anyMoment generates many spellings of few moments, and texts that only look like one.
var anyMoment = rapid.Custom(func(t *rapid.T) any {
	date := rapid.SampledFrom([]string{"2026-03-31", "2026-03-30", "2026-04-01", "2024-02-29", "2025-02-29", "1900-02-29", "2000-02-29", "2026-04-31", "0001-01-01", "0000-12-31", "9999-12-31", "10000-01-01", "2026-13-01", "2026-3-31"}).Draw(t, "date")
	return date + rapid.SampledFrom([]string{"T", " ", "t", "", "_"}).Draw(t, "separator") +
		rapid.SampledFrom([]string{"12:30", "12:30:00", "14:30:00", "10:30:00", "00:00:00", "23:59:59", "23:59:60", "24:00:00", "12:60:00", "1:30:00"}).Draw(t, "time") +
		rapid.SampledFrom([]string{"", ".", ".0", ".5", ".500000", ".0000001", ".000000100", ",5"}).Draw(t, "fraction") +
		rapid.SampledFrom([]string{"Z", "z", "", "+02", "+02:00", "+0200", "-02", "+00", "-00:00", "+15:59:59", "-15:59", "+16", "+2", " +02", "+02:00:00", "+01:60"}).Draw(t, "offset")
})

func anyValue(depth int) *rapid.Generator[any] {
	scalar := rapid.OneOf(anyNumber, anyMoment,
		rapid.SampledFrom([]any{nil, true, false, "", "7", "007", "7.0", "1e3", "12:30", ".0", `"12:30" 1.0`, `\`, `\"`, "1.0, ", "2026-03-31", ": ", "é", "2026-03-31T12:30:00Z "}))
	if depth == 0 {
		return scalar
	}
	return rapid.OneOf(scalar,
		rapid.Map(rapid.SliceOfN(anyValue(depth-1), 0, 3), func(values []any) any { return append([]any{}, values...) }),
		rapid.Map(rapid.MapOfN(rapid.SampledFrom([]string{"A", "B", "1.0", "1.00", "2026-03-31T12:30:00Z", "2026-03-31T14:30:00+02:00", `"`, ""}), anyValue(depth-1), 0, 3), func(values map[string]any) any { return values }))
}

// respelled returns another spelling of the same value.
func respelled(t *rapid.T, value any) any {
	switch value := value.(type) {
	case map[string]any:
		other := map[string]any{}
		for name, part := range value {
			other[name] = respelled(t, part)
		}
		return other
	case []any:
		other := []any{}
		for _, part := range value {
			other = append(other, respelled(t, part))
		}
		return other
	case json.Number:
		return json.Number(rational(value).FloatString(rapid.IntRange(9, 12).Draw(t, "digits")))
	case string:
		moment, fraction, isMoment := momentOf(value)
		if !isMoment {
			return value
		}
		zone := time.FixedZone("", rapid.SampledFrom([]int{0, 7200, -12600, 20700}).Draw(t, "zone"))
		if year := moment.In(zone).Year(); year < 1 || year > 9999 {
			return value
		}
		if fraction != "" {
			fraction = "." + fraction + rapid.SampledFrom([]string{"", "0", "000"}).Draw(t, "zeros")
		}
		return moment.In(zone).Format("2006-01-02"+rapid.SampledFrom([]string{"T", " "}).Draw(t, "separator")+"15:04:05") + fraction + moment.In(zone).Format("Z07:00")
	default:
		return value
	}
}

func encode(t interface{ Fatal(...any) }, value any) string {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// Two values are equal for an approval exactly if the obvious implementation says so, whatever the session has set.
func TestValuesAreComparedByValue(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	connection := database.Connect(t)
	testsql.Run(t, connection, "set timezone = 'Asia/Kathmandu'")
	testsql.Run(t, connection, "set datestyle = 'German, DMY'")
	equal := func(t *rapid.T, a, b any) bool {
		var equal bool
		if err := connection.QueryRow(t.Context(), "select postern_internal.canonical_text($1::jsonb) = postern_internal.canonical_text($2::jsonb)", encode(t, a), encode(t, b)).Scan(&equal); err != nil {
			t.Fatal(err)
		}
		return equal
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyValue(2).Draw(t, "a"), anyValue(2).Draw(t, "b")
		if got, want := equal(t, a, b), same(a, b); got != want {
			t.Fatalf("%s and %s: the same: %t, want %t", encode(t, a), encode(t, b), got, want)
		}
		other := respelled(t, a)
		if !same(a, other) {
			t.Fatalf("the test respells %s as %s", encode(t, a), encode(t, other))
		}
		if !equal(t, a, other) {
			t.Fatalf("%s and %s are not the same", encode(t, a), encode(t, other))
		}
	})
	rapid.Check(t, func(t *rapid.T) { // scalars are more often equal
		a, b := anyValue(0).Draw(t, "a"), anyValue(0).Draw(t, "b")
		if got, want := equal(t, a, b), same(a, b); got != want {
			t.Fatalf("%s and %s: the same: %t, want %t", encode(t, a), encode(t, b), got, want)
		}
	})
}

// The canonical text is a spelling of the same value, and the only one.
func TestCanonicalTextKeepsItsValue(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	connection := database.Connect(t)
	rapid.Check(t, func(t *rapid.T) {
		value := anyValue(3).Draw(t, "value")
		var form, again string
		if err := connection.QueryRow(t.Context(), canonicalText, encode(t, value)).Scan(&form); err != nil {
			t.Fatal(err)
		}
		if err := connection.QueryRow(t.Context(), canonicalText, form).Scan(&again); err != nil {
			t.Fatal(err)
		}
		if form != again || !same(value, decode(t, form)) {
			t.Fatalf("%s becomes %s and then %s", encode(t, value), form, again)
		}
	})
}

// PostgreSQL prints one moment differently in each TimeZone. All these are one moment, even in years of local mean
// time.
func TestMomentsDoNotDependOnTheSession(t *testing.T) {
	t.Parallel()
	connection := testdb.New(t).Connect(t)
	for _, moment := range []string{"2026-03-31 14:30:00.000001+02", "1850-06-01 12:00:00+00", "0044-03-15 12:00:00+00", "2026-10-25 01:30:00+01"} {
		forms := map[string]bool{}
		for _, zone := range []string{"UTC", "Europe/Amsterdam", "Asia/Kathmandu", "America/St_Johns", "Africa/Monrovia", "Pacific/Kiritimati"} {
			testsql.Run(t, connection, "select set_config('timezone', $1, false)", zone)
			for _, spelling := range []string{"to_jsonb($1::text::timestamptz)", "to_jsonb($1::text::timestamptz::text)"} {
				forms[testsql.Value[string](t, connection, "select postern_internal.canonical_text("+spelling+")", moment)] = true
			}
		}
		if len(forms) != 1 {
			t.Errorf("%s has the forms %v", moment, forms)
		}
	}
}

// At the gate: equal values pass, and everything else was not approved.
func TestGateIsPassedWithTheSameValueInAnotherSpelling(t *testing.T) {
	t.Parallel()
	c := newCompany(t, alice)
	const gate = "SINWOF_PAY"
	testsql.Run(t, c.administrator, "select postern.register_gate($1, 'Pay', '&AMOUNT paid', '{AMOUNT}', true)", gate)
	for _, test := range []struct{ approved, reached, want string }{
		{`12500`, `12500.00`, ""},
		{`12500.00`, `1.25e4`, ""},
		{`[{"A": 1.0}]`, `[{"A": 1}]`, ""},
		{`"2026-03-31T12:30:00Z"`, `"2026-03-31 14:30:00+02"`, ""},
		{`12500`, `12500.01`, "PS103"},
		{`12500`, `"12500"`, "PS103"},
		{`"007"`, `"7"`, "PS103"},
		{`"12500"`, `"12500.00"`, "PS103"},
		{`"2026-03-31T12:30:00Z"`, `"2026-03-31T12:30:00.000001Z"`, "PS103"},
		{`"2026-03-31T12:30:00"`, `"2026-03-31 12:30:00"`, "PS103"},
		{`"2016-12-31T23:59:60Z"`, `"2017-01-01T00:00:00Z"`, "PS103"},
	} {
		ticket := c.approve(t, alice, gate, `{"AMOUNT": `+test.approved+`}`)
		err := c.resend(t, alice, ticket, gate, `{"AMOUNT": `+test.reached+`}`)
		if got := testdb.Code(err); got != test.want || err != nil && got == "" {
			t.Errorf("approved %s, reached with %s: got %v, want the code %q", test.approved, test.reached, err, test.want)
		}
	}
	log := c.log(t)
	if len(log) != 4 || log[0].Message != "12500.00 paid" || log[0].Parameters != `{"AMOUNT": 12500.00}` {
		t.Errorf("the log is %+v", log)
	}
}

// Nobody can make the comparison expensive: a number with a huge exponent is too long, and deep nesting needs no stack.
func TestComparingIsCheapWhateverTheValues(t *testing.T) {
	t.Parallel()
	c := newCompany(t, alice)
	const gate = "SINWOF_PAY"
	testsql.Run(t, c.administrator, "select postern.register_gate($1, 'Pay', '&AMOUNT paid', '{AMOUNT}', true)", gate)
	for _, long := range []string{"1e100000", "-1e131071", "0." + strings.Repeat("1", 16000), `"` + strings.Repeat("1.0", 11000) + `"`} {
		testdb.RequireCode(t, c.call(t, alice, reachGate, gate, `{"AMOUNT": `+long+`}`), "PS107")
	}
	for name, awkward := range map[string]string{
		"small":   "1e-16000",
		"deep":    strings.Repeat("[", 5000) + "1.0" + strings.Repeat("]", 5000),
		"numbers": "[" + strings.Repeat("1.0, ", 6000) + "1]",
		"moments": "[" + strings.Repeat(`"2026-03-31T12:30:00Z", `, 1200) + "1]",
		"quotes":  `"` + strings.Repeat(`\"`, 14000) + `12:30"`,
	} {
		err := c.as(t, alice, func(tx pgx.Tx) error {
			testsql.Run(t, tx, "set local statement_timeout = '1 min'")
			_, err := tx.Exec(t.Context(), reachGate, gate, `{"AMOUNT": `+awkward+`}`)
			return err
		})
		if code := testdb.Code(err); code != "PS101" {
			t.Errorf("%s: got %v, want PS101", name, err)
		}
	}
}
