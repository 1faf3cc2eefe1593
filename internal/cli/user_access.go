package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/access"
)

func newUserAccessCommand(app *application) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "access USERID",
		Short: "Show all that a user may see and do",
		Long: `Shows on one page, as of one moment: the account and its database role; the companies and internal ledgers
of the user, with the classes, their rules, and how many posting combinations of how many the user may see; the gates
and actions, and whether the user may approve and perform them.

Companies and ledgers are shown as they are granted, even if the user is inactive and can begin no session. What
functions and tables the user reaches is decided by the rights of the application's database role, and not shown. For
all users: $0 access report. It needs the role postern_admin or postern_auditor.`,
		Example: `  $0 user access ALICE
  $0 user access ALICE --json | jq -r '.companies[] | [.company, .combinations, .of_combinations] | @tsv'`,
		Args: arguments("USERID"),
		RunE: func(command *cobra.Command, given []string) error {
			var page *access.Page
			err := app.query(command.Context(), func(queries *statements) (err error) {
				page, err = access.OfUser(command.Context(), queries.Queries, given[0])
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				return app.printJSON(page)
			}
			app.printAccess(page)
			return nil
		},
	}
	addJSON(command, &asJSON)
	return command
}

func (a *application) printAccess(page *access.Page) {
	a.printf("%s: %s\n", page.UserID, page.Description)
	a.printf("Account: %s\n", accountState(page.Account))
	a.printf("Approves: %s\n", approvalState(page.Account))
	a.printf("Database role: %s\n", roleState(page.Account))

	companies, ledgers := [][]string{}, [][]string{}
	for _, company := range page.Companies {
		companies = append(companies, []string{
			company.Company, company.Name, yesNo(company.IsDefault), onOff(company.RowLevelSecurity), valueOrDash(company.Class),
			share(company.Combinations, company.OfCombinations),
		})
		for _, ledger := range company.Ledgers {
			ledgers = append(ledgers, []string{company.Company, ledger.LedgerID, valueOrDash(ledger.Class), share(ledger.Combinations, ledger.OfCombinations)})
		}
	}
	a.printSection("Companies", []string{"company", "name", "default", "row_level_security", "class", "combinations"}, companies)
	a.printSection("Internal ledgers", []string{"company", "ledger_id", "class", "combinations"}, ledgers)

	rules := make([][]string, len(page.Rules))
	for index, rule := range page.Rules {
		rules[index] = []string{
			rule.Company, valueOrDash(rule.LedgerID), rule.Class, strconv.FormatInt(rule.RuleID, 10), yesNo(rule.Allowed),
			conditions(patternsOf(rule)),
		}
	}
	a.printSection("Rules of these classes", []string{"company", "ledger_id", "class", "rule_id", "allowed", "where"}, rules)

	gates := make([][]string, len(page.Gates))
	for index, gate := range page.Gates {
		gates[index] = []string{gate.GateID, gate.Description, yesNo(gate.Asks), yesNo(gate.MayApprove)}
	}
	a.printSection("Gates", []string{"gate_id", "description", "asks", "may_approve"}, gates)

	actions := make([][]string, len(page.Actions))
	for index, action := range page.Actions {
		actions[index] = []string{
			action.Action, valueOrDash(action.Checkpoint), orDash(strings.Join(action.LegacyCheckpoints, " ")), yesNo(action.Asks), yesNo(action.MayPerform),
		}
	}
	a.printSection("Actions", []string{"action", "checkpoint", "legacy_checkpoints", "asks", "may_perform"}, actions)
}

// printSection prints a table below its name, or says that it is empty.
func (a *application) printSection(name string, header []string, rows [][]string) {
	if len(rows) == 0 {
		a.printf("\n%s: none\n", name)
		return
	}
	a.printf("\n%s:\n", name)
	a.printTable(header, rows)
}

func accountState(account access.Account) string {
	state := "active"
	if !account.Active {
		state = "inactive: begins no session and approves nothing"
	}
	state += fmt.Sprintf("; PIN: %s", account.PIN)
	if account.LockedUntil != nil {
		state += "; locked until " + stamp(*account.LockedUntil)
	}
	return state
}

func approvalState(account access.Account) string {
	switch {
	case !account.Active:
		return "nothing"
	case len(account.Schemes) == 0 && account.PIN == "none":
		return "nothing: has no PIN"
	case len(account.Schemes) == 0:
		return "only the change of the PIN"
	case account.ApprovesForOthers:
		return "with " + strings.Join(account.Schemes, ", ") + ", also in the sessions of other users who have changed their PIN"
	}
	return "with " + strings.Join(account.Schemes, ", ") + ", in the user's own sessions"
}

func roleState(account access.Account) string {
	if account.DBRole == nil {
		return "none"
	}
	return fmt.Sprintf("%s, member of %s; login: %s", *account.DBRole, orDash(strings.Join(account.Roles, ", ")), valueOrDash(account.Login))
}

// share says how many of how many.
func share(part, of int64) string { return fmt.Sprintf("%d of %d", part, of) }
