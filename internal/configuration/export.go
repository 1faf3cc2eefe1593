package configuration

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"

	"github.com/posternsql/postern/internal/query"
)

const header = `# Postern: settings, gates, actions, users, companies, rules, protected and guarded tables, and events of one
# database, as "postern export" wrote them. To see what differs in a database: postern apply -f FILE --plan; without --plan
# it is made so. A key that is absent leaves alone what there is. PINs, keys and the secrets of webhooks are not here.
`

// Export writes the configuration of the database. The order depends on nothing but the configuration.
func Export(ctx context.Context, queries *query.Queries, out io.Writer) error {
	current, err := readState(ctx, queries)
	if err != nil {
		return err
	}
	text, err := writeYAML(current.configuration())
	if err != nil {
		return fmt.Errorf("write YAML: %w", err)
	}
	// Read the output back to check the library, because a text that is read differently would change somebody's rights.
	read, _, err := readYAML(&source{name: "export", text: text})
	if err != nil {
		return fmt.Errorf("read back what was written: %w", err)
	}
	if !reflect.DeepEqual(read, current.configuration()) {
		return errors.New("what was written reads back differently: please report this")
	}
	_, err = io.Copy(out, io.MultiReader(bytes.NewReader([]byte(header)), bytes.NewReader(text)))
	return err
}

// configuration returns the configuration that a file needs to produce this state.
func (s state) configuration() *Configuration {
	c := &Configuration{
		Settings: map[string]Setting{}, Gates: map[string]*Gate{}, Actions: map[string]*Action{}, Users: map[string]*User{}, Companies: map[string]*Company{},
		ProtectedTables: map[string]*ProtectedTable{}, GuardedTables: map[string]map[string]*Guard{}, Events: map[string]*Event{}, EventActions: map[string]*EventAction{},
	}
	objects := make([]*object, 0, len(s))
	for _, o := range s {
		objects = append(objects, o)
	}
	slices.SortFunc(objects, func(a, b *object) int {
		if order := slices.Index(kinds, a.kind) - slices.Index(kinds, b.kind); order != 0 {
			return order
		}
		return slices.Compare(a.keys, b.keys)
	})
	for _, o := range objects {
		switch o.kind {
		case settingKind:
			c.Settings[o.keys[0]] = Setting(o.text("value"))
		case gateKind:
			c.Gates[o.keys[0]] = exportGate(o)
		case actionKind:
			c.Actions[o.keys[0]] = &Action{Checkpoint: value[string](o, "checkpoint"), LegacyCheckpoints: o.fields["legacy_checkpoints"].([]string)}
		case userKind:
			user := &User{Description: value[string](o, "description"), DBRole: value[string](o, "db_role"), DefaultCompany: value[Scalar](o, "default_company")}
			if o.fields["active"] == false {
				user.Active = new(bool)
			}
			c.Users[o.keys[0]] = user
		case companyKind:
			company := &Company{Name: value[string](o, "name"), RowLevelSecurity: o.truth("row_level_security"), Users: map[string]*CompanyUser{}, Classes: map[string]*Class{}, Ledgers: map[string]*Ledger{}}
			c.Companies[o.keys[0]] = company
		case ledgerKind:
			c.Companies[o.keys[0]].Ledgers[o.keys[1]] = &Ledger{Users: map[string]*LedgerUser{}, Classes: map[string]*Class{}}
		case classKind:
			classesOf(c, o)[o.keys[2]] = &Class{Allow: []Rule{}, Deny: []Rule{}}
		case ruleKind:
			class := classesOf(c, o)[o.keys[2]]
			rule := Rule{}
			for part, pattern := range rule.patterns() {
				if o.keys[4+part] != anything {
					*pattern = Scalar(o.keys[4+part])
				}
			}
			if o.keys[3] == "allow" {
				class.Allow = append(class.Allow, rule)
			} else {
				class.Deny = append(class.Deny, rule)
			}
		case companyUserKind:
			c.Companies[o.keys[0]].Users[o.keys[1]] = &CompanyUser{Class: value[Scalar](o, "class")}
		case ledgerUserKind:
			c.Companies[o.keys[0]].Ledgers[o.keys[1]].Users[o.keys[2]] = &LedgerUser{Class: value[Scalar](o, "class")}
		case protectedTableKind:
			table := &ProtectedTable{
				Protection: value[Protection](o, "protection"), CompanyColumn: value[string](o, "company_column"),
				CombinationColumn: value[string](o, "combination_column"), LedgerColumn: value[string](o, "ledger_column"),
			}
			c.ProtectedTables[o.name()] = table
		case guardKind:
			table := tableName(o)
			if c.GuardedTables[table] == nil {
				c.GuardedTables[table] = map[string]*Guard{}
			}
			c.GuardedTables[table][o.keys[2]] = exportGuard(o)
		case eventKind:
			c.Events[o.keys[0]] = &Event{Enabled: o.truth("enabled")}
		case eventActionKind:
			action := &EventAction{
				Event: value[string](o, "event"), Webhook: value[string](o, "webhook"), Mail: value[string](o, "mail"),
				Function: value[string](o, "function"), Notify: value[string](o, "notify"), When: value[string](o, "when"), Template: value[string](o, "template"),
			}
			if action.Webhook != nil {
				action.AllowInternal = o.truth("allow_internal")
			}
			c.EventActions[o.keys[0]] = action
		}
	}
	return c
}

func classesOf(c *Configuration, o *object) map[string]*Class {
	company := c.Companies[o.keys[0]]
	if o.keys[1] == "" {
		return company.Classes
	}
	return company.Ledgers[o.keys[1]].Classes
}

// exportGate writes only what differs from the defaults of a new gate. Applying the result makes the same registration
// and the same decisions of an administrator.
func exportGate(o *object) *Gate {
	gate := &Gate{Description: value[string](o, "description"), Message: value[string](o, "message")}
	parameters, bound := o.fields["parameters"].([]string), o.fields["bound_parameters"].([]string)
	administered := o.fields["administered"].([]string)
	if len(parameters) > 0 {
		gate.Parameters = parameters
	}
	if !slices.Equal(parameters, bound) {
		gate.BoundParameters = bound
	}
	if exclusive := o.fields["exclusive"].(bool); exclusive {
		gate.Exclusive = &exclusive
	}
	gate.Schemes, _ = o.fields["schemes"].([]string)
	implied := []string{}
	if active := o.fields["active"].(bool); active || slices.Contains(administered, "active") {
		gate.Active = &active
		implied = []string{"active"}
	}
	if !slices.Equal(administered, implied) {
		gate.Administered = []Administered{}
		for _, part := range administered {
			gate.Administered = append(gate.Administered, Administered(part))
		}
	}
	return gate
}

// exportGuard leaves out columns and condition where there are none.
func exportGuard(o *object) *Guard {
	guard := &Guard{Parameters: o.fields["parameters"].(map[string]string), Condition: value[string](o, "condition"), Exclusive: o.truth("exclusive")}
	for _, operation := range o.fields["operations"].([]string) {
		guard.Operations = append(guard.Operations, Operation(operation))
	}
	guard.Columns, _ = o.fields["columns"].([]string)
	return guard
}

func (o *object) text(name string) string { return o.fields[name].(string) }

func (o *object) truth(name string) *bool {
	truth := o.fields[name].(bool)
	return &truth
}

// value returns a field of an object; nil if the object does not have it.
func value[T ~string](o *object, name string) *T {
	if o.text(name) == "" {
		return nil
	}
	text := T(o.text(name))
	return &text
}
