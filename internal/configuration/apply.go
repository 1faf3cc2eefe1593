package configuration

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/query"
)

// Apply changes the database to what the files say, in one transaction, and returns what that changed. If another Apply
// is running, it waits, and makes its plan only after that.
func Apply(ctx context.Context, database Beginner, desired *Desired, prune bool) (plan *Plan, err error) {
	err = pgx.BeginFunc(ctx, database, func(tx pgx.Tx) error {
		queries := query.New(tx)
		if err := queries.LockConfiguration(ctx); err != nil {
			return err
		}
		if plan, err = MakePlan(ctx, queries, desired, prune); err != nil || len(plan.Changes) == 0 {
			return err
		}
		if err := plan.record(ctx, queries, desired.digests); err != nil {
			return err
		}
		return plan.execute(ctx, tx)
	})
	return plan, err
}

// record writes the plan's entry in the log, above the entries of its changes.
func (p *Plan) record(ctx context.Context, queries *query.Queries, digests []string) error {
	counts := map[string]int64{}
	for _, change := range p.Changes {
		counts[change.Operation]++
	}
	return queries.RecordApply(ctx, query.RecordApplyParams{
		Digests: digests, Created: counts[Create], Changed: counts[Alter], Removed: counts[Remove],
	})
}

// Beginner begins transactions: a connection, or a transaction that Apply becomes a part of.
type Beginner interface {
	Begin(context.Context) (pgx.Tx, error)
}

// row is the input of a statement for one object: keys and fields by name.
type row map[string]any

// step is one statement for all changes that need it.
type step struct {
	kind *kind
	when func(*Change) bool
	run  func(*query.Queries, context.Context, json.RawMessage) error
	// with modifies the rows; nil leaves them unchanged.
	with func(*Change, row)
}

func isNew(c *Change) bool     { return c.Operation == Create }
func isRemoved(c *Change) bool { return c.Operation == Remove }

func alters(names ...string) func(*Change) bool {
	return func(c *Change) bool { return c.Operation == Alter && c.changes(names...) }
}

// sets reports whether a field of an object differs from its previous value, or from the default if the object is new.
func sets(name string) func(*Change) bool {
	return func(c *Change) bool { return c.Operation != Remove && c.changes(name) }
}

// administers reports whether an administrator newly decides a part of a gate, or decides it differently.
func administers(name string) func(*Change) bool {
	return func(c *Change) bool {
		return c.Operation != Remove && slices.Contains(c.object.fields["administered"].([]string), name) && (isNew(c) || c.changes(name, "administered"))
	}
}

func constant(name string, value any) func(*Change, row) {
	return func(_ *Change, r row) { r[name] = value }
}

// receives adds the receiver of an event action to a row, in the form that the functions take.
func receives(c *Change, r row) { r["kind"], r["target"] = c.object.receiver() }

// keeping collects the secrets that a statement returns, by name.
func keeping(secrets map[string]string, run func(*query.Queries, context.Context, json.RawMessage) (json.RawMessage, error)) func(*query.Queries, context.Context, json.RawMessage) error {
	return func(queries *query.Queries, ctx context.Context, rows json.RawMessage) error {
		made, err := run(queries, ctx, rows)
		if err != nil {
			return err
		}
		return json.Unmarshal(made, &secrets)
	}
}

// steps returns the steps in an order in which each finds what it needs. secrets receives the secrets that are made.
func steps(secrets map[string]string) []step {
	return []step{
		// A gate must stay exclusive while it guards a table that asks for itself, so the old guards end first. One that is
		// only repaired does not end.
		{guardKind, func(c *Change) bool {
			return isRemoved(c) || alters("operations", "columns", "parameters", "condition", "exclusive")(c)
		}, (*query.Queries).UnprotectGates, nil},

		{settingKind, alters("value"), (*query.Queries).SetSettings, nil},

		// A registration keeps an administrator's message, and refuses parameters that do not fit it. The new message does
		// not fit the old parameters either. A message without parameters fits both.
		{gateKind, func(c *Change) bool {
			return alters("message")(c) && c.changes("parameters") && slices.Contains(c.before.fields["administered"].([]string), "message")
		}, (*query.Queries).SetGateMessages, func(c *Change, r row) { r["message"] = c.object.keys[0] }},
		// A gate with schemes is exclusive, so schemes are taken away before a registration, and given after it.
		{gateKind, func(c *Change) bool { return alters("schemes")(c) && c.object.fields["schemes"] == "" }, (*query.Queries).SetGatesSchemes, nil},
		{gateKind, func(c *Change) bool {
			return isNew(c) || alters("description", "message", "parameters", "bound_parameters", "active", "exclusive")(c)
		}, (*query.Queries).RegisterGates, nil},
		{gateKind, func(c *Change) bool { return sets("schemes")(c) && c.object.fields["schemes"] != "" }, (*query.Queries).SetGatesSchemes, nil},
		{gateKind, administers("active"), (*query.Queries).SetGatesActive, nil},
		{gateKind, administers("message"), (*query.Queries).SetGateMessages, nil},

		{actionKind, func(c *Change) bool { return c.Operation != Remove }, (*query.Queries).RegisterActions, nil},

		// Clear the roles first, because a role may move from one user to another.
		{userKind, alters("db_role"), (*query.Queries).SetUserDBRoles, constant("db_role", nil)},
		{userKind, isNew, (*query.Queries).CreateUsers, nil},
		{userKind, alters("db_role"), (*query.Queries).SetUserDBRoles, nil},
		{userKind, alters("description"), (*query.Queries).SetUserDescriptions, nil},
		{userKind, sets("active"), (*query.Queries).SetUsersActive, nil},

		{companyKind, isNew, (*query.Queries).CreateCompanies, nil},
		{companyKind, alters("name"), (*query.Queries).SetCompanyNames, nil},
		{companyKind, sets("row_level_security"), (*query.Queries).SetRowLevelSecurities, nil},
		{ledgerKind, isNew, (*query.Queries).CreateLedgers, nil},
		{classKind, isNew, (*query.Queries).CreateClasses, nil},
		{ruleKind, func(*Change) bool { return true }, (*query.Queries).ChangeAuthorityCombinations, nil},
		{companyUserKind, isNew, (*query.Queries).GrantCompanies, constant("is_default", false)},
		{companyUserKind, sets("class"), (*query.Queries).SetUserClasses, nil},
		{userKind, sets("default_company"), (*query.Queries).GrantCompanies, func(c *Change, r row) {
			r["company"], r["is_default"] = c.object.fields["default_company"], true
		}},
		{ledgerUserKind, isNew, (*query.Queries).GrantLedgers, nil},
		{ledgerUserKind, sets("class"), (*query.Queries).SetUserLedgerClasses, nil},
		{protectedTableKind, alters("protection", "company_column", "combination_column", "ledger_column"), (*query.Queries).UnprotectTables, nil},
		{protectedTableKind, func(c *Change) bool { return c.Operation != Remove }, (*query.Queries).ProtectTables, nil},
		{guardKind, func(c *Change) bool { return c.Operation != Remove }, (*query.Queries).ProtectGates, nil},

		{eventKind, alters("enabled"), (*query.Queries).SetEventsEnabled, nil},
		{eventActionKind, isNew, keeping(secrets, (*query.Queries).AddEventActions), receives},
		{eventActionKind, func(c *Change) bool { return c.Operation == Alter }, keeping(secrets, (*query.Queries).ChangeEventActions), receives},

		{eventActionKind, isRemoved, (*query.Queries).RemoveEventActions, nil},
		{protectedTableKind, isRemoved, (*query.Queries).UnprotectTables, nil},
		{ledgerUserKind, isRemoved, (*query.Queries).RevokeLedgers, nil},
		{companyUserKind, isRemoved, (*query.Queries).RevokeCompanies, nil},
		{userKind, isRemoved, (*query.Queries).SetUsersActive, constant("active", false)},
		{actionKind, isRemoved, (*query.Queries).RemoveActions, nil},
		{gateKind, isRemoved, (*query.Queries).SetGatesActive, constant("active", false)},
	}
}

// placedRow is a row with its position in the files.
type placedRow struct {
	row      row
	position Position
}

func (p *Plan) execute(ctx context.Context, tx pgx.Tx) error {
	secrets := map[string]string{}
	for _, s := range steps(secrets) {
		rows := []placedRow{}
		for index := range p.Changes {
			change := &p.Changes[index]
			if change.object.kind != s.kind || !s.when(change) {
				continue
			}
			made := change.object.row()
			if s.with != nil {
				s.with(change, made)
			}
			rows = append(rows, placedRow{row: made, position: change.object.position})
		}
		if s.kind == ruleKind {
			rows = p.ruleRows()
		}
		if len(rows) == 0 {
			continue
		}
		if err := runStep(ctx, tx, s, rows); err != nil {
			return err
		}
	}
	for index := range p.Changes {
		if change := &p.Changes[index]; change.object.kind == eventActionKind {
			change.Secret = secrets[change.object.keys[0]]
		}
	}
	return nil
}

// row returns a row with NULL for each field that the object does not have.
func (o *object) row() row {
	made := row{}
	for name, value := range o.fields {
		made[name] = value
	}
	for index, name := range o.kind.keys {
		made[name] = o.keys[index]
	}
	for name, value := range made {
		if value == "" {
			made[name] = nil
		}
	}
	return made
}

// ruleRows groups the changed rules by class, so that each class's map is compiled once.
func (p *Plan) ruleRows() []placedRow {
	rows, places := []placedRow{}, map[string]int{}
	for index := range p.Changes {
		change := &p.Changes[index]
		if change.object.kind != ruleKind {
			continue
		}
		class := strings.Join(change.object.keys[:3], pathSeparator)
		place, there := places[class]
		if !there {
			place = len(rows)
			places[class] = place
			made := change.object.row()
			rows = append(rows, placedRow{
				row:      row{"company": made["company"], "ledger_id": made["ledger_id"], "class": made["class"], "added": []any{}, "removed": []any{}},
				position: change.object.position,
			})
		}
		r := rows[place].row
		if change.Operation == Remove {
			r["removed"] = append(r["removed"].([]any), change.object.id)
		} else {
			r["added"] = append(r["added"].([]any), map[string]any{"allowed": change.object.keys[3] == "allow", "patterns": change.object.keys[4:]})
		}
	}
	return rows
}

// runStep runs one statement for all rows. If PostgreSQL returns an error, it halves the rows until it finds the one at
// fault, because few errors name it.
func runStep(ctx context.Context, tx pgx.Tx, s step, rows []placedRow) error {
	given := make([]row, len(rows))
	for index := range rows {
		given[index] = rows[index].row
	}
	encoded, err := json.Marshal(given)
	if err != nil {
		return err
	}
	refused := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error { return s.run(query.New(tx), ctx, encoded) })
	var server *pgconn.PgError
	if refused == nil || !errors.As(refused, &server) || !isOfARow(server.Code) {
		return refused
	}
	if len(rows) == 1 {
		return rows[0].position.refused(server)
	}
	if err := runStep(ctx, tx, s, rows[:len(rows)/2]); err != nil {
		return err
	}
	return runStep(ctx, tx, s, rows[len(rows)/2:])
}

// isOfARow reports whether an error is about one row. Other errors are about the connection, privileges or the
// installation, and any row would get them.
func isOfARow(code string) bool {
	switch code[:2] {
	case "PS", "22", "23":
		return true
	}
	return isMissingTable(code)
}

// isMissingTable reports whether an error says that a table to be protected, or its schema, does not exist.
func isMissingTable(code string) bool { return code == "42P01" || code == "3F000" }
