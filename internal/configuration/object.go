package configuration

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/posternsql/postern/internal/acceptance"
	"github.com/posternsql/postern/internal/event"
	"github.com/posternsql/postern/internal/printable"
	"github.com/posternsql/postern/internal/userid"
)

// kind is a kind of object, as the plan counts them. Its keys and fields have the names of the SQL functions'
// arguments.
type kind struct {
	name string
	keys []string
	// fields are in the order that a plan shows.
	fields []string
	// defaults are the values of a new object for fields that the files do not mention. A field without a default is
	// required.
	defaults map[string]any
	// scope is the number of keys that identify the list of a file to which an object belongs. --prune removes objects
	// that are in the database but not in that list. -1 means that such objects are never removed.
	scope int
	// container objects may appear in several files, but only one file may give their fields.
	container bool
}

var (
	settingKind = &kind{name: "setting", keys: []string{"name"}, fields: []string{"value"}, scope: -1}
	gateKind    = &kind{name: "gate", keys: []string{"gate_id"},
		fields:   []string{"description", "message", "parameters", "bound_parameters", "exclusive", "schemes", "active", "administered"},
		defaults: map[string]any{"parameters": []string{}, "bound_parameters": []string{}, "exclusive": false, "schemes": "", "active": false, "administered": []string{}}}
	actionKind = &kind{name: "action", keys: []string{"action"}, fields: []string{"checkpoint", "legacy_checkpoints"},
		defaults: map[string]any{"checkpoint": "", "legacy_checkpoints": []string{}}}
	userKind = &kind{name: "user", keys: []string{"userid"}, fields: []string{"description", "db_role", "active", "default_company"},
		defaults: map[string]any{"db_role": "", "active": true, "default_company": ""}}
	companyKind = &kind{name: "company", keys: []string{"company"}, fields: []string{"name", "row_level_security"},
		defaults: map[string]any{"row_level_security": false}, scope: -1, container: true}
	ledgerKind = &kind{name: "ledger", keys: []string{"company", "ledger_id"}, scope: -1, container: true}
	classKind  = &kind{name: "class", keys: []string{"company", "ledger_id", "class"}, scope: -1, container: true}
	ruleKind   = &kind{name: "rule", keys: []string{"company", "ledger_id", "class", "allowed",
		"code_a", "code_b", "code_c", "code_d", "code_e", "code_f", "code_g", "code_h", "code_i", "code_j"}, scope: 4}
	companyUserKind = &kind{name: "company user", keys: []string{"company", "userid"}, fields: []string{"class"},
		defaults: map[string]any{"class": ""}, scope: 1}
	ledgerUserKind = &kind{name: "ledger user", keys: []string{"company", "ledger_id", "userid"}, fields: []string{"class"},
		defaults: map[string]any{"class": ""}, scope: 2}
	protectedTableKind = &kind{name: "protected table", keys: []string{"schema_name", "table_name"},
		fields:   []string{"protection", "company_column", "combination_column", "ledger_column", "fault"},
		defaults: map[string]any{"company_column": "company", "combination_column": "", "ledger_column": "", "fault": ""}}
	guardKind = &kind{name: "guard", keys: []string{"schema_name", "table_name", "gate_id"},
		fields: []string{"operations", "columns", "parameters", "condition", "exclusive", "fault"},
		defaults: map[string]any{"operations": []string{"insert", "update", "delete"}, "columns": "", "parameters": "", "condition": "",
			"exclusive": true, "fault": ""}}

	eventKind       = &kind{name: "event", keys: []string{"event"}, fields: []string{"enabled"}, scope: -1}
	eventActionKind = &kind{name: "event action", keys: []string{"name"},
		fields:   []string{"event", "webhook", "mail", "function", "notify", "when", "template", "allow_internal"},
		defaults: map[string]any{"webhook": "", "mail": "", "function": "", "notify": "", "when": "", "template": "", "allow_internal": false}}

	// receivers are the fields that name the receiver of an event action. An action has exactly one of them.
	receivers = []string{"webhook", "mail", "function", "notify"}

	// kinds are in the order in which their objects are created, because each needs only kinds before it.
	kinds = []*kind{settingKind, gateKind, actionKind, userKind, companyKind, ledgerKind, classKind, ruleKind, companyUserKind, ledgerUserKind,
		protectedTableKind, guardKind, eventKind, eventActionKind}
)

// object is an object of a kind, in the files or in the database. An object of the files has only the fields given
// there; an object of the database has all fields. A field is a string, with "" for none; a bool; a []string; or a
// map[string]string.
type object struct {
	kind     *kind
	keys     []string
	fields   map[string]any
	position Position
	// id is the ID of a rule in the database.
	id string
}

// identity is equal for the same object in files and database, however its user ID is written.
func identity(of *kind, keys ...string) string {
	if index := slices.Index(of.keys, "userid"); index >= 0 && index < len(keys) {
		if folded, ok := userid.Fold(keys[index]); ok {
			keys = slices.Clone(keys)
			keys[index] = folded
		}
	}
	return of.name + pathSeparator + strings.Join(keys, pathSeparator)
}

func (o *object) identity() string { return identity(o.kind, o.keys...) }

// scope identifies the list that the object belongs to; "" if there is none.
func (o *object) scope() string {
	if o.kind.scope < 0 {
		return ""
	}
	return identity(o.kind, o.keys[:o.kind.scope]...)
}

// name is what a person calls the object.
func (o *object) name() string {
	switch o.kind {
	case ruleKind:
		return quoteNames(o.keys[:3]...) + ": " + o.keys[3] + " " + ruleText(o.keys[4:])
	case companyUserKind:
		return quoteNames(o.keys[1]) + " in " + quoteNames(o.keys[0])
	case ledgerUserKind:
		return quoteNames(o.keys[2]) + " in " + quoteNames(o.keys[:2]...)
	case protectedTableKind:
		return tableName(o)
	case guardKind:
		return quoteNames(o.keys[2]) + " on " + tableName(o)
	}
	return quoteNames(o.keys...)
}

// tableName is the name of the table that an object is about, as a file has it.
func tableName(o *object) string { return sqlName(o.keys[0]) + "." + sqlName(o.keys[1]) }

var plainName = regexp.MustCompile(`^[\pL\pN_][\pL\pN_.@-]*$`)

func quoteNames(names ...string) string {
	shown := []string{}
	for _, name := range names {
		switch {
		case name == "": // a company's class has no ledger
		case plainName.MatchString(name):
			shown = append(shown, name)
		default:
			shown = append(shown, quotedText(name))
		}
	}
	return strings.Join(shown, "/")
}

func ruleText(patterns []string) string {
	parts := []string{}
	for index, pattern := range patterns {
		if pattern != anything {
			parts = append(parts, "code_"+string(rune('a'+index))+" "+quotedText(pattern))
		}
	}
	if len(parts) == 0 {
		return "everything"
	}
	return strings.Join(parts, ", ")
}

// anything is the pattern of a code part that a rule does not mention.
const anything = "%"

// Desired is the combined content of the files.
type Desired struct {
	objects map[string]*object
	// scopes are the lists that the files contain.
	scopes map[string]bool
	// accepted maps the accepted findings to their positions in the files.
	accepted   map[acceptance.Key]Position
	acceptance []acceptance.Entry
	// digests are the SHA-256 of the files, in hexadecimal.
	digests []string
}

// Accepted returns the accepted findings, for doctor and verify.
func (d *Desired) Accepted() []acceptance.Entry { return d.acceptance }

// content is the content of one file.
type content struct {
	objects  []*object
	scopes   []string
	accepted []acceptedObject
}

type acceptedObject struct {
	acceptance.Entry
	position Position
}

// add adds the content of one file.
func (d *Desired) add(file *content) error {
	for _, o := range file.objects {
		before := d.objects[o.identity()]
		switch {
		case before == nil:
			d.objects[o.identity()] = o
		case o.kind.container && len(o.fields) == 0:
		case o.kind.container && len(before.fields) == 0:
			d.objects[o.identity()] = o
		default:
			first, second := before, o
			if first.position.File == second.position.File && first.position.compare(second.position) > 0 {
				first, second = second, first
			}
			return second.position.errorf("The %s %s is there twice; first at %s.", o.kind.name, o.name(), first.position)
		}
	}
	for _, scope := range file.scopes {
		d.scopes[scope] = true
	}
	for _, one := range file.accepted {
		if first, twice := d.accepted[one.Key]; twice {
			return one.position.errorf("The finding %s of %s is accepted twice; first at %s.", one.Name, quotedText(one.Object), first)
		}
		d.accepted[one.Key] = one.position
		d.acceptance = append(d.acceptance, one.Entry)
	}
	return nil
}

// flattener turns a configuration into objects.
type flattener struct {
	content
	positions map[string]Position
}

func (f *flattener) position(path ...any) Position {
	joined := ""
	for _, part := range path {
		joined = join(joined, part)
	}
	return f.positions[joined]
}

func (f *flattener) add(of *kind, position Position, fields map[string]any, keys ...string) {
	f.objects = append(f.objects, &object{kind: of, keys: keys, fields: fields, position: position})
}

func (f *flattener) scope(of *kind, keys ...string) {
	f.scopes = append(f.scopes, identity(of, keys...))
}

// flatten goes through maps in the order of their keys, so that it always reports the same one of several errors.
func flatten(c *Configuration, positions map[string]Position) (*content, error) {
	f := &flattener{positions: positions}
	for _, name := range sorted(c.Settings) {
		f.add(settingKind, f.position("settings", name), map[string]any{"value": string(c.Settings[name])}, name)
	}
	if c.Gates != nil {
		f.scope(gateKind)
	}
	for _, id := range sorted(c.Gates) {
		gate := orNew(c.Gates[id])
		fields := map[string]any{}
		give(fields, "description", gate.Description)
		give(fields, "message", gate.Message)
		giveList(fields, "parameters", gate.Parameters)
		giveList(fields, "bound_parameters", gate.BoundParameters)
		if gate.Exclusive != nil {
			fields["exclusive"] = *gate.Exclusive
		}
		giveList(fields, "schemes", gate.Schemes)
		if gate.Active != nil {
			fields["active"] = *gate.Active
		}
		giveList(fields, "administered", gate.Administered)
		f.add(gateKind, f.position("gates", id), fields, id)
	}
	if c.Actions != nil {
		f.scope(actionKind)
	}
	for _, name := range sorted(c.Actions) {
		action := orNew(c.Actions[name])
		fields := map[string]any{}
		give(fields, "checkpoint", action.Checkpoint)
		giveList(fields, "legacy_checkpoints", action.LegacyCheckpoints)
		f.add(actionKind, f.position("actions", name), fields, name)
	}
	if c.Users != nil {
		f.scope(userKind)
	}
	for _, id := range sorted(c.Users) {
		user := orNew(c.Users[id])
		fields := map[string]any{}
		give(fields, "description", user.Description)
		give(fields, "db_role", user.DBRole)
		if user.Active != nil {
			fields["active"] = *user.Active
		}
		give(fields, "default_company", user.DefaultCompany)
		f.add(userKind, f.position("users", id), fields, id)
	}
	for _, id := range sorted(c.Companies) {
		if err := f.company(id, orNew(c.Companies[id])); err != nil {
			return nil, err
		}
	}
	if c.ProtectedTables != nil {
		f.scope(protectedTableKind)
	}
	for _, name := range sorted(c.ProtectedTables) {
		position := f.position("protected_tables", name)
		schema, table, ok := splitSQLName(name)
		if !ok {
			return nil, position.errorf("%s is not a table name; write schema.table, as in SQL.", quotedText(name))
		}
		wanted := orNew(c.ProtectedTables[name])
		fields := map[string]any{}
		give(fields, "protection", wanted.Protection)
		give(fields, "company_column", wanted.CompanyColumn)
		give(fields, "combination_column", wanted.CombinationColumn)
		give(fields, "ledger_column", wanted.LedgerColumn)
		f.add(protectedTableKind, position, fields, schema, table)
	}
	if err := f.guards(c.GuardedTables); err != nil {
		return nil, err
	}
	for _, name := range sorted(c.Events) {
		fields := map[string]any{}
		if enabled := orNew(c.Events[name]).Enabled; enabled != nil {
			fields["enabled"] = *enabled
		}
		f.add(eventKind, f.position("events", name), fields, name)
	}
	if c.EventActions != nil {
		f.scope(eventActionKind)
	}
	for _, name := range sorted(c.EventActions) {
		if err := f.eventAction(name, orNew(c.EventActions[name])); err != nil {
			return nil, err
		}
	}
	for index := range c.AcceptedFindings {
		if err := f.acceptedFinding(index, &c.AcceptedFindings[index]); err != nil {
			return nil, err
		}
	}
	return &f.content, nil
}

func (f *flattener) guards(tables map[string]map[string]*Guard) error {
	if tables != nil {
		f.scope(guardKind)
	}
	for _, name := range sorted(tables) {
		schema, table, ok := splitSQLName(name)
		if !ok {
			return f.position("guarded_tables", name).errorf("%s is not a table name; write schema.table, as in SQL.", quotedText(name))
		}
		for _, gate := range sorted(tables[name]) {
			wanted := orNew(tables[name][gate])
			fields := map[string]any{}
			giveList(fields, "operations", wanted.Operations)
			giveList(fields, "columns", wanted.Columns)
			if wanted.Parameters != nil {
				fields["parameters"] = wanted.Parameters
			}
			give(fields, "condition", wanted.Condition)
			if wanted.Exclusive != nil {
				fields["exclusive"] = *wanted.Exclusive
			}
			f.add(guardKind, f.position("guarded_tables", name, gate), fields, schema, table, gate)
		}
	}
	return nil
}

// acceptedFinding requires a reason and a date for each entry. A later reader then knows why nobody minded.
func (f *flattener) acceptedFinding(index int, finding *AcceptedFinding) error {
	position := func(more ...any) Position { return f.position(append([]any{"accepted_findings", index}, more...)...) }
	for _, key := range []struct {
		name    string
		missing bool
	}{
		{"finding", finding.Finding == nil}, {"object", len(finding.Object) == 0}, {"reason", finding.Reason == nil}, {"until", finding.Until == nil},
	} {
		if key.missing {
			return position().errorf("An accepted finding needs finding, object, reason and until; this one has no %s.", key.name)
		}
	}
	if strings.TrimSpace(*finding.Reason) == "" {
		return position("reason").errorf("\"reason\" is blank: say why the finding is accepted.")
	}
	until, err := time.Parse(time.DateOnly, string(*finding.Until))
	if err != nil {
		return position("until").errorf("\"until\" is %s, which is not a date; write YYYY-MM-DD.", quotedText(string(*finding.Until)))
	}
	for place, object := range finding.Object {
		at := position("object", place)
		entry := acceptance.Entry{Key: acceptance.Key{Name: string(*finding.Finding), Object: object}, Reason: *finding.Reason, Until: until, Place: at.String()}
		if finding.Level != nil {
			entry.Level = string(*finding.Level)
		}
		f.accepted = append(f.accepted, acceptedObject{entry, at})
	}
	return nil
}

// eventAction compiles conditions and templates now. Otherwise only the worker would find a mistake, and nobody would
// learn of it.
func (f *flattener) eventAction(name string, action *EventAction) error {
	at := func(field string) Position { return f.position("event_actions", name, field) }
	fields := map[string]any{}
	give(fields, "event", action.Event)
	receiver := ""
	for index, target := range []*string{action.Webhook, action.Mail, action.Function, action.Notify} {
		if target == nil {
			continue
		}
		if receiver != "" {
			return at(receivers[index]).errorf("%s has %s as well; an event action has one receiver.", quoteNames(name), receiver)
		}
		receiver = receivers[index]
		give(fields, receiver, target)
	}
	give(fields, "when", action.When)
	give(fields, "template", action.Template)
	if action.AllowInternal != nil {
		fields["allow_internal"] = *action.AllowInternal
	}
	if action.Mail != nil {
		if err := event.CheckMailAddress(*action.Mail); err != nil {
			return at("mail").errorf("%s", sentence(err))
		}
	}
	if action.Function != nil {
		if _, _, ok := splitSQLName(*action.Function); !ok {
			return at("function").errorf("%s is not a function name; write schema.name, as in SQL.", quotedText(*action.Function))
		}
	}
	if action.When != nil && *action.When != "" {
		if _, err := event.CompileCondition(*action.When); err != nil {
			return at("when").errorf("%s", sentence(err))
		}
	}
	if action.Template != nil && *action.Template != "" {
		if _, err := event.ParseTemplate(*action.Template); err != nil {
			return at("template").errorf("%s", sentence(err))
		}
	}
	f.add(eventActionKind, f.position("event_actions", name), fields, name)
	return nil
}

// sentence makes one sentence of an error that may be followed by a picture of the place.
func sentence(err error) string {
	first, _, _ := strings.Cut(err.Error(), "\n")
	runes := []rune(first)
	runes[0] = unicode.ToUpper(runes[0])
	for index, character := range runes {
		if !printable.Rune(character) {
			runes[index] = unicode.ReplacementChar
		}
	}
	return string(runes) + "."
}

func (f *flattener) company(id string, company *Company) error {
	fields := map[string]any{}
	give(fields, "name", company.Name)
	if company.RowLevelSecurity != nil {
		fields["row_level_security"] = *company.RowLevelSecurity
	}
	f.add(companyKind, f.position("companies", id), fields, id)
	if company.Users != nil {
		f.scope(companyUserKind, id)
	}
	for _, userid := range sorted(company.Users) {
		fields := map[string]any{}
		give(fields, "class", orNew(company.Users[userid]).Class)
		f.add(companyUserKind, f.position("companies", id, "users", userid), fields, id, userid)
	}
	if err := f.classes(company.Classes, []any{"companies", id, "classes"}, id, ""); err != nil {
		return err
	}
	for _, ledgerID := range sorted(company.Ledgers) {
		path := []any{"companies", id, "ledgers", ledgerID}
		ledger := orNew(company.Ledgers[ledgerID])
		f.add(ledgerKind, f.position(path...), nil, id, ledgerID)
		if ledger.Users != nil {
			f.scope(ledgerUserKind, id, ledgerID)
		}
		for _, userid := range sorted(ledger.Users) {
			fields := map[string]any{}
			give(fields, "class", orNew(ledger.Users[userid]).Class)
			f.add(ledgerUserKind, f.position(append(path, "users", userid)...), fields, id, ledgerID, userid)
		}
		if err := f.classes(ledger.Classes, append(path, "classes"), id, ledgerID); err != nil {
			return err
		}
	}
	return nil
}

func (f *flattener) classes(classes map[string]*Class, path []any, company, ledger string) error {
	for _, name := range sorted(classes) {
		class, path := orNew(classes[name]), append(slices.Clone(path), name)
		if name == "MAX" {
			return f.position(path...).errorf("The class MAX is built in: it allows everything, and no file says so.")
		}
		f.add(classKind, f.position(path...), nil, company, ledger, name)
		for _, list := range []struct {
			name  string
			rules []Rule
		}{{"allow", class.Allow}, {"deny", class.Deny}} {
			if list.rules != nil {
				f.scope(ruleKind, company, ledger, name, list.name)
			}
			for index := range list.rules {
				position := f.position(append(slices.Clone(path), list.name, index)...)
				keys := []string{company, ledger, name, list.name}
				for part, pattern := range list.rules[index].patterns() {
					if *pattern == "" {
						*pattern = anything
					}
					if problem := patternProblem(string(*pattern)); problem != "" {
						return position.errorf("code_%c is %s, which %s.", 'a'+part, quotedText(string(*pattern)), problem)
					}
					keys = append(keys, string(*pattern))
				}
				f.add(ruleKind, position, nil, keys...)
			}
		}
	}
	return nil
}

// escapes matches the escapes of characters that are otherwise wildcards or begin an escape.
var escapes = regexp.MustCompile(`\[([%_[])\]`)

// patternProblem finds what postern_internal.require_patterns would refuse. It finds it earlier, and names the rule and
// not only the class.
func patternProblem(pattern string) string {
	switch {
	case len([]rune(escapes.ReplaceAllString(pattern, "$1"))) > 20:
		return "has more than 20 characters"
	case pattern != " " && strings.Trim(pattern, " ") != pattern:
		return "has a space at an end; a single space alone is blank"
	case strings.ContainsFunc(pattern, unicode.IsControl):
		return "has a control character"
	}
	return ""
}

func give[T ~string](fields map[string]any, name string, value *T) {
	if value != nil {
		fields[name] = string(*value)
	}
}

func giveList[T ~string](fields map[string]any, name string, values []T) {
	if values == nil {
		return
	}
	list := make([]string, len(values))
	for index, value := range values {
		list[index] = string(value)
	}
	fields[name] = list
}

// orNew lets a key with nothing below it stand for an object without any fields.
func orNew[T any](value *T) *T {
	if value == nil {
		return new(T)
	}
	return value
}

func sorted[T any](of map[string]T) []string { return slices.Sorted(maps.Keys(of)) }

var unquotedName = regexp.MustCompile(`^[\pL_][\pL\pN_$]*$`)

// splitSQLName reads schema.table as SQL does: it folds unquoted names to lower case, and leaves quoted names
// unchanged.
func splitSQLName(name string) (schema, table string, ok bool) {
	parts := []string{}
	for rest := name; ; {
		part := ""
		if strings.HasPrefix(rest, `"`) {
			closed := false
			for rest = rest[1:]; rest != ""; {
				before, after, found := strings.Cut(rest, `"`)
				part, rest = part+before, after
				if !found {
					break
				}
				if !strings.HasPrefix(rest, `"`) {
					closed = true
					break
				}
				part, rest = part+`"`, rest[1:]
			}
			if !closed || part == "" {
				return "", "", false
			}
		} else {
			end := strings.IndexByte(rest, '.')
			if end < 0 {
				end = len(rest)
			}
			part, rest = rest[:end], rest[end:]
			if !unquotedName.MatchString(part) {
				return "", "", false
			}
			part = lowerCase(part)
		}
		if len(part) > 63 {
			return "", "", false
		}
		parts = append(parts, part)
		if rest == "" {
			break
		}
		if rest[0] != '.' {
			return "", "", false
		}
		rest = rest[1:]
	}
	if len(parts) != 2 {
		return "", "", false
	}
	return parts[0], parts[1], true
}

// sameSQLName reports whether two texts are two ways to write the same name.
func sameSQLName(a, b string) bool {
	firstSchema, firstName, isFirst := splitSQLName(a)
	secondSchema, secondName, isSecond := splitSQLName(b)
	return isFirst && isSecond && firstSchema == secondSchema && firstName == secondName
}

// lowerCase folds only ASCII letters, as PostgreSQL does in UTF-8.
func lowerCase(part string) string {
	return strings.Map(func(character rune) rune {
		if character <= unicode.MaxASCII {
			return unicode.ToLower(character)
		}
		return character
	}, part)
}

var lowerCaseName = regexp.MustCompile(`^[a-z_][a-z0-9_$]*$`)

// sqlName is the inverse of splitSQLName for one part.
func sqlName(part string) string {
	if lowerCaseName.MatchString(part) {
		return part
	}
	return `"` + strings.ReplaceAll(part, `"`, `""`) + `"`
}
