package cli

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/query"
)

func newLedgerRuleCommand(app *application) *cobra.Command {
	command := &cobra.Command{
		Use:   "rule",
		Short: "Rules of authority classes (authority combinations)",
		Long: `A rule has a pattern for each of the code parts A to J. It says that code strings which match all
patterns are allowed, or not allowed. Not allowed always wins; what no rule allows is not allowed. The order of rules
does not matter.`,
		Example: `  $0 ledger rule add 10 SALES --allowed --code-a '3%'
  $0 ledger rule add 10 SALES --not-allowed --code-b 900
  $0 ledger rule list 10`,
	}
	command.AddCommand(
		newLedgerRuleAddCommand(app),
		newLedgerRuleRemoveCommand(app),
		newLedgerRuleListCommand(app),
	)
	return command
}

func newLedgerRuleAddCommand(app *application) *cobra.Command {
	var (
		ledgerID string
		patterns [10]string
	)
	command := &cobra.Command{
		Use:   "add COMPANY CLASS",
		Short: "Add a rule to an authority class",
		Long: `Adds a rule to an authority class, and compiles the class. Adding the same rule twice is harmless, and
returns the same id. A pattern is

  3000   this value
  ' '    a single space: blank
  %      anything, including blank (the default)
  3%     values that begin with 3
  _3_    three characters, with 3 in the middle

Quote patterns, because some of them have a meaning in the shell.`,
		Example: `  $0 ledger rule add 10 SALES --allowed --code-a '3%'
  $0 ledger rule add 10 SALES --not-allowed --code-b 900
  $0 ledger rule add 10 SALES --ledger IFRS --allowed --code-a '3%' --code-c ' '`,
		Args: arguments("COMPANY", "CLASS"),
		RunE: func(command *cobra.Command, given []string) error {
			ctx, company, class := command.Context(), given[0], given[1]
			allowed, err := command.Flags().GetBool("allowed")
			if err != nil {
				return err
			}
			var id int64
			err = app.query(ctx, func(queries *statements) (err error) {
				if command.Flags().Changed("ledger") {
					id, err = queries.AddLedgerCombination(ctx, db.AddLedgerCombinationParams{
						Company: company, LedgerID: ledgerID, Class: class, Allowed: allowed,
						CodeA: patterns[0], CodeB: patterns[1], CodeC: patterns[2], CodeD: patterns[3], CodeE: patterns[4],
						CodeF: patterns[5], CodeG: patterns[6], CodeH: patterns[7], CodeI: patterns[8], CodeJ: patterns[9],
					})
					return err
				}
				id, err = queries.AddAuthorityCombination(ctx, db.AddAuthorityCombinationParams{
					Company: company, Class: class, Allowed: allowed,
					CodeA: patterns[0], CodeB: patterns[1], CodeC: patterns[2], CodeD: patterns[3], CodeE: patterns[4],
					CodeF: patterns[5], CodeG: patterns[6], CodeH: patterns[7], CodeI: patterns[8], CodeJ: patterns[9],
				})
				return err
			})
			if err != nil {
				return err
			}
			app.printf("Rule %d of class %s in %s: %s. Undo: $0 ledger rule remove %d\n",
				id, class, place(company, ledgerID), verdict(allowed, patterns), id)
			return nil
		},
	}
	addLedger(command, &ledgerID)
	flags := command.Flags()
	flags.Bool("allowed", false, "the code strings that match are allowed")
	flags.Bool("not-allowed", false, "the code strings that match are not allowed")
	command.MarkFlagsOneRequired("allowed", "not-allowed")
	command.MarkFlagsMutuallyExclusive("allowed", "not-allowed")
	for part := range patterns {
		letter := string(rune('a' + part))
		flags.StringVar(&patterns[part], "code-"+letter, "%", "pattern of code part "+strings.ToUpper(letter))
	}
	return command
}

// patternsOf returns a rule's patterns, from A to J.
func patternsOf(rule query.AuthorityCombination) [10]string {
	return [...]string{
		rule.CodeA, rule.CodeB, rule.CodeC, rule.CodeD, rule.CodeE, rule.CodeF, rule.CodeG, rule.CodeH, rule.CodeI, rule.CodeJ,
	}
}

// verdict describes a rule in words, without the code parts that match anything.
func verdict(allowed bool, patterns [10]string) string {
	said := "not allowed"
	if allowed {
		said = "allowed"
	}
	return said + " where " + conditions(patterns)
}

// conditions lists the patterns other than %.
func conditions(patterns [10]string) string {
	demanded := []string{}
	for part, pattern := range patterns {
		if pattern != "%" {
			demanded = append(demanded, string(rune('A'+part))+" is "+code(pattern))
		}
	}
	if len(demanded) == 0 {
		return "anything"
	}
	return strings.Join(demanded, ", ")
}

func newLedgerRuleRemoveCommand(app *application) *cobra.Command {
	return &cobra.Command{
		Use:   "remove RULE_ID",
		Short: "Remove a rule",
		Long: `Removes a rule of a class, and compiles the class. RULE_ID is from "$0 ledger rule list". Without a
rule that says "not allowed", users of the class see more; without one that says "allowed", they see less.`,
		Example: `  $0 ledger rule remove 12`,
		Args:    arguments("RULE_ID"),
		RunE: func(command *cobra.Command, given []string) error {
			id, err := strconv.ParseInt(given[0], 10, 64)
			if err != nil {
				return usageError("%q is not the id of a rule, which is a whole number", given[0])
			}
			err = app.query(command.Context(), func(queries *statements) error {
				return queries.RemoveAuthorityCombination(command.Context(), id)
			})
			if err != nil {
				return err
			}
			app.printf("Rule %d removed.\n", id)
			return nil
		},
	}
}

func newLedgerRuleListCommand(app *application) *cobra.Command {
	var (
		class  string
		asJSON bool
	)
	command := &cobra.Command{
		Use:   "list [COMPANY]",
		Short: "List the rules",
		Long: `Lists the rules of all companies, or of the one given; with --class, those of the classes with this
name, in the general ledger and in internal ledgers. Code parts that match anything are left out; --json has all
ten.`,
		Example: `  $0 ledger rule list 10 --class SALES
  $0 ledger rule list --json | jq '.[] | select(.allowed | not)'`,
		Args: optionalArgument,
		RunE: func(command *cobra.Command, given []string) error {
			ctx := command.Context()
			var wanted *string
			if command.Flags().Changed("class") {
				wanted = &class
			}
			var rules []query.AuthorityCombination
			err := app.query(ctx, func(queries *statements) (err error) {
				if err = requireListed(ctx, queries, optional(given), nil); err != nil {
					return err
				}
				rules, err = queries.ListAuthorityCombinations(ctx, optional(given), wanted, nil)
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				return app.printJSON(rules)
			}
			rows := make([][]string, len(rules))
			for index, rule := range rules {
				rows[index] = []string{
					strconv.FormatInt(rule.RuleID, 10), rule.Company, valueOrDash(rule.LedgerID), rule.Class,
					yesNo(rule.Allowed), conditions(patternsOf(rule)),
				}
			}
			app.printTable([]string{"rule_id", "company", "ledger_id", "class", "allowed", "where"}, rows)
			if len(rules) == 0 {
				app.warn("There are no rules. Next: $0 ledger rule add COMPANY CLASS --allowed --code-a PATTERN\n")
			}
			return nil
		},
	}
	command.Flags().StringVar(&class, "class", "", "only of classes with this name")
	addJSON(command, &asJSON)
	return command
}
