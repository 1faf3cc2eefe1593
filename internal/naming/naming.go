// Package naming lists the objects of a database that a command line may name, for completion in a shell.
package naming

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/printable"
	"github.com/posternsql/postern/internal/query"
)

// Candidate is the name of an object, as a person types it, with a description.
type Candidate struct{ Name, Description string }

// Scope is what a command line has named already.
type Scope struct {
	// Company is nil if no company was named.
	Company *string
	// Ledger is empty for the general ledger, and nil if the command asks for none.
	Ledger *string
}

// rows turns the rows of a query into candidates.
func rows[Row any](found []Row, err error, name func(Row) Candidate) ([]Candidate, error) {
	var all []Candidate
	for _, row := range found {
		if made := name(row); made.Name != "" {
			all = append(all, made)
		}
	}
	return all, err
}

// Gates lists gates, with their state.
func Gates(ctx context.Context, connection *pgx.Conn, _ Scope) ([]Candidate, error) {
	found, err := query.New(connection).ListGates(ctx)
	return rows(found, err, func(gate query.Gate) Candidate {
		return Candidate{gate.GateID, gate.State() + ": " + gate.Description}
	})
}

// Actions lists registered actions.
func Actions(ctx context.Context, connection *pgx.Conn, _ Scope) ([]Candidate, error) {
	found, err := query.New(connection).ListActions(ctx)
	return rows(found, err, func(action query.Action) Candidate { return Candidate{Name: action.Action} })
}

// Users lists end users.
func Users(ctx context.Context, connection *pgx.Conn, _ Scope) ([]Candidate, error) {
	found, err := query.New(connection).ListUsers(ctx)
	return rows(found, err, func(user query.User) Candidate { return Candidate{user.UserID, user.Description} })
}

// Companies lists companies.
func Companies(ctx context.Context, connection *pgx.Conn, _ Scope) ([]Candidate, error) {
	found, err := query.New(connection).ListCompanies(ctx)
	return rows(found, err, func(company query.Company) Candidate { return Candidate{company.Company, company.Name} })
}

// Ledgers lists the ledgers of the given company, or all ledgers if no company is given.
func Ledgers(ctx context.Context, connection *pgx.Conn, within Scope) ([]Candidate, error) {
	found, err := query.New(connection).ListLedgers(ctx)
	return rows(found, err, func(ledger query.Ledger) Candidate {
		if within.Company != nil && ledger.Company != *within.Company {
			return Candidate{}
		}
		return Candidate{ledger.LedgerID, "of company " + ledger.Company}
	})
}

// Classes lists the classes of the given company and ledger.
func Classes(ctx context.Context, connection *pgx.Conn, within Scope) ([]Candidate, error) {
	found, err := query.New(connection).ListAuthorityClasses(ctx, within.Company)
	return rows(found, err, func(class query.AuthorityClass) Candidate {
		of := ""
		if class.LedgerID != nil {
			of = *class.LedgerID
		}
		if within.Ledger != nil && of != *within.Ledger {
			return Candidate{}
		}
		return Candidate{class.Class, "of company " + class.Company}
	})
}

// Rules lists the ids of rules.
func Rules(ctx context.Context, connection *pgx.Conn, _ Scope) ([]Candidate, error) {
	found, err := query.New(connection).ListAuthorityCombinations(ctx, nil, nil, nil)
	return rows(found, err, func(rule query.AuthorityCombination) Candidate {
		return Candidate{strconv.FormatInt(rule.RuleID, 10), fmt.Sprintf("of class %s in company %s", rule.Class, rule.Company)}
	})
}

// Events lists events.
func Events(ctx context.Context, connection *pgx.Conn, _ Scope) ([]Candidate, error) {
	found, err := query.New(connection).ListEvents(ctx)
	return rows(found, err, func(event query.Event) Candidate { return Candidate{event.Event, event.Description} })
}

// EventActions lists event actions.
func EventActions(ctx context.Context, connection *pgx.Conn, _ Scope) ([]Candidate, error) {
	found, err := query.New(connection).ListEventActions(ctx)
	return rows(found, err, func(action query.EventAction) Candidate {
		return Candidate{action.Name, fmt.Sprintf("%s for %s", action.Kind, action.Event)}
	})
}

// Schemes lists schemes.
func Schemes(ctx context.Context, connection *pgx.Conn, _ Scope) ([]Candidate, error) {
	found, err := query.New(connection).ListSchemes(ctx)
	return rows(found, err, func(scheme query.Scheme) Candidate { return Candidate{Name: scheme.Scheme} })
}

// Settings lists settings, with their values.
func Settings(ctx context.Context, connection *pgx.Conn, _ Scope) ([]Candidate, error) {
	found, err := query.New(connection).ListSettings(ctx)
	return rows(found, err, func(setting query.Setting) Candidate {
		return Candidate{setting.Name, setting.Value + ": " + setting.Description}
	})
}

// SessionKeys lists the keys in use, because a retired key can be neither rotated nor retired.
func SessionKeys(ctx context.Context, connection *pgx.Conn, _ Scope) ([]Candidate, error) {
	found, err := query.New(connection).ListSessionKeys(ctx)
	return rows(found, err, func(key query.SessionKey) Candidate {
		if key.RetiredAt != nil {
			return Candidate{}
		}
		return Candidate{key.KeyID, "of " + printable.Moment(key.CreatedAt)}
	})
}

// AllowedLogins lists the logins that this database allows.
func AllowedLogins(ctx context.Context, connection *pgx.Conn, _ Scope) ([]Candidate, error) {
	found, err := query.New(connection).ListAllowedLogins(ctx)
	return rows(found, err, func(login query.AllowedLogin) Candidate { return Candidate{login.DBRole, login.State} })
}

// ProtectedTables lists protected tables, with their schema.
func ProtectedTables(ctx context.Context, connection *pgx.Conn, _ Scope) ([]Candidate, error) {
	found, err := query.New(connection).ListProtectedTables(ctx)
	return rows(found, err, func(table query.ListProtectedTablesRow) Candidate {
		return Candidate{table.SchemaName + "." + table.TableName, table.Protection}
	})
}

// GuardedTables lists guarded tables, with their schema.
func GuardedTables(ctx context.Context, connection *pgx.Conn, _ Scope) ([]Candidate, error) {
	found, err := query.New(connection).ListGuards(ctx)
	return rows(found, err, func(guard query.ListGuardsRow) Candidate {
		return Candidate{guard.SchemaName + "." + guard.TableName, "by " + guard.GateID}
	})
}

// Logins lists the logins of the server.
func Logins(ctx context.Context, connection *pgx.Conn, _ Scope) ([]Candidate, error) {
	found, err := query.New(connection).CompletableLogins(ctx)
	return rows(found, err, func(name string) Candidate { return Candidate{Name: name} })
}

// Tables lists tables that can be protected.
func Tables(ctx context.Context, connection *pgx.Conn, _ Scope) ([]Candidate, error) {
	found, err := query.New(connection).CompletableTables(ctx)
	return rows(found, err, func(name string) Candidate { return Candidate{Name: name} })
}
