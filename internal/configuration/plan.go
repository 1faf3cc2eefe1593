package configuration

import (
	"context"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/posternsql/postern/internal/event"
	"github.com/posternsql/postern/internal/program"
	"github.com/posternsql/postern/internal/query"
)

// A change does one of these.
const (
	Create = "create"
	Alter  = "change"
	Remove = "remove"
)

// Plan is the list of changes that bring a database to what the files say.
type Plan struct {
	// Changes are in the order in which Apply makes them.
	Changes []Change `json:"changes"`
	// Unlisted counts the objects that stay although the files' lists of such objects do not contain them.
	Unlisted int `json:"unlisted"`
}

// Change is the change of one object.
type Change struct {
	Operation string        `json:"operation"`
	Kind      Kind          `json:"kind"`
	Name      string        `json:"name"`
	Fields    []FieldChange `json:"fields,omitempty"`

	// Secret is the secret of a new webhook. It cannot be read anywhere else.
	Secret string `json:"secret,omitempty"`

	object *object // the new state; for a removal, the old state
	before *object // nil if there was no object
}

// Kind names a kind of object in words.
type Kind string

// MarshalText writes underscores, so that programs can name the kind.
func (k Kind) MarshalText() ([]byte, error) {
	return []byte(strings.ReplaceAll(string(k), " ", "_")), nil
}

// FieldChange is the change of one field. A value is nil if the object does not have the field.
type FieldChange struct {
	Name string `json:"name"`
	From any    `json:"from"`
	To   any    `json:"to"`
}

func (c *Change) changes(names ...string) bool {
	return slices.ContainsFunc(c.Fields, func(field FieldChange) bool { return slices.Contains(names, field.Name) })
}

// MakePlan compares a database with the files. With prune, the plan also removes objects that are not in the files'
// lists.
func MakePlan(ctx context.Context, queries *query.Queries, desired *Desired, prune bool) (*Plan, error) {
	current, err := readState(ctx, queries)
	if err != nil {
		return nil, err
	}
	return makePlan(desired, current, prune)
}

func makePlan(desired *Desired, current state, prune bool) (*Plan, error) {
	plan := &Plan{Changes: []Change{}}
	for _, kind := range kinds {
		for _, wanted := range desired.of(kind) {
			before := current[wanted.identity()]
			complete, err := complete(wanted, before)
			if err != nil {
				return nil, err
			}
			change := Change{Operation: Create, Kind: Kind(kind.name), Name: wanted.name(), object: complete, before: before}
			if before != nil {
				change.Operation = Alter
			}
			for _, name := range kind.fields {
				to := complete.fields[name]
				switch {
				case before == nil && !reflect.DeepEqual(to, kind.defaults[name]):
					change.Fields = append(change.Fields, FieldChange{Name: name, To: kind.shown(to)})
				case before != nil && !reflect.DeepEqual(to, before.fields[name]):
					change.Fields = append(change.Fields, FieldChange{Name: name, From: kind.shown(before.fields[name]), To: kind.shown(to)})
				}
			}
			if before == nil || len(change.Fields) > 0 {
				plan.Changes = append(plan.Changes, change)
			}
		}
	}
	removed := desired.unlisted(current)
	if !prune {
		plan.Unlisted, removed = len(removed), nil
	}
	for _, o := range removed {
		plan.Changes = append(plan.Changes, Change{Operation: Remove, Kind: Kind(o.kind.name), Name: o.name(), object: o, before: o})
	}
	return plan, desired.checkReferences(current, removed)
}

// shown returns a field's value as a plan has it. Only the value of a setting may be an empty text.
func (k *kind) shown(value any) any {
	if value == "" && k != settingKind {
		return nil
	}
	return value
}

// of returns the objects of a kind, sorted by name.
func (d *Desired) of(kind *kind) []*object {
	objects := []*object{}
	for _, o := range d.objects {
		if o.kind == kind {
			objects = append(objects, o)
		}
	}
	sortObjects(objects)
	return objects
}

func sortObjects(objects []*object) {
	slices.SortFunc(objects, func(a, b *object) int { return slices.Compare(a.keys, b.keys) })
}

// unlisted returns the objects that are in the database but not in the files' lists, dependents first. Gates and users
// are never removed, because the log names them. Deactivating them has the same effect.
func (d *Desired) unlisted(current state) []*object {
	objects := []*object{}
	for _, kind := range slices.Backward(kinds) {
		ofKind := []*object{}
		for id, o := range current {
			if o.kind == kind && d.objects[id] == nil && d.scopes[o.scope()] && o.fields["active"] != false {
				ofKind = append(ofKind, o)
			}
		}
		sortObjects(ofKind)
		objects = append(objects, ofKind...)
	}
	return objects
}

// complete returns an object with all fields. A field comes from the files, or else from the existing object, or else
// from the defaults of a new one.
func complete(wanted, before *object) (*object, error) {
	fields := maps.Clone(wanted.kind.defaults)
	if before != nil {
		fields = maps.Clone(before.fields)
	}
	if fields == nil {
		fields = map[string]any{}
	}
	maps.Copy(fields, wanted.fields)
	complete := &object{kind: wanted.kind, keys: wanted.keys, fields: fields, position: wanted.position}
	switch wanted.kind {
	case settingKind:
		if before == nil {
			return nil, wanted.position.errorf("There is no setting %s; \"%s setting list\" shows all settings.", wanted.name(), program.Name())
		}
		fields["value"] = settingValue(wanted.keys[0], fields["value"].(string), before.fields["value"].(string))
		return complete, nil
	case gateKind:
		completeGate(fields, wanted.fields, before)
	case eventKind:
		if before == nil {
			return nil, wanted.position.errorf("There is no event %s; \"%s event list\" shows all events.", wanted.name(), program.Name())
		}
	case eventActionKind:
		if err := completeEventAction(complete, wanted.fields, before); err != nil {
			return nil, err
		}
	case guardKind:
		completeGuard(fields, before)
	case protectedTableKind:
		if err := completeProtection(complete, wanted.fields); err != nil {
			return nil, err
		}
	}
	for _, name := range wanted.kind.fields {
		if _, there := fields[name]; !there {
			return nil, wanted.position.errorf("There is no %s %s in the database, and a new one needs a %s.", wanted.kind.name, wanted.name(), name)
		}
	}
	return complete, nil
}

// settingValue writes a value as set_setting does, so that yes and true are no difference. It leaves an invalid value
// for set_setting to refuse.
func settingValue(name, wanted, before string) string {
	if before == "true" || before == "false" {
		switch strings.ToLower(wanted) {
		case "true", "on", "yes", "1":
			return "true"
		case "false", "off", "no", "0":
			return "false"
		}
	} else if number, err := strconv.ParseUint(wanted, 10, 31); err == nil {
		return strconv.FormatUint(number, 10)
	} else if name == "administration_gate" {
		list := strings.Split(strings.Join(strings.Fields(strings.ToLower(wanted)), ""), ",")
		slices.Sort(list)
		return strings.Join(slices.Compact(list), ",")
	}
	return wanted
}

func completeGate(fields, given map[string]any, before *object) {
	parameters, bound := fields["parameters"].([]string), fields["bound_parameters"].([]string)
	if _, there := given["bound_parameters"]; !there && (before == nil || given["parameters"] != nil) {
		bound = parameters
	}
	fields["bound_parameters"] = inOrderOf(parameters, bound)
	if schemes, isList := fields["schemes"].([]string); isList && len(schemes) == 0 {
		fields["schemes"] = ""
	}
	if _, isList := fields["schemes"].([]string); isList && given["exclusive"] == nil {
		fields["exclusive"] = true // as set_gate_schemes makes it
	}

	administered := []string{}
	if list, there := given["administered"].([]string); there {
		administered = list
	} else if given["active"] != nil {
		administered = []string{"active"}
	}
	if before != nil {
		// Keep the earlier decisions of an administrator.
		administered = append(slices.Clone(before.fields["administered"].([]string)), administered...)
	}
	fields["administered"] = slices.Compact(inOrderOf(allowedValues["Administered"], administered))
}

// inOrderOf sorts names in the given order. Names that are not in it come last.
func inOrderOf(order, names []string) []string {
	ordered := slices.Clone(names)
	if ordered == nil {
		ordered = []string{}
	}
	place := func(name string) int {
		if index := slices.Index(order, name); index >= 0 {
			return index
		}
		return len(order)
	}
	slices.SortStableFunc(ordered, func(a, b string) int { return place(a) - place(b) })
	return ordered
}

func completeProtection(table *object, given map[string]any) error {
	table.fields["fault"] = "" // no file asks for one, so protecting the table again repairs it
	if table.fields["protection"] == "ledger" {
		if table.fields["combination_column"] == "" {
			table.fields["combination_column"] = "posting_combination_id"
		}
		return nil
	}
	for _, name := range []string{"combination_column", "ledger_column"} {
		if _, there := given[name]; there {
			return table.position.errorf("%s belongs to protection: ledger.", name)
		}
		table.fields[name] = ""
	}
	return nil
}

// completeGuard writes the fields as protect_gate records them, so that another spelling is no difference.
func completeGuard(fields map[string]any, before *object) {
	fields["fault"] = "" // no file asks for one, so guarding the table again repairs it
	if operations, isList := fields["operations"].([]string); isList {
		fields["operations"] = inOrderOf(allowedValues["Operation"], operations)
	}
	if columns, isList := fields["columns"].([]string); isList && len(columns) == 0 {
		fields["columns"] = ""
	}
	fields["condition"] = strings.Trim(fields["condition"].(string), " \t\r\n")
	if before == nil {
		return
	}
	wanted, recorded := fields["parameters"].(map[string]string), before.fields["parameters"].(map[string]string)
	same := maps.Clone(wanted)
	for name, source := range wanted {
		if source := strings.TrimSpace(source); source == recorded[name] || total(source) == recorded[name] {
			same[name] = recorded[name]
		}
	}
	fields["parameters"] = same
}

var (
	countOfRows = regexp.MustCompile(`(?i)^count(\s*\(\s*\*?\s*\))?$`)
	sumOfColumn = regexp.MustCompile(`(?is)^sum\s*\((.*)\)$`)
)

// total writes the source of a parameter as protect_gate records a total.
func total(source string) string {
	if countOfRows.MatchString(source) {
		return "count(*)"
	}
	if sum := sumOfColumn.FindStringSubmatch(source); sum != nil {
		return "sum(" + strings.TrimSpace(sum[1]) + ")"
	}
	return source
}

// completeEventAction lets a new receiver replace another one.
func completeEventAction(action *object, given map[string]any, before *object) error {
	for _, name := range receivers {
		if _, there := given[name]; there {
			for _, other := range receivers {
				if other != name {
					action.fields[other] = ""
				}
			}
		}
	}
	kind, target := action.receiver()
	if _, there := action.fields["event"]; kind == "" || !there {
		return action.position.errorf("There is no event action %s in the database, and a new one needs event, and one of %s.",
			action.name(), strings.Join(receivers, ", "))
	}
	for name, of := range map[string][]string{"allow_internal": {"webhook"}, "template": {"webhook", "mail"}} {
		if slices.Contains(of, kind) {
			continue
		}
		if _, there := given[name]; there && given[name] != action.kind.defaults[name] {
			return action.position.errorf("%s belongs to %s.", name, strings.Join(of, " and "))
		}
		action.fields[name] = action.kind.defaults[name]
	}
	if kind == "function" && before != nil && sameSQLName(target, before.fields["function"].(string)) {
		action.fields["function"] = before.fields["function"]
	}
	_, newTarget := given["webhook"]
	_, newPermission := given["allow_internal"]
	if kind == "webhook" && (newTarget || newPermission) {
		if err := event.CheckWebhook(target, action.fields["allow_internal"].(bool)); err != nil {
			return action.position.errorf("%s", sentence(err))
		}
	}
	return nil
}

// receiver returns the kind of an event action's receiver and its target.
func (o *object) receiver() (kind, target string) {
	for _, name := range receivers {
		if target := o.fields[name].(string); target != "" {
			return name, target
		}
	}
	return "", ""
}

// checkReferences finds mistakes that the database would silently correct, or refuse without a position in the files.
func (d *Desired) checkReferences(current state, removed []*object) error {
	gone := map[string]bool{}
	for _, o := range removed {
		gone[o.identity()] = true
	}
	isUser := func(company, userid string) bool {
		id := identity(companyUserKind, company, userid)
		return d.objects[id] != nil || current[id] != nil && !gone[id]
	}
	for _, user := range d.of(userKind) {
		if company, there := user.fields["default_company"].(string); there && !isUser(company, user.keys[0]) {
			return user.position.errorf("%s is not a user of company %s, so that cannot be the default.", user.name(), quoteNames(company))
		}
	}
	for _, user := range d.of(ledgerUserKind) {
		if !isUser(user.keys[0], user.keys[2]) {
			return user.position.errorf("%s is not a user of company %s, and so not of its ledgers.", quoteNames(user.keys[2]), quoteNames(user.keys[0]))
		}
	}
	for _, gate := range d.of(gateKind) {
		complete, err := complete(gate, current[gate.identity()])
		if err != nil {
			return err
		}
		if schemes, isList := complete.fields["schemes"].([]string); isList && complete.fields["exclusive"] == false {
			return gate.position.errorf("Gate %s cannot be exclusive: false, because it accepts only %s. Leave the key out, or give the gate schemes: null.",
				gate.name(), strings.Join(schemes, ", "))
		}
	}
	for _, guard := range d.of(guardKind) {
		complete, err := complete(guard, current[guard.identity()])
		if err != nil {
			return err
		}
		gate := d.objects[identity(gateKind, guard.keys[2])]
		if gate != nil && gate.fields["exclusive"] == false && complete.fields["exclusive"] == true {
			return gate.position.errorf("Gate %s cannot be exclusive: false, because its guard of %s asks for itself. Leave the key out, or give the guard exclusive: false.",
				gate.name(), tableName(guard))
		}
	}
	return d.checkGuardedGates(current, gone)
}

// checkGuardedGates refuses to change the parameters of a gate without those of its guards. The guards would raise an
// error in each statement that writes their tables.
func (d *Desired) checkGuardedGates(current state, gone map[string]bool) error {
	for _, gate := range d.of(gateKind) {
		names, given := gate.fields["parameters"].([]string)
		before := current[gate.identity()]
		if !given || before == nil || sameNames(names, before.fields["parameters"].([]string)) {
			continue
		}
		guards := []*object{}
		for id, guard := range current {
			if guard.kind == guardKind && guard.keys[2] == gate.keys[0] && !gone[id] {
				guards = append(guards, guard)
			}
		}
		sortObjects(guards)
		for _, guard := range guards {
			position, passed := gate.position, guard.fields["parameters"].(map[string]string)
			if wanted := d.objects[guard.identity()]; wanted != nil {
				position = wanted.position
				if parameters, given := wanted.fields["parameters"].(map[string]string); given {
					passed = parameters
				}
			}
			if !sameNames(names, sorted(passed)) {
				return position.errorf("Gate %s gets the parameters [%s], but its guard of %s passes [%s]. Give the guard a source for each of them under parameters, or leave the gate as it is.",
					gate.name(), strings.Join(names, ", "), tableName(guard), strings.Join(sorted(passed), ", "))
			}
		}
	}
	return nil
}

// sameNames reports whether two lists have the same names, in whatever order.
func sameNames(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
