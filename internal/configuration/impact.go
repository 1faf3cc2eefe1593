package configuration

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/query"
)

// Impact says who would gain and who would lose what, if a plan were applied.
type Impact struct {
	// Gains and Losses count the users and things that Effects are about, by their kind: user, gate, action, guard, table,
	// setting.
	Gains   map[string]int `json:"gains"`
	Losses  map[string]int `json:"losses"`
	Effects []Effect       `json:"effects"`
}

// Effect is what a user, or everybody, would gain or lose; see postern.access_impact.
type Effect struct {
	Effect string `json:"effect"`
	Kind   string `json:"kind"`
	// UserID is nil if the effect concerns everybody.
	UserID   *string `json:"userid"`
	Company  *string `json:"company"`
	LedgerID *string `json:"ledger_id"`
	Name     *string `json:"name"`
	// Combinations is how many posting combinations the user would gain or lose there, and OfCombinations is how many
	// there are.
	Combinations   *int64 `json:"combinations"`
	OfCombinations *int64 `json:"of_combinations"`
	Reason         string `json:"reason"`
}

// Gains is the Effect of something that is more or easier than before.
const Gains = "gains"

// Preview says who would gain and who would lose what by Apply, and changes nothing. It reads one state of the
// database.
func Preview(ctx context.Context, connection *pgx.Conn, desired *Desired, prune bool) (impact *Impact, err error) {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, connection, options, func(tx pgx.Tx) error {
		queries := query.New(tx)
		plan, err := MakePlan(ctx, queries, desired, prune)
		if err != nil {
			return err
		}
		impact, err = plan.impact(ctx, queries)
		return err
	})
	return impact, err
}

func (p *Plan) impact(ctx context.Context, queries *query.Queries) (*Impact, error) {
	changes, err := json.Marshal(p.changedObjects())
	if err != nil {
		return nil, err
	}
	rows, err := queries.AccessImpact(ctx, changes)
	if err != nil {
		return nil, err
	}
	impact := &Impact{Gains: map[string]int{}, Losses: map[string]int{}, Effects: make([]Effect, len(rows))}
	counted := map[[3]string]bool{}
	for index, row := range rows {
		effect := &impact.Effects[index]
		if err := json.Unmarshal(row, effect); err != nil {
			return nil, err
		}
		kind, name := effect.about()
		if about := [3]string{effect.Effect, kind, name}; !counted[about] {
			counted[about] = true
			if effect.Effect == Gains {
				impact.Gains[kind]++
			} else {
				impact.Losses[kind]++
			}
		}
	}
	return impact, nil
}

// about returns whom or what an effect is about.
func (e *Effect) about() (kind, name string) {
	if e.UserID != nil {
		return "user", *e.UserID
	}
	return e.Kind, *e.Name
}

// impactLists are the lists of postern.access_impact. Events and their receivers decide nothing about access.
var impactLists = map[*kind]string{
	settingKind: "settings", gateKind: "gates", actionKind: "actions", userKind: "users", companyKind: "companies", ledgerKind: "ledgers",
	classKind: "classes", ruleKind: "rules", companyUserKind: "company_users", ledgerUserKind: "ledger_users",
	protectedTableKind: "protected_tables", guardKind: "guards",
}

// changedObjects returns the plan in the form that postern.access_impact takes.
func (p *Plan) changedObjects() map[string][]row {
	lists := map[string][]row{}
	for index := range p.Changes {
		change := &p.Changes[index]
		list, ok := impactLists[change.object.kind]
		if !ok {
			continue
		}
		made := change.object.row()
		delete(made, "fault") // is repaired, and never asked for
		switch {
		case change.object.kind == ruleKind:
			made["allowed"] = made["allowed"] == "allow"
			made["remove"] = change.Operation == Remove
		case change.Operation != Remove:
		case change.object.kind == gateKind || change.object.kind == userKind:
			made["active"] = false // as Apply does
		default:
			made = row{"remove": true}
			for place, name := range change.object.kind.keys {
				made[name] = change.object.keys[place]
			}
		}
		lists[list] = append(lists[list], made)
	}
	return lists
}
