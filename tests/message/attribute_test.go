package message_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
)

const (
	addText    = "call message_sys.add_attribute($1::text, $2, $3::text)"
	setText    = "call message_sys.set_attribute($1::text, $2, $3::text)"
	remove     = "call message_sys.remove_attribute($1::text, $2)"
	find       = "select message_sys.find_attribute($1, $2, $3)"
	toJSON     = "select postern.message_to_jsonb($1)::text"
	fromJSON   = "select postern.jsonb_to_message($1, $2::text::jsonb)"
	exampleRow = " a row that starts with a space is a comment\n"
)

var exampleAttributes = []attribute{
	{"PERSON_ID", "ALICE"},
	{"DOC_NO", "100-7"},
	{"REMARK", "two lines:\nthe second keeps its = and & and $ as they are"},
	{"EMPTY", ""},
	{"PARAMETERS", "!PARAMETERS\n$PERSON_ID=\n$DOC_NO="},
}

func TestExampleIsReadAndWritten(t *testing.T) {
	content, err := os.ReadFile("testdata/ifs-message.txt")
	if err != nil {
		t.Fatal(err)
	}
	example := string(content)
	connection := connect(t)

	if got := requireText(t, connection, "select message_sys.get_name($1)", example); got != "SECURITY_CHECKPOINT" {
		t.Errorf("the name is %q", got)
	}
	if got := attributesOf(t, connection, example); !slices.Equal(got, exampleAttributes) {
		t.Errorf("the attributes are %q", got)
	}
	want := `{"EMPTY": "", "DOC_NO": "100-7", "REMARK": "two lines:\nthe second keeps its = and & and $ as they are", ` +
		`"PERSON_ID": "ALICE", "PARAMETERS": {"DOC_NO": "", "PERSON_ID": ""}}`
	if got := requireText(t, connection, toJSON, example); got != want {
		t.Errorf("the jsonb is %s, want %s", got, want)
	}

	message := requireText(t, connection, "select message_sys.construct('SECURITY_CHECKPOINT')")
	for _, a := range exampleAttributes {
		message = requireText(t, connection, addText, message, a.name, a.value)
	}
	canonical := strings.TrimSuffix(strings.Replace(example, exampleRow, "", 1), "\n")
	if message != canonical {
		t.Errorf("the written message is %q, want %q", message, canonical)
	}
}

func TestAdministratorsMayUseMessagesAndOthersMayNot(t *testing.T) {
	administrator := testdb.New(t).Login(t, "postern_admin").Connect(t)
	if got := requireText(t, administrator, addText, "!M", "A", "1"); got != "!M\n$A=1" {
		t.Errorf("got %q", got)
	}

	rows, err := connect(t).Query(context.Background(), `
		select p.oid::regprocedure::text
		  from pg_catalog.pg_proc as p
		  join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
		 cross join (values ('public'), ('postern_user'), ('postern_app'), ('postern_admin'), ('postern_auditor')) as r (name)
		 where (n.nspname = 'message_sys' or p.proname ~ 'message' and n.nspname like 'postern%')
		   and (r.name = 'public' or n.nspname = 'postern_internal')
		   and pg_catalog.has_function_privilege(r.name, p.oid, 'execute')`)
	if err != nil {
		t.Fatal(err)
	}
	open, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if len(open) > 0 {
		t.Errorf("open to those whom they aren't meant for: %v", open)
	}
}

func TestAttributesAreAddedSetFoundAndRemoved(t *testing.T) {
	connection := connect(t)
	for name, test := range map[string]struct {
		query     string
		arguments []any
		want      string
	}{
		"construct":                       {"select message_sys.construct($1)", []any{" M! "}, "! M! "},
		"add to a bare header":            {addText, []any{"!M", "A", "1"}, "!M\n$A=1"},
		"add after a line feed":           {addText, []any{"!M\n", "A", "1"}, "!M\n$A=1"},
		"add after a comment":             {addText, []any{"!M\n c\n", "A", "1"}, "!M\n c\n$A=1"},
		"add the same in another case":    {addText, []any{"!M\n$A=1", "a", "2"}, "!M\n$A=1\n$a=2"},
		"add a name that others end in":   {addText, []any{"!M\n$BA=1", "A", "2"}, "!M\n$BA=1\n$A=2"},
		"add a name that a value holds":   {addText, []any{"!M\n$B=x\n-$A=1", "A", "2"}, "!M\n$B=x\n-$A=1\n$A=2"},
		"add a null":                      {addText, []any{"!M", "A", nil}, "!M\n$A="},
		"add an untyped null":             {"call message_sys.add_attribute($1::text, 'A', null)", []any{"!M"}, "!M\n$A="},
		"add a literal":                   {"call message_sys.add_attribute($1::text, 'A', '2026-01-01')", []any{"!M"}, "!M\n$A=2026-01-01"},
		"add a varchar":                   {"call message_sys.add_attribute($1::text, 'A', 'x'::varchar)", []any{"!M"}, "!M\n$A=x"},
		"add a whole number":              {"call message_sys.add_attribute($1::text, 'A', 42)", []any{"!M"}, "!M\n$A=42"},
		"add a number with its scale":     {"call message_sys.add_attribute($1::text, 'A', -1234567.50)", []any{"!M"}, "!M\n$A=-1234567.50"},
		"add a number without exponent":   {"call message_sys.add_attribute($1::text, 'A', 1e25)", []any{"!M"}, "!M\n$A=10000000000000000000000000"},
		"add true":                        {"call message_sys.add_attribute($1::text, 'A', true)", []any{"!M"}, "!M\n$A=TRUE"},
		"add a null boolean":              {"call message_sys.add_attribute($1::text, 'A', null::boolean)", []any{"!M"}, "!M\n$A="},
		"add a null number":               {"call message_sys.add_attribute($1::text, 'A', null::numeric)", []any{"!M"}, "!M\n$A="},
		"add a null time":                 {"call message_sys.add_attribute($1::text, 'A', null::timestamptz)", []any{"!M"}, "!M\n$A="},
		"add a time":                      {"call message_sys.add_attribute($1::text, 'A', '2026-11-22 03:33:04.123456+02'::timestamptz)", []any{"!M"}, "!M\n$A=2026-11-22T01:33:04.123456Z"},
		"add the earliest time":           {"call message_sys.add_attribute($1::text, 'A', '0001-01-01 00:00:00+00'::timestamptz)", []any{"!M"}, "!M\n$A=0001-01-01T00:00:00.000000Z"},
		"add the latest time":             {"call message_sys.add_attribute($1::text, 'A', '9999-12-31 23:59:59.999999+00'::timestamptz)", []any{"!M"}, "!M\n$A=9999-12-31T23:59:59.999999Z"},
		"set a number":                    {"call message_sys.set_attribute($1::text, 'A', 0.10)", []any{"!M\n$A=1\n$B=2"}, "!M\n$A=0.10\n$B=2"},
		"set false":                       {"call message_sys.set_attribute($1::text, 'A', false)", []any{"!M\n$A=1\n$B=2"}, "!M\n$A=FALSE\n$B=2"},
		"set a time":                      {"call message_sys.set_attribute($1::text, 'A', '2026-11-22 01:33:04+00'::timestamptz)", []any{"!M\n$A=1\n$B=2"}, "!M\n$A=2026-11-22T01:33:04.000000Z\n$B=2"},
		"set what is new":                 {setText, []any{"!M\n$A=1\n", "B", "2"}, "!M\n$A=1\n$B=2"},
		"set the last":                    {setText, []any{"!M\n$A=1\n$B=2\n", "B", "3"}, "!M\n$A=1\n$B=3"},
		"set a null":                      {setText, []any{"!M\n$A=1\n$B=2", "A", nil}, "!M\n$A=\n$B=2"},
		"set many lines to one":           {setText, []any{"!M\n$A=1\n-2\n-3\n$B=2", "A", "x"}, "!M\n$A=x\n$B=2"},
		"set one line to many":            {setText, []any{"!M\n$A=1\n$B=2", "A", "x\n$B=3\n"}, "!M\n$A=x\n-$B=3\n-\n$B=2"},
		"set with special characters":     {setText, []any{"!M\n$A=1\n$B=2", "A", `\1 \& \n $`}, "!M\n$A=" + `\1 \& \n $` + "\n$B=2"},
		"set keeps comments":              {setText, []any{" a\n!M\n b\n$A=1\n c\n-2\n+d\n-3\n e\n$B=2\n f", "A", "x"}, " a\n!M\n b\n$A=x\n c\n+d\n e\n$B=2\n f"},
		"remove the first":                {remove, []any{"!M\n$A=1\n-2\n$B=2", "A"}, "!M\n$B=2"},
		"remove the last":                 {remove, []any{"!M\n$A=1\n$B=2\n-3\n", "B"}, "!M\n$A=1"},
		"remove the only one":             {remove, []any{"!M\n$A=1", "A"}, "!M"},
		"remove what is not there":        {remove, []any{"!M\n$A=1\n", "a"}, "!M\n$A=1\n"},
		"remove keeps comments":           {remove, []any{"!M\n$A=1\n c\n-2\n+d\n$B=2", "A"}, "!M\n c\n+d\n$B=2"},
		"remove leaves what a value says": {remove, []any{"!M\n$B=x\n-$A=1\n$A=2", "A"}, "!M\n$B=x\n-$A=1"},
		"find":                            {find, []any{"!M\n$A=1\n-2\n$B=3", "A", "default"}, "1\n2"},
		"find nothing":                    {find, []any{"!M\n$A=1", "B", "default"}, "default"},
		"find what is empty":              {find, []any{"!M\n$A=", "A", "default"}, ""},
		"find in the case it has":         {find, []any{"!M\n$A=1", "a", "default"}, "default"},
		"find nothing within a value":     {find, []any{"!M\n$B=x\n-$A=1", "A", "default"}, "default"},
		"find a nested message":           {find, []any{"!M\n$P=!P\n-$A=1\n--2", "P", "default"}, "!P\n$A=1\n-2"},
		"find in a nested message":        {find, []any{"!P\n$A=1\n-2", "A", "default"}, "1\n2"},
		"name after comments":             {"select message_sys.get_name($1)", []any{" !X\n !Y\n!M\n$A=!Z"}, "M"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := requireText(t, connection, test.query, test.arguments...); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}

	var found *string
	if err := connection.QueryRow(context.Background(), find, "!M", "A", nil).Scan(&found); err != nil || found != nil {
		t.Errorf("found %v, %v, want null", found, err)
	}
}

func TestBadArgumentsAreRefused(t *testing.T) {
	connection := connect(t)
	tooDeep := strings.Repeat(`{"A":`, 17) + "{}" + strings.Repeat("}", 17)
	for name, test := range map[string]struct {
		query     string
		arguments []any
		detail    string
	}{
		"construct without a name":       {"select message_sys.construct(null)", nil, "NULL"},
		"get_name of null":               {"select message_sys.get_name(null)", nil, "NULL"},
		"get_attributes of null":         {"select count(*)::text from message_sys.get_attributes(null)", nil, "NULL"},
		"message_to_jsonb of null":       {"select postern.message_to_jsonb(null)::text", nil, "NULL"},
		"find in null":                   {find, []any{nil, "A", "x"}, "NULL"},
		"find null":                      {find, []any{"!M", nil, "x"}, "NULL"},
		"add to null":                    {addText, []any{nil, "A", "x"}, "NULL"},
		"add null":                       {addText, []any{"!M", nil, "x"}, "NULL"},
		"set in null":                    {setText, []any{nil, "A", "x"}, "NULL"},
		"set null":                       {setText, []any{"!M", nil, "x"}, "NULL"},
		"remove from null":               {remove, []any{nil, "A"}, "NULL"},
		"remove null":                    {remove, []any{"!M", nil}, "NULL"},
		"jsonb_to_message of no name":    {fromJSON, []any{nil, "{}"}, "NULL"},
		"jsonb_to_message of null":       {fromJSON, []any{"M", nil}, "NULL"},
		"jsonb_to_message of a null":     {fromJSON, []any{"M", "null"}, "of type null"},
		"jsonb_to_message of a string":   {fromJSON, []any{"M", `"x"`}, "of type string"},
		"jsonb_to_message of an array":   {fromJSON, []any{"M", `[{}]`}, "of type array"},
		"an array in an object":          {fromJSON, []any{"M", `{"A":{"B":[]}}`}, "attribute B"},
		"an empty key":                   {fromJSON, []any{"M", `{"":1}`}, "name is "},
		"a key with =":                   {fromJSON, []any{"M", `{"A":{"B=":1}}`}, "name is B="},
		"a key with a line feed":         {fromJSON, []any{"M", `{"A\n$B":1}`}, `name is A\n$B`},
		"objects nested too deeply":      {fromJSON, []any{"M", tooDeep}, "level 17"},
		"infinity":                       {"call message_sys.add_attribute('!M', 'A', 'infinity'::timestamptz)", nil, "infinite"},
		"minus infinity":                 {"call message_sys.set_attribute('!M', 'A', '-infinity'::timestamptz)", nil, "infinite"},
		"before the year 1":              {"call message_sys.add_attribute('!M', 'A', '0044-03-15 00:00:00+00 BC'::timestamptz)", nil, "years"},
		"after the year 9999":            {"call message_sys.add_attribute('!M', 'A', '10000-01-01 00:00:00+00'::timestamptz)", nil, "years"},
		"add what is there":              {addText, []any{"!M\n$B=\n$A=1", "A", "2"}, "attribute is A"},
		"add what is there, being empty": {addText, []any{"!M\n$A=", "A", "2"}, "attribute is A"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := text(t, connection, test.query, test.arguments...)
			if failure := requireError(t, err); !strings.Contains(failure.Detail, test.detail) {
				t.Errorf("detail %q, want it to hold %q", failure.Detail, test.detail)
			}
		})
	}

	for _, bad := range []string{"", "A=1", "A\nB", "A\rB", "A=1\n$B", strings.Repeat("x", 129)} {
		for query, arguments := range map[string][]any{
			"select message_sys.construct($1)": {bad},
			addText:                            {"!M\n$A=1\n$B=2", bad, "x"},
			setText:                            {"!M\n$A=1\n$B=2", bad, "x"},
			remove:                             {"!M\n$A=1\n$B=2", bad},
			find:                               {"!M\n$A=1\n$B=2", bad, "x"},
			fromJSON:                           {bad, "{}"},
		} {
			_, err := text(t, connection, query, arguments...)
			if failure := requireError(t, err); !strings.HasPrefix(failure.Detail, "name is ") {
				t.Errorf("%s with name %q: detail %q", query, bad, failure.Detail)
			}
		}
	}
}

func TestValueNeverBecomesRows(t *testing.T) {
	connection := connect(t)
	naive := func(message, name, value string) string { return message + "\n$" + name + "=" + value }
	for _, value := range []string{
		"1\n$AMOUNT=1000000", "\n$AMOUNT=1000000", "1\r\n$AMOUNT=1000000", "!REMARK\n-$AMOUNT=1000000\n$AMOUNT=1000000", "x\n!M\n$AMOUNT=1",
		"\n", "\n\n", "-", "\n-", " c\n c", "+\n+", "=", "&AMOUNT", "\n-$AMOUNT=1",
	} {
		message := requireText(t, connection, addText, "!M", "REMARK", value)
		message = requireText(t, connection, addText, message, "AMOUNT", "7")
		want := []attribute{{"REMARK", value}, {"AMOUNT", "7"}}
		if got := attributesOf(t, connection, message); !slices.Equal(got, want) {
			t.Errorf("value %q became %q", value, got)
		}
		if got := requireText(t, connection, find, message, "AMOUNT", ""); got != "7" {
			t.Errorf("after value %q the amount is %q", value, got)
		}
	}

	// The attack is real: if values are just concatenated, this one adds an attribute.
	if got := attributesOf(t, connection, naive("!M", "REMARK", "1\n$AMOUNT=1000000")); len(got) != 2 {
		t.Errorf("a naive writer made %q", got)
	}
}
