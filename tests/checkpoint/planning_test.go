package checkpoint_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/testsql"
)

// Autovacuum leaves tables of a few rows without statistics. If PostgreSQL guesses their size badly, it may find a
// generic plan too expensive and plan a statement each time. This database has no statistics either.
func TestAPassIsPlannedOnce(t *testing.T) {
	const warmUp = 10 // PostgreSQL decides about the generic plan after five runs
	c := newCompany(t, alice)
	config := c.application.Config().Copy()
	var planned []string
	config.OnNotice = func(_ *pgconn.PgConn, notice *pgconn.Notice) {
		if notice.Message == "plan:" {
			planned = append(planned, notice.Detail)
		}
	}
	application, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { application.Close(context.Background()) })

	for name, begin := range map[string]func(tx pgx.Tx, ticket string){
		"user and ticket together": func(tx pgx.Tx, ticket string) {
			testsql.Run(t, tx, "select postern.assume_user($1, $2)", alice, ticket)
		},
		"ticket by itself": func(tx pgx.Tx, ticket string) {
			testsql.Run(t, tx, "select postern.assume_user($1)", alice)
			testsql.Run(t, tx, openGates, ticket)
		},
	} {
		t.Run(name, func(t *testing.T) {
			ticket := c.approve(t, alice, approveGate, approveParameters)
			pass := func(do func(tx pgx.Tx)) {
				tx, err := application.Begin(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				do(tx)
				begin(tx, ticket)
				testsql.Run(t, tx, reachGate, approveGate, approveParameters)
				if err := tx.Rollback(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			printPlans := func(tx pgx.Tx) {
				testsql.Run(t, tx, "set local client_min_messages = log")
				testsql.Run(t, tx, "set local debug_pretty_print = off")
				testsql.Run(t, tx, "set local debug_print_plan = on")
			}
			plannedInserts := func() (inserts int) {
				for _, plan := range planned {
					inserts += strings.Count(plan, "{PLANNEDSTMT :commandType 3 ")
				}
				return inserts
			}

			planned = nil
			pass(func(tx pgx.Tx) {
				testsql.Run(t, tx, "set local plan_cache_mode = force_custom_plan")
				printPlans(tx)
			})
			if inserts := plannedInserts(); inserts != 2 {
				t.Fatalf("%d of the two INSERTs of a pass were planned where each run was to plan again", inserts)
			}
			for range warmUp {
				pass(func(pgx.Tx) {})
			}
			planned = nil
			pass(printPlans)
			if inserts := plannedInserts(); inserts != 0 {
				t.Errorf("%d INSERTs of a pass are planned each time", inserts)
			}
		})
	}
}
