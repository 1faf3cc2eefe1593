package demo

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

func (s *story) forgetProtection(ctx context.Context) error {
	s.heading("Somebody adds a table and a view, and forgets that there are companies")
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
	s.heading("The doctor finds both, and says what puts them right")
	return s.run(ctx, exitFound, "installer doctor")
}

// ofTheDemo tells what the demo forgot from what is found of a server that is somebody's own.
const ofTheDemo = "object in ('table accounting.budget', 'view accounting.company_total')"

func (s *story) protectForgotten(ctx context.Context) error {
	s.heading("The fixes, word for word, and then there is nothing left to find")
	var fixes []string
	if err := s.backstageRow(ctx, "select array_agg(fix order by level, code) from postern.doctor where "+ofTheDemo, &fixes); err != nil {
		return err
	}
	if err := s.administer(ctx, fixes...); err != nil {
		return err
	}
	if err := s.readForgotten(ctx, "10", "10"); err != nil {
		return err
	}
	var ours, all int
	err := s.backstageRow(ctx, "select count(*) filter (where "+ofTheDemo+"), count(*) from postern.doctor", &ours, &all)
	if err != nil {
		return err
	}
	if ours > 0 {
		return fmt.Errorf("the fixes of the demo left %d findings", ours)
	}
	if all == 0 {
		return s.run(ctx, exitDone, "installer doctor")
	}
	s.say("What is left was found of your server, and not of what the demo made:")
	return s.run(ctx, exitFound, "installer doctor")
}
