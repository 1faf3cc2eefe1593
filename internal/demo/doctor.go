package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/acceptance"
)

func (s *story) forgetProtection(ctx context.Context) error {
	s.heading("Somebody adds a table and a view, and forgets to protect them by company")
	if err := s.administer(ctx,
		"create table accounting.budget as\n  select company, 1000000 as amount from postern.company",
		"create view accounting.company_total as\n  select company, count(*) as row_count, sum(amount) as amount from accounting.ledger_row group by company",
		"grant select on accounting.budget, accounting.company_total to postern_app",
	); err != nil {
		return err
	}
	s.say("Bob works for company 10 only, and this is what he sees:")
	return s.readForgotten(ctx, "10, 20, 30", "10, 20, 30")
}

// readForgotten shows whose budgets and totals Bob sees.
func (s *story) readForgotten(ctx context.Context, wantBudgets, wantTotals string) error {
	var budgets, totals string
	err := s.do(ctx, "BOB", nil, func(tx pgx.Tx) error {
		const companies = "select string_agg(company, ', ' order by company) from "
		if err := tx.QueryRow(ctx, companies+"accounting.budget").Scan(&budgets); err != nil {
			return err
		}
		return tx.QueryRow(ctx, companies+"accounting.company_total").Scan(&totals)
	})
	if err != nil {
		return err
	}
	s.result("BOB sees the budgets of " + budgets + " and the totals of " + totals)
	if budgets != wantBudgets || totals != wantTotals {
		return fmt.Errorf("in the demo Bob sees the budgets of %s and the totals of %s, not %s and %s", budgets, totals, wantBudgets, wantTotals)
	}
	return nil
}

func (s *story) findForgotten(ctx context.Context) error {
	s.heading("The doctor finds both, and says how to fix them")
	if len(s.ofServer) > 0 {
		s.say("It also finds something about the server, which the demo must not change. This file accepts that until tomorrow:")
		file := acceptedFile(s.ofServer, time.Now().AddDate(0, 0, 1))
		if err := os.WriteFile(filepath.Join(s.directory, acceptedName), []byte(file), 0o600); err != nil {
			return err
		}
		s.code(strings.TrimSuffix(file, "\n"))
	}
	return s.run(ctx, exitFound, s.doctor())
}

// doctor is the command line that judges what the demo created, but not the server under it.
func (s *story) doctor() string {
	if len(s.ofServer) == 0 {
		return "$0 doctor"
	}
	return "$0 doctor --accept $DIR/" + acceptedName
}

// acceptedName is the file in the demo's directory that accepts the findings about the server.
const acceptedName = "accepted.yaml"

func acceptedFile(keys []acceptance.Key, until time.Time) string {
	file := "accepted_findings:\n"
	for _, key := range keys {
		object, _ := json.Marshal(key.Object) // a JSON string is also a YAML string
		file += fmt.Sprintf("  - finding: %s\n    object: %s\n    reason: Found before the demo had made anything.\n    until: %s\n", key.Name, object, until.UTC().Format(time.DateOnly))
	}
	return file
}

func (s *story) protectForgotten(ctx context.Context) error {
	s.heading("After its fixes, word for word, there is nothing left to find")
	var fixes []string
	err := s.backstageRow(ctx, `
select array_agg(fix order by level, code)
  from postern.doctor where object in ('table accounting.budget', 'view accounting.company_total')`, &fixes)
	if err != nil {
		return err
	}
	if err := s.administer(ctx, fixes...); err != nil {
		return err
	}
	if err := s.readForgotten(ctx, "10", "10"); err != nil {
		return err
	}
	return s.run(ctx, exitDone, s.doctor())
}
