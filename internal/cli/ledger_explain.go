package cli

import (
	"strconv"

	"github.com/spf13/cobra"

	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/query"
)

// explanation is what explain prints as JSON. A field that does not apply is null.
type explanation struct {
	UserID               string                      `json:"userid"`
	Company              string                      `json:"company"`
	LedgerID             *string                     `json:"ledger_id"`
	PostingCombinationID int64                       `json:"posting_combination_id"`
	Allowed              bool                        `json:"allowed"`
	Reason               string                      `json:"reason"`
	Class                *string                     `json:"class"`
	Rule                 *query.AuthorityCombination `json:"rule"`
	CodePart             *string                     `json:"code_part"`
	Pattern              *string                     `json:"pattern"`
	Value                *string                     `json:"value"`
}

func newLedgerExplainCommand(app *application) *cobra.Command {
	var (
		ledgerID string
		asJSON   bool
	)
	command := &cobra.Command{
		Use:   "explain USERID COMPANY POSTING_COMBINATION_ID",
		Short: "Say why a user may or may not see a row",
		Long: `Says whether a user may see the rows of a company with this posting combination, and why: which class,
which rule and which code part decided. If no rule allows it, it shows the rule that came nearest, and the first code
part that did not match. Users, companies, ledgers and ids that do not exist are an answer too, and no error. The id
is in the row; to find the row, an administrator needs a role that bypasses row security.

In the JSON, an empty value for a code_part means blank.`,
		Example: `  $0 ledger explain ALICE 10 8193
  $0 ledger explain ALICE 10 8193 --ledger IFRS
  $0 ledger explain ALICE 10 8193 --json | jq -r .reason`,
		Args: arguments("USERID", "COMPANY", "POSTING_COMBINATION_ID"),
		RunE: func(command *cobra.Command, given []string) error {
			ctx := command.Context()
			answer := explanation{UserID: given[0], Company: given[1]}
			var err error
			if answer.PostingCombinationID, err = strconv.ParseInt(given[2], 10, 64); err != nil {
				return usageError("%q is not the id of a posting combination, which is a whole number of at most 19 digits", given[2])
			}
			if command.Flags().Changed("ledger") {
				answer.LedgerID = &ledgerID
			}
			err = app.query(ctx, func(queries *statements) error {
				found, err := queries.ExplainAccess(ctx, db.ExplainAccessParams{
					UserID: answer.UserID, Company: answer.Company, PostingCombinationID: answer.PostingCombinationID, LedgerID: answer.LedgerID,
				})
				if err != nil {
					return err
				}
				answer.Allowed, answer.Reason = found.Allowed, found.Reason
				if found.Class != "" {
					answer.Class = &found.Class
				}
				if found.CodePart != "" {
					answer.CodePart, answer.Pattern, answer.Value = &found.CodePart, &found.Pattern, &found.Value
				}
				if found.RuleID == 0 {
					return nil
				}
				rules, err := queries.ListAuthorityCombinations(ctx, nil, nil, &found.RuleID)
				if err == nil && len(rules) > 0 {
					answer.Rule = &rules[0]
				}
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				return app.printJSON(answer)
			}
			app.printExplanation(answer)
			return nil
		},
	}
	addLedger(command, &ledgerID)
	addJSON(command, &asJSON)
	return command
}

func (a *application) printExplanation(answer explanation) {
	ledgerID, may := "", "No: %s may not see"
	if answer.LedgerID != nil {
		ledgerID = *answer.LedgerID
	}
	if answer.Allowed {
		may = "Yes: %s may see"
	}
	a.printf(may+" rows of %s with posting combination %d.\n", answer.UserID, place(answer.Company, ledgerID), answer.PostingCombinationID)
	a.printf("Why: %s\n", answer.Reason)
	if answer.Class != nil {
		a.printf("Class: %s\n", *answer.Class)
	}
	if answer.Rule == nil {
		return
	}
	// A rule whose verdict differs from the answer did not match: it is only the rule that came nearest.
	label := "Rule"
	if answer.Rule.Allowed != answer.Allowed {
		label = "Nearest rule"
	}
	a.printf("%s: %d, %s\n", label, answer.Rule.RuleID, verdict(answer.Rule.Allowed, patternsOf(*answer.Rule)))
	if answer.CodePart != nil {
		a.printf("Code part %s: the row has %s, the rule says %s\n", *answer.CodePart, code(*answer.Value), code(*answer.Pattern))
	}
}
