package cli

import (
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/printable"
	"github.com/posternsql/postern/internal/query"
)

func newLedgerCommand(app *application) *cobra.Command {
	command := &cobra.Command{
		Use:   "ledger",
		Short: "Row-level security on ledgers: classes, rules, internal ledgers",
		Long: `Row-level security decides which ledger rows a user of a company sees. It decides by code string: the
ten code parts A (account) to J. A user has at most one authority class in a company, and the class has rules, each
allowed or not allowed. Not allowed always wins; what no rule allows is not allowed. If row-level security is off in a
company, its users see all its rows. If it is on, a user without a class sees none.

Users who are connected to an internal ledger see its rows. A class there is optional, and limits what the user sees.
See docs/ledger.md.

These commands need the role postern_admin; the lists also work with postern_auditor.`,
		Example: `  $0 ledger class create 10 SALES
  $0 ledger rule add 10 SALES --allowed --code-a '3%'
  $0 ledger class assign 10 ALICE SALES
  $0 ledger row-level-security 10 on
  $0 ledger protect accounting.ledger_row
  $0 ledger explain ALICE 10 8193`,
	}
	command.AddCommand(
		newLedgerRowLevelSecurityCommand(app),
		newLedgerClassCommand(app),
		newLedgerRuleCommand(app),
		newLedgerCreateCommand(app),
		newLedgerListCommand(app),
		newLedgerGrantCommand(app),
		newLedgerRevokeCommand(app),
		newLedgerUsersCommand(app),
		newLedgerProtectCommand(app),
		newLedgerExplainCommand(app),
		newLedgerCompileCommand(app),
	)
	return command
}

// addLedger adds the flag that makes a command work on an internal ledger.
func addLedger(command *cobra.Command, ledgerID *string) {
	command.Flags().StringVar(ledgerID, "ledger", "", "an internal ledger of the company, instead of the general ledger")
}

// place names a company, or one of its internal ledgers.
func place(company, ledgerID string) string {
	if ledgerID == "" {
		return "company " + company
	}
	return "internal ledger " + ledgerID + " of company " + company
}

// ledgerFlag returns the flag as a person would type it.
func ledgerFlag(ledgerID string) string {
	if ledgerID == "" {
		return ""
	}
	return " --ledger " + shell(ledgerID)
}

func newLedgerRowLevelSecurityCommand(app *application) *cobra.Command {
	return &cobra.Command{
		Use:   "row-level-security COMPANY on|off",
		Short: "Let authority classes decide what users of a company see",
		Long: `on: authority classes decide which ledger rows users of the company see, and a user without a class
sees none. off: its users see all of them, and all of the internal ledgers to which they are connected. It is off in a
new company. Classes and rules can be prepared before it is switched on, and stay when it is switched off.`,
		Example: `  $0 ledger row-level-security 10 on
  $0 ledger row-level-security 10 off`,
		Args: arguments("COMPANY", "on|off"),
		RunE: func(command *cobra.Command, given []string) error {
			ctx, company := command.Context(), given[0]
			if given[1] != "on" && given[1] != "off" {
				return usageError("%q is neither on nor off", given[1])
			}
			return app.query(ctx, func(queries *statements) error {
				if err := queries.SetRowLevelSecurity(ctx, company, given[1] == "on"); err != nil {
					return err
				}
				if given[1] == "off" {
					app.printf("Row-level security is off in company %s: its users see all its ledger rows.\n", company)
					return nil
				}
				app.printf("Row-level security is on in company %s: authority classes decide what its users see.\n", company)
				users, err := queries.ListCompanyUsers(ctx, &company, nil)
				if err != nil {
					return err
				}
				users = slices.DeleteFunc(users, func(user query.CompanyUser) bool { return user.Class != nil })
				if len(users) > 0 {
					app.printf("Without a class, and so without ledger rows: %s. See: $0 company users %s\n", plural(int64(len(users)), "user"), shell(company))
				}
				return nil
			})
		},
	}
}

func newLedgerCreateCommand(app *application) *cobra.Command {
	return &cobra.Command{
		Use:   "create COMPANY LEDGER_ID",
		Short: "Add an internal ledger to a company",
		Long: `Adds an internal ledger, to which nobody is connected yet. LEDGER_ID is the value in the ledger column
of the application's tables: 1 to 20 characters. The ledger has the class MAX, which allows everything.`,
		Example: `  $0 ledger create 10 IFRS`,
		Args:    arguments("COMPANY", "LEDGER_ID"),
		RunE: func(command *cobra.Command, given []string) error {
			err := app.query(command.Context(), func(queries *statements) error {
				return queries.CreateLedger(command.Context(), given[0], given[1])
			})
			if err != nil {
				return err
			}
			app.printf("Internal ledger %s of company %s created. Next: $0 ledger grant %s %s USERID\n",
				given[1], given[0], shell(given[0]), shell(given[1]))
			return nil
		},
	}
}

func newLedgerListCommand(app *application) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:     "list",
		Short:   "List the internal ledgers",
		Long:    `Lists the internal ledgers of all companies. The general ledger of a company needs no entry.`,
		Example: `  $0 ledger list`,
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			var ledgers []query.Ledger
			err := app.query(command.Context(), func(queries *statements) (err error) {
				ledgers, err = queries.ListLedgers(command.Context())
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				return app.printJSON(ledgers)
			}
			rows := make([][]string, len(ledgers))
			for index, ledger := range ledgers {
				rows[index] = []string{ledger.Company, ledger.LedgerID, stamp(ledger.CreatedAt)}
			}
			app.printTable([]string{"company", "ledger_id", "created_at"}, rows)
			if len(ledgers) == 0 {
				app.warn("There are no internal ledgers. Next: $0 ledger create COMPANY LEDGER_ID\n")
			}
			return nil
		},
	}
	addJSON(command, &asJSON)
	return command
}

func newLedgerGrantCommand(app *application) *cobra.Command {
	return &cobra.Command{
		Use:   "grant COMPANY LEDGER_ID USERID",
		Short: "Connect a user to an internal ledger",
		Long: `Connects a user of the company to one of its internal ledgers. The user sees all of the ledger, unless
a class there limits that. Granting twice is harmless.`,
		Example: `  $0 ledger grant 10 IFRS ALICE`,
		Args:    arguments("COMPANY", "LEDGER_ID", "USERID"),
		RunE: func(command *cobra.Command, given []string) error {
			err := app.query(command.Context(), func(queries *statements) error {
				return queries.GrantLedger(command.Context(), given[0], given[1], given[2])
			})
			if err != nil {
				return err
			}
			app.printf("%s is connected to %s.\n", given[2], place(given[0], given[1]))
			return nil
		},
	}
}

func newLedgerRevokeCommand(app *application) *cobra.Command {
	return &cobra.Command{
		Use:   "revoke COMPANY LEDGER_ID USERID",
		Short: "Disconnect a user from an internal ledger",
		Long: `Disconnects a user from an internal ledger, and removes the user's class there. Revoking what was not
granted is harmless.`,
		Example: `  $0 ledger revoke 10 IFRS ALICE`,
		Args:    arguments("COMPANY", "LEDGER_ID", "USERID"),
		RunE: func(command *cobra.Command, given []string) error {
			err := app.query(command.Context(), func(queries *statements) error {
				return queries.RevokeLedger(command.Context(), given[0], given[1], given[2])
			})
			if err != nil {
				return err
			}
			app.printf("%s is not connected to %s.\n", given[2], place(given[0], given[1]))
			return nil
		},
	}
}

func newLedgerUsersCommand(app *application) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "users [COMPANY]",
		Short: "List the users of internal ledgers",
		Long: `Lists which users are connected to which internal ledgers, of all companies or of the one given. class:
limits what the user sees of the ledger, if row-level security is on. The classes for the general ledger are in "$0
company users".`,
		Example: `  $0 ledger users 10`,
		Args:    optionalArgument,
		RunE: func(command *cobra.Command, given []string) error {
			ctx := command.Context()
			var users []query.LedgerUser
			err := app.query(ctx, func(queries *statements) (err error) {
				if err = requireListed(ctx, queries, optional(given), nil); err != nil {
					return err
				}
				users, err = queries.ListLedgerUsers(ctx, optional(given), nil)
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				return app.printJSON(users)
			}
			rows := make([][]string, len(users))
			for index, user := range users {
				rows[index] = []string{user.Company, user.LedgerID, user.UserID, valueOrDash(user.Class)}
			}
			app.printTable([]string{"company", "ledger_id", "userid", "class"}, rows)
			if len(users) == 0 {
				app.warn("There are none. Next: $0 ledger grant COMPANY LEDGER_ID USERID\n")
			}
			return nil
		},
	}
	addJSON(command, &asJSON)
	return command
}

func newLedgerProtectCommand(app *application) *cobra.Command {
	var (
		parameters  db.ProtectLedgerParams
		ledger      string
		lockTimeout time.Duration
	)
	command := &cobra.Command{
		Use:   "protect SCHEMA.TABLE",
		Short: "Show rows of a ledger only to users who may see their code strings",
		Long: `Keeps everybody from reading or changing rows of a ledger that the current user's companies and
authority classes do not show. --ledger-column is for an internal ledger. Rows with unknown posting combinations
belong to nobody.

A foreign key (company, posting_combination_id) to postern.posting_combination, with both columns NOT NULL, makes
queries faster. The owner of the table needs a right for that, which an administrator grants:

  grant references on postern.posting_combination to OWNER;

` + aboutProtection + `

"$0 company unprotect" removes the protection, and "$0 company protected" lists it.`,
		Example: `  $0 ledger protect accounting.ledger_row
  $0 ledger protect accounting.internal_row --ledger-column ledger_id --combination-column combination`,
		Args: arguments("SCHEMA.TABLE"),
		RunE: func(command *cobra.Command, given []string) error {
			if command.Flags().Changed("ledger-column") {
				parameters.LedgerColumn = &ledger
			}
			table, err := app.changeTable(command.Context(), given[0], lockTimeout, func(queries *statements, table string) error {
				parameters.Target = table
				return queries.ProtectLedger(command.Context(), parameters)
			})
			if err != nil {
				return err
			}
			app.printf("%s is protected by company and code string. Undo: $0 company unprotect %s\n", table, shell(table))
			return nil
		},
	}
	flags := command.Flags()
	flags.StringVar(&parameters.CompanyColumn, "company-column", "company", "the column with the company")
	flags.StringVar(&parameters.CombinationColumn, "combination-column", "posting_combination_id", "the column with the posting combination")
	flags.StringVar(&ledger, "ledger-column", "", "the column with the internal ledger")
	addLockTimeout(command, &lockTimeout)
	return command
}

func newLedgerCompileCommand(app *application) *cobra.Command {
	return &cobra.Command{
		Use:   "compile",
		Short: "Compile posting combinations created since a class was changed",
		Long: `Compiles, for each class, the posting combinations that were created after its last change. Until then
every query evaluates them. "$0 run", "$0 event run" and "$0 log seal --every" do the same each minute, so run this
only if none of them runs. It affects only speed.`,
		Example: `  $0 ledger compile`,
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			var chunks int64
			err := app.query(command.Context(), func(queries *statements) (err error) {
				chunks, err = queries.CompileAuthorityMaps(command.Context())
				return err
			})
			if err != nil {
				return err
			}
			app.printf("%s of the classes' maps written.\n", plural(chunks, "chunk"))
			return nil
		},
	}
}

// code shows a code or a pattern to people. Empty text and spaces alone mean blank.
func code(text string) string {
	if strings.TrimSpace(text) == "" {
		return "blank"
	}
	return printable.Text(text)
}
