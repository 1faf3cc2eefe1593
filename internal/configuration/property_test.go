package configuration

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/posternsql/postern/internal/query"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/userid"
)

// Export writes exactly what was applied, and a plan after it is empty. Applying the export to another database makes
// the same state, in every view.
func TestExportSaysWhatWasApplied(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	for _, statement := range []string{
		"create schema app",
		"create table app.invoice (company text, posting_combination_id bigint, ledger_id text)",
		`create table app."Odd "" name" (firm text, posting_combination_id bigint)`,
		"create role " + testRole(database) + " nologin",
		"create function app.on_approval(jsonb) returns void language sql security definer set search_path = pg_catalog, pg_temp as ''",
		`create function app."Odd "" function"(jsonb) returns void language sql security definer set search_path = pg_catalog, pg_temp as ''`,
		`create function app."order"(jsonb) returns void language sql security definer set search_path = pg_catalog, pg_temp as ''`,
		`grant execute on all functions in schema app to postern_event_function`,
	} {
		if _, err := database.Pool.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	for _, scheme := range schemes {
		if _, err := database.Pool.Exec(t.Context(), "select postern.set_scheme_enabled($1, true)", scheme); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { database.Pool.Exec(t.Context(), "drop role "+testRole(database)) })
	connection := database.Connect(t)
	current, err := readState(t.Context(), query.New(connection))
	if err != nil {
		t.Fatal(err)
	}
	settings := current.configuration().Settings
	rapid.Check(t, func(t *rapid.T) {
		wanted := generate(t, testRole(database), maps.Clone(settings))
		text, err := writeYAML(wanted)
		if err != nil {
			t.Fatal(err)
		}
		first, firstViews := applied(t, connection, text)
		if written := withoutHeader(first); !bytes.Equal(written, text) {
			t.Fatalf("applied:\n%s\nexported:\n%s", text, written)
		}
		second, secondViews := applied(t, connection, first)
		if !bytes.Equal(first, second) {
			t.Fatalf("exported:\n%s\nand again:\n%s", first, second)
		}
		if firstViews != secondViews {
			t.Fatalf("the views had:\n%s\nand then:\n%s", firstViews, secondViews)
		}
	})
}

func testRole(database *testdb.Database) string { return database.Name + "_role" }

func withoutHeader(text []byte) []byte { return bytes.TrimPrefix(text, []byte(header)) }

// applied applies a file to an empty database. It returns what export then writes, and the content of all views.
func applied(t *rapid.T, connection *pgx.Conn, text []byte) (exported []byte, views string) {
	tx, err := connection.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	desired, err := Read([]string{standardInput}, bytes.NewReader(text))
	if err != nil {
		t.Fatalf("the file cannot be read: %v\n%s", err, text)
	}
	if _, err := Apply(t.Context(), tx, desired, false); err != nil {
		t.Fatalf("the file cannot be applied: %v\n%s", err, text)
	}
	plan, err := MakePlan(t.Context(), query.New(tx), desired, true)
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Changes) > 0 {
		t.Fatalf("still to do: %+v\n%s", plan.Changes, text)
	}
	var out bytes.Buffer
	if err := Export(t.Context(), query.New(tx), &out); err != nil {
		t.Fatal(err)
	}
	if err := tx.QueryRow(t.Context(), allViews).Scan(&views); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), views
}

// allViews selects everything that belongs to the configuration, without times and generated numbers.
const allViews = `
select string_agg(line, E'\n' order by line collate "C")
  from (select 'setting ' || s::text as line from postern.setting as s
         union all
        select 'gate ' || (to_jsonb(g) - 'registered_at')::text from postern.gate as g
         union all
        select 'action ' || (to_jsonb(a) - 'registered_at')::text from postern.action as a
         union all
        select 'user ' || (to_jsonb(u) - 'created_at' - 'pin_changed_at')::text from postern.user_account as u
         union all
        select 'company ' || (to_jsonb(c) - 'created_at')::text from postern.company as c
         union all
        select 'company user ' || u::text from postern.company_user as u
         union all
        select 'class ' || c::text from postern.authority_class as c
         union all
        select 'rule ' || (to_jsonb(r) - 'rule_id')::text from postern.authority_combination as r
         union all
        select 'ledger ' || (to_jsonb(l) - 'created_at')::text from postern.ledger as l
         union all
        select 'ledger user ' || u::text from postern.ledger_user as u
         union all
        select 'protected table ' || (to_jsonb(p) - 'protected_at')::text from postern.protected_table as p
         union all
        select 'event ' || (to_jsonb(e) - 'pending')::text from postern.event as e
         union all
        select 'event action ' || (to_jsonb(a) - 'created_at' - 'pending' - 'oldest_pending_at')::text from postern.event_action as a
         union all
        select 'policy ' || to_jsonb(p)::text from pg_catalog.pg_policies as p where p.schemaname = 'app'
         union all
        select 'trigger ' || pg_get_triggerdef(t.oid) from pg_catalog.pg_trigger as t join pg_class as c on c.oid = t.tgrelid where c.relnamespace = 'app'::regnamespace
         union all
        select 'function ' || p.proname || p.prosrc from pg_catalog.pg_proc as p where p.pronamespace = 'app'::regnamespace) as v`

var (
	// anyText generates text that YAML could get wrong: control characters, quotes, other alphabets, spaces at the ends.
	anyText = rapid.Custom(func(t *rapid.T) string {
		runes := rapid.OneOf(
			rapid.RuneFrom([]rune("abz019-:#&*!|>%@`{}[],'\"\\?~ \t\n\r=.")),
			rapid.RuneFrom([]rune{0x01, 0x1b, 0x7f, 0x85, 0xa0, 0x2028, 0xfeff, 0xfffd, 0x10ffff, 'é', 'Я', '漢', '😀'}))
		return rapid.StringOfN(runes, 1, 30, -1).Filter(func(text string) bool { return strings.Trim(text, " ") != "" }).Draw(t, "text")
	})
	special = []string{"10", "010", "0x1F", "1e3", "no", "yes", "true", "null", "~", "-", "<<", "=", "2026-01-01", "1_000", ".5", "a b", "#x", "é", "Я"}
	anyName = rapid.OneOf(rapid.SampledFrom(special), rapid.StringMatching(`[A-Za-z0-9%&*:é漢'"\[\]{}#.-]{1,12}`))
	gateID  = rapid.StringMatching(`[A-Z][A-Z0-9]{0,5}_[A-Za-z0-9_]{1,10}`).Filter(func(id string) bool { return !strings.HasPrefix(id, "POSTERN_") })
	pattern = rapid.OneOf(rapid.Just(" "), rapid.SampledFrom(special), rapid.StringMatching(`[0-9A-Z%_]{1,20}`))
)

// generate makes a configuration in the form that export writes.
func generate(t *rapid.T, role string, settings map[string]Setting) *Configuration {
	c := &Configuration{
		Settings: settings, Gates: map[string]*Gate{}, Actions: map[string]*Action{}, Users: map[string]*User{},
		Companies: map[string]*Company{}, ProtectedTables: map[string]*ProtectedTable{},
		GuardedTables: map[string]map[string]*Guard{}, Events: map[string]*Event{}, EventActions: map[string]*EventAction{},
	}
	c.Settings["max_failures"] = Setting(fmt.Sprint(rapid.IntRange(1, 20).Draw(t, "max_failures")))
	c.Settings["comment_required"] = Setting(fmt.Sprint(rapid.Bool().Draw(t, "comment_required")))
	for _, id := range rapid.SliceOfNDistinct(gateID, 0, 3, strings.ToUpper).Draw(t, "gates") {
		c.Gates[id] = generateGate(t)
	}
	for _, name := range rapid.SliceOfNDistinct(anyName, 0, 2, rapid.ID).Draw(t, "actions") {
		action := &Action{LegacyCheckpoints: []string{}}
		for _, id := range sorted(c.Gates) {
			switch rapid.IntRange(0, 2).Draw(t, "references") {
			case 1:
				action.Checkpoint = &id
			case 2:
				action.LegacyCheckpoints = append(action.LegacyCheckpoints, id)
			}
		}
		c.Actions[name] = action
	}
	userids := rapid.SliceOfNDistinct(anyName, 0, 3, foldedUserID).Draw(t, "users")
	companies := rapid.SliceOfNDistinct(anyName, 0, 2, rapid.ID).Draw(t, "companies")
	for _, id := range userids {
		c.Users[id] = &User{Description: drawn(t, anyText, "description")}
		if rapid.Bool().Draw(t, "inactive") {
			c.Users[id].Active = new(bool)
		}
	}
	if len(userids) > 0 && rapid.Bool().Draw(t, "has role") {
		c.Users[userids[0]].DBRole = &role
	}
	for _, id := range companies {
		c.Companies[id] = generateCompany(t, userids)
		for _, userid := range sorted(c.Companies[id].Users) {
			if rapid.Bool().Draw(t, "default") {
				company := Scalar(id)
				c.Users[userid].DefaultCompany = &company
			}
		}
	}
	generateProtection(t, c)
	generateGuards(t, c)
	for _, name := range events {
		c.Events[name] = &Event{Enabled: drawn(t, rapid.Bool(), "enabled")}
	}
	for _, name := range rapid.SliceOfNDistinct(rapid.StringMatching(`[A-Za-z][A-Za-z0-9_-]{0,9}`), 0, 3, rapid.ID).Draw(t, "event actions") {
		c.EventActions[name] = generateEventAction(t)
	}
	return c
}

// foldedUserID is equal for user ids that name the same user. Those that cannot name one differ by their spelling.
func foldedUserID(id string) string {
	if folded, ok := userid.Fold(id); ok {
		return folded
	}
	return id
}

func drawn[T any](t *rapid.T, generator *rapid.Generator[T], label string) *T {
	value := generator.Draw(t, label)
	return &value
}

// schemes are enabled in the test's database.
var schemes = []string{"PIN", "TOTP", "PASSKEY"}

func generateGate(t *rapid.T) *Gate {
	gate := &Gate{Description: drawn(t, anyText, "description"), Message: drawn(t, anyText.Filter(func(text string) bool { return !strings.Contains(text, "&") }), "message")}
	if names := rapid.SliceOfNDistinct(rapid.StringMatching(`[A-Za-z][A-Za-z0-9_]{0,9}`), 0, 3, rapid.ID).Draw(t, "parameters"); len(names) > 0 {
		gate.Parameters = names
		if !rapid.Bool().Draw(t, "all bound") {
			gate.BoundParameters = slices.Clone(names[:rapid.IntRange(0, len(names)-1).Draw(t, "bound")])
			if gate.BoundParameters == nil {
				gate.BoundParameters = []string{}
			}
		}
		*gate.Message += " &" + names[0]
	}
	if rapid.Bool().Draw(t, "exclusive") {
		gate.Exclusive = new(bool)
		*gate.Exclusive = true
		if rapid.Bool().Draw(t, "has schemes") {
			gate.Schemes = rapid.SliceOfNDistinct(rapid.SampledFrom(schemes), 1, len(schemes), rapid.ID).Draw(t, "schemes")
		}
	}
	switch rapid.IntRange(0, 5).Draw(t, "state") {
	case 1: // an administrator's decision
		gate.Active = drawn(t, rapid.Bool(), "active")
	case 2: // its registration
		gate.Active, gate.Administered = new(bool), []Administered{}
		*gate.Active = true
	case 3:
		gate.Administered = []Administered{"message"}
	case 4:
		gate.Active, gate.Administered = drawn(t, rapid.Bool(), "active"), []Administered{"active", "message"}
	case 5:
		gate.Active, gate.Administered = new(bool), []Administered{"message"}
		*gate.Active = true
	}
	return gate
}

func generateCompany(t *rapid.T, userids []string) *Company {
	company := &Company{
		Name: drawn(t, anyText, "name"), RowLevelSecurity: drawn(t, rapid.Bool(), "row_level_security"),
		Users: map[string]*CompanyUser{}, Ledgers: map[string]*Ledger{},
	}
	classes := func() (map[string]*Class, []string) {
		made := map[string]*Class{}
		names := rapid.SliceOfNDistinct(anyName.Filter(func(name string) bool { return name != "MAX" }), 0, 2, rapid.ID).Draw(t, "classes")
		for _, name := range names {
			made[name] = &Class{Allow: generateRules(t), Deny: generateRules(t)}
		}
		return made, append(names, "MAX", "")
	}
	class := func(names []string) *Scalar {
		if name := Scalar(rapid.SampledFrom(names).Draw(t, "class")); name != "" {
			return &name
		}
		return nil
	}
	made, names := classes()
	company.Classes = made
	for _, userid := range userids {
		if rapid.Bool().Draw(t, "is user") {
			company.Users[userid] = &CompanyUser{Class: class(names)}
		}
	}
	for _, id := range rapid.SliceOfNDistinct(anyName, 0, 1, rapid.ID).Draw(t, "ledgers") {
		made, names := classes()
		ledger := &Ledger{Users: map[string]*LedgerUser{}, Classes: made}
		for _, userid := range sorted(company.Users) {
			if rapid.Bool().Draw(t, "is connected") {
				ledger.Users[userid] = &LedgerUser{Class: class(names)}
			}
		}
		company.Ledgers[id] = ledger
	}
	return company
}

// generateRules sorts the rules as export does.
func generateRules(t *rapid.T) []Rule {
	rules := []Rule{}
	keys := map[string]bool{}
	for range rapid.IntRange(0, 3).Draw(t, "rules") {
		rule := Rule{}
		for _, part := range rule.patterns() {
			if rapid.IntRange(0, 3).Draw(t, "has part") == 0 {
				if *part = Scalar(pattern.Draw(t, "pattern")); *part == anything {
					*part = ""
				}
			}
		}
		if key := strings.Join(full(rule), pathSeparator); !keys[key] {
			keys[key] = true
			rules = append(rules, rule)
		}
	}
	slices.SortFunc(rules, func(a, b Rule) int { return slices.Compare(full(a), full(b)) })
	return rules
}

func full(rule Rule) []string {
	patterns := []string{}
	for _, part := range rule.patterns() {
		if *part == "" {
			patterns = append(patterns, anything)
		} else {
			patterns = append(patterns, string(*part))
		}
	}
	return patterns
}

var events = []string{"SECURITY_ADMINISTRATION", "SECURITY_CHECKPOINT_DENIED", "SECURITY_CHECKPOINT_LOCKED", "SECURITY_CHECKPOINT_SUCCESS"}

func generateEventAction(t *rapid.T) *EventAction {
	action := &EventAction{Event: drawn(t, rapid.SampledFrom(events), "event")}
	switch rapid.IntRange(0, 3).Draw(t, "receiver") {
	case 0:
		action.AllowInternal = drawn(t, rapid.Bool(), "allow_internal")
		action.Webhook = drawn(t, rapid.SampledFrom([]string{"https://hooks.example.com", "https://hooks.example.com:8443/a%20b?c=d&e='f'"}), "webhook")
		if *action.AllowInternal {
			action.Webhook = drawn(t, rapid.SampledFrom([]string{"http://127.0.0.1/in", "https://[fd00::1]/in"}), "webhook")
		}
	case 1:
		action.Mail = drawn(t, rapid.SampledFrom([]string{"audit@example.com", "o'neill+audit@example.com"}), "mail")
	case 2:
		action.Function = drawn(t, rapid.SampledFrom([]string{"app.on_approval", `app."Odd "" function"`, `app."order"`}), "function")
	case 3:
		action.Notify = drawn(t, rapid.StringMatching(`[a-z_][a-z0-9_]{0,62}`), "notify")
	}
	if rapid.Bool().Draw(t, "has condition") {
		action.When = drawn(t, rapid.Map(anyText, func(text string) string { return "gate_id ==\n " + strconv.QuoteToASCII(text) }), "when")
	}
	if (action.Webhook != nil || action.Mail != nil) && rapid.Bool().Draw(t, "has template") {
		action.Template = drawn(t, anyText.Filter(func(text string) bool { return strings.TrimSpace(text) != "" && !strings.Contains(text, "{{") }), "template")
	}
	return action
}

func generateProtection(t *rapid.T, c *Configuration) {
	text := func(value string) *string { return &value }
	company, ledger := Protection("company"), Protection("ledger")
	switch rapid.IntRange(0, 3).Draw(t, "protection") {
	case 1:
		c.ProtectedTables["app.invoice"] = &ProtectedTable{Protection: &company, CompanyColumn: text("company")}
		c.ProtectedTables[`app."Odd "" name"`] = &ProtectedTable{Protection: &company, CompanyColumn: text("firm")}
	case 2:
		c.ProtectedTables[`app."Odd "" name"`] = &ProtectedTable{
			Protection: &ledger, CompanyColumn: text("firm"), CombinationColumn: text("posting_combination_id")}
	case 3:
		c.ProtectedTables["app.invoice"] = &ProtectedTable{Protection: &ledger, CompanyColumn: text("company"),
			CombinationColumn: text("posting_combination_id"), LedgerColumn: text("ledger_id")}
	}
}

func generateGuards(t *rapid.T, c *Configuration) {
	columns := map[string][]string{"app.invoice": {"company", "posting_combination_id", "ledger_id"}, `app."Odd "" name"`: {"firm", "posting_combination_id"}}
	for _, table := range sorted(columns) {
		for _, id := range sorted(c.Gates) {
			if !rapid.Bool().Draw(t, "is guarded") {
				continue
			}
			guard := &Guard{Parameters: map[string]string{}, Exclusive: drawn(t, rapid.Bool(), "asks for itself")}
			for _, operation := range allowedValues["Operation"] {
				if rapid.Bool().Draw(t, operation) {
					guard.Operations = append(guard.Operations, Operation(operation))
				}
			}
			if guard.Operations == nil {
				guard.Operations = []Operation{"delete"}
			}
			if slices.Contains(guard.Operations, "update") && rapid.Bool().Draw(t, "has columns") {
				guard.Columns = rapid.SliceOfNDistinct(rapid.SampledFrom(columns[table]), 1, 2, rapid.ID).Draw(t, "columns")
			}
			for _, name := range c.Gates[id].Parameters {
				guard.Parameters[name] = rapid.SampledFrom(append(columns[table], "count(*)", "sum(posting_combination_id)")).Draw(t, "source")
			}
			if rapid.Bool().Draw(t, "has condition") {
				guard.Condition = drawn(t, rapid.SampledFrom([]string{
					"new is distinct from old",
					"new.posting_combination_id > 10 -- a comment\n  or old.posting_combination_id = 1",
					`new.posting_combination_id::text = 'it''s "quoted": \n'`,
				}), "condition")
			}
			if *guard.Exclusive {
				c.Gates[id].Exclusive = guard.Exclusive
			}
			if c.GuardedTables[table] == nil {
				c.GuardedTables[table] = map[string]*Guard{}
			}
			c.GuardedTables[table][id] = guard
		}
	}
}
