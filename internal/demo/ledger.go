package demo

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/internal/program"
)

// tellLedger is the second act: three companies, one ledger, and who sees what of it.
func (s *story) tellLedger(ctx context.Context) error {
	s.title("The second act: three companies, one ledger")
	for _, step := range []func(context.Context) error{
		s.openCompanies, s.makeClass, s.protectLedger, s.readLedger, s.explainRow, s.showPlan,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *story) openCompanies(ctx context.Context) error {
	s.heading("Alice works for all three companies, Bob and Carol for one each")
	if err := s.administer(ctx,
		"select postern.create_company('10', 'Nordic Paper')",
		"select postern.create_company('20', 'Baltic Timber')",
		"select postern.create_company('30', 'Harbour Cranes')",
		"select postern.grant_company('ALICE', company) from postern.company",
		"select postern.grant_company('BOB', '10')",
		"select postern.grant_company('CAROL', '20')",
	); err != nil {
		return err
	}
	s.say("All rows are in one table, accounting.ledger_row. Postern gives each code string (account, cost centre, …)")
	s.say("an id, its posting combination, and a row refers to that. The demo puts 200,000 rows into the ledger.")
	return s.backstage(ctx, fillLedger)
}

func (s *story) makeClass(ctx context.Context) error {
	s.heading("In company 10, an authority class says which code strings Bob sees")
	s.say("Bob sells: he sees the accounts that begin with 3, but nothing of cost centre 900. A rule that forbids always wins,")
	s.say("and what no rule allows is forbidden. Alice gets MAX, which each company has, and which allows everything.")
	return s.administer(ctx,
		"select postern.create_authority_class('10', 'SALES')",
		"select postern.add_authority_combination('10', 'SALES', true, code_a => '3%')",
		"select postern.add_authority_combination('10', 'SALES', false, code_b => '900')",
		"select postern.set_user_authority_class('10', 'BOB', 'SALES')",
		"select postern.set_user_authority_class('10', 'ALICE', 'MAX')",
		"select postern.set_row_level_security('10', true)",
	)
}

func (s *story) protectLedger(ctx context.Context) error {
	s.heading("One call protects the table, and no query has to change")
	s.say("The foreign key ensures that a row has the company of its posting combination, which saves a comparison.")
	return s.administer(ctx,
		"alter table accounting.ledger_row\n  add foreign key (company, posting_combination_id) references postern.posting_combination",
		"select postern.protect_ledger('accounting.ledger_row')",
	)
}

const totalOfLedger = "select count(*), sum(amount) from accounting.ledger_row"

func (s *story) readLedger(ctx context.Context) error {
	s.heading("The same query gives each user another total")
	for _, reader := range []struct{ userid, mayRead string }{
		{"ALICE", "true"},
		{"BOB", "p.company = '10' and p.code_a like '3%' and p.code_b <> '900'"},
		{"CAROL", "p.company = '20'"},
	} {
		var seen, wanted total
		err := s.do(ctx, reader.userid, nil, func(tx pgx.Tx) error {
			return tx.QueryRow(ctx, totalOfLedger).Scan(&seen.rows, &seen.amount)
		})
		if err != nil {
			return err
		}
		s.result(fmt.Sprintf("%-5s sees %s", reader.userid, seen))
		// The meaning of the rules, written by hand, for a reader who bypasses row security.
		err = s.backstageRow(ctx, totalOfLedger+" join postern.posting_combination as p using (company, posting_combination_id) where "+reader.mayRead,
			&wanted.rows, &wanted.amount)
		if err != nil {
			return err
		}
		if seen != wanted {
			return fmt.Errorf("in the demo %s sees %s of the ledger, not %s", reader.userid, seen, wanted)
		}
	}
	s.say("An application that forgets to say who its user is gets an error, and not an empty ledger:")
	_, err := expect[*postern.SessionMissing](postern.Do(ctx, s.application, postern.RoleSession(), nil, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, totalOfLedger)
		return err
	}))
	return err
}

// total is what a person sees of the ledger.
type total struct {
	rows   int
	amount string
}

func (t total) String() string { return fmt.Sprintf("%6d rows, in total %12s", t.rows, t.amount) }

func (s *story) explainRow(ctx context.Context) error {
	var (
		row, combination int64
		account          string
	)
	err := s.backstageRow(ctx, `
select l.row_no, l.posting_combination_id, p.code_a
  from accounting.ledger_row as l
  join postern.posting_combination as p using (company, posting_combination_id)
 where p.company = '10' and p.code_a like '3%' and p.code_b = '900'
 order by l.row_no
 limit 1`, &row, &combination, &account)
	if err != nil {
		return err
	}
	s.heading(fmt.Sprintf("Why does Bob not see row %d, of account %s?", row, account))
	var (
		allowed                           bool
		reason, class, part, pattern, has string
	)
	err = s.administrator.QueryRow(ctx, fmt.Sprintf(
		"select allowed, reason, class, code_part, pattern, value\n  from postern.explain_access('BOB', '10', %d)", combination)).
		Scan(&allowed, &reason, &class, &part, &pattern, &has)
	if err != nil {
		return err
	}
	if allowed {
		return fmt.Errorf("the demo's Bob may see row %d: %s", row, reason)
	}
	s.result(reason)
	s.result(fmt.Sprintf("class %s, code part %s: the row has %s, the rule says %s", class, part, has, pattern))
	s.say("On the command line: %s ledger explain BOB 10 %d", program.Name(), combination)
	return nil
}

func (s *story) showPlan(ctx context.Context) error {
	s.heading("What it costs")
	s.say("Rules are compiled when they change: one bit for each posting combination. A query reads them once, in")
	s.say("InitPlans; a row then costs one built-in function, get_bit. This is Bob's plan:")
	var plan []string
	err := s.do(ctx, "BOB", nil, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, "explain (costs off, verbose) select sum(amount) from accounting.ledger_row")
		if err != nil {
			return err
		}
		plan, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err != nil {
		return err
	}
	if !strings.Contains(strings.Join(plan, "\n"), "InitPlan") {
		return fmt.Errorf("the demo's plan has no InitPlan:\n%s", strings.Join(plan, "\n"))
	}
	s.plan(plan)
	s.say("Measured against unprotected tables: %s bench, and docs/benchmarks.md.", program.Name())
	return nil
}
