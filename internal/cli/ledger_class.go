package cli

import (
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/query"
)

func newLedgerClassCommand(app *application) *cobra.Command {
	command := &cobra.Command{
		Use:   "class",
		Short: "Authority classes, and their users",
		Long: `An authority class of a company says which code strings its users see. A user has at most one class in
a company, and at most one in each internal ledger (--ledger) to which the user is connected. MAX, which allows
everything, always exists and cannot be changed.`,
		Example: `  $0 ledger class create 10 SALES
  $0 ledger class assign 10 ALICE SALES
  $0 ledger class list 10`,
	}
	command.AddCommand(
		newLedgerClassCreateCommand(app),
		newLedgerClassListCommand(app),
		newLedgerClassAssignCommand(app),
		newLedgerClassUnassignCommand(app),
	)
	return command
}

func newLedgerClassCreateCommand(app *application) *cobra.Command {
	var ledgerID string
	command := &cobra.Command{
		Use:   "create COMPANY CLASS",
		Short: "Add an authority class",
		Long: `Adds an authority class to a company, or to one of its internal ledgers. It allows nothing until it
has rules.`,
		Example: `  $0 ledger class create 10 SALES
  $0 ledger class create 10 SALES --ledger IFRS`,
		Args: arguments("COMPANY", "CLASS"),
		RunE: func(command *cobra.Command, given []string) error {
			ctx, company, class := command.Context(), given[0], given[1]
			err := app.query(ctx, func(queries *statements) error {
				if command.Flags().Changed("ledger") {
					return queries.CreateLedgerClass(ctx, company, ledgerID, class)
				}
				return queries.CreateAuthorityClass(ctx, company, class)
			})
			if err != nil {
				return err
			}
			app.printf("Class %s of %s created; it allows nothing yet. Next: $0 ledger rule add %s %s%s --allowed --code-a PATTERN\n",
				class, place(company, ledgerID), shell(company), shell(class), ledgerFlag(ledgerID))
			return nil
		},
	}
	addLedger(command, &ledgerID)
	return command
}

func newLedgerClassListCommand(app *application) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "list [COMPANY]",
		Short: "List the authority classes",
		Long: `Lists the authority classes of all companies, or of the one given. ledger_id: the internal ledger;
without one, the class is for the general ledger. "$0 ledger rule list" lists their rules; "$0 company users" and "$0
ledger users" list their users.`,
		Example: `  $0 ledger class list 10`,
		Args:    optionalArgument,
		RunE: func(command *cobra.Command, given []string) error {
			ctx := command.Context()
			var classes []query.AuthorityClass
			err := app.query(ctx, func(queries *statements) (err error) {
				if err = requireListed(ctx, queries, optional(given), nil); err != nil {
					return err
				}
				classes, err = queries.ListAuthorityClasses(ctx, optional(given))
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				return app.printJSON(classes)
			}
			rows := make([][]string, len(classes))
			for index, class := range classes {
				rows[index] = []string{class.Company, valueOrDash(class.LedgerID), class.Class, yesNo(class.BuiltIn)}
			}
			app.printTable([]string{"company", "ledger_id", "class", "built_in"}, rows)
			if len(classes) == 0 {
				app.warn("There are no companies, and so no classes. Next: $0 company create COMPANY --name NAME\n")
			}
			return nil
		},
	}
	addJSON(command, &asJSON)
	return command
}

func newLedgerClassAssignCommand(app *application) *cobra.Command {
	var ledgerID string
	command := &cobra.Command{
		Use:   "assign COMPANY USERID CLASS",
		Short: "Give a user an authority class",
		Long: `Gives a user of a company an authority class there, in place of any other. With --ledger it is a class
of an internal ledger to which the user is connected. It applies while row-level security is on in the company.`,
		Example: `  $0 ledger class assign 10 ALICE SALES
  $0 ledger class assign 10 ALICE SALES --ledger IFRS`,
		Args: arguments("COMPANY", "USERID", "CLASS"),
		RunE: func(command *cobra.Command, given []string) error {
			ctx, company, userid, class := command.Context(), given[0], given[1], given[2]
			err := app.query(ctx, func(queries *statements) error {
				if command.Flags().Changed("ledger") {
					return queries.SetUserLedgerClass(ctx, db.SetUserLedgerClassParams{Company: company, LedgerID: ledgerID, UserID: userid, Class: &class})
				}
				return queries.SetUserAuthorityClass(ctx, company, userid, &class)
			})
			if err != nil {
				return err
			}
			app.printf("%s has the class %s in %s.\n", userid, class, place(company, ledgerID))
			return nil
		},
	}
	addLedger(command, &ledgerID)
	return command
}

func newLedgerClassUnassignCommand(app *application) *cobra.Command {
	var ledgerID string
	command := &cobra.Command{
		Use:   "unassign COMPANY USERID",
		Short: "Remove a user's authority class",
		Long: `Removes a user's authority class. In the general ledger the user then sees nothing while row-level
security is on. With --ledger the user sees all of that internal ledger again; to end that, use "$0 ledger revoke".`,
		Example: `  $0 ledger class unassign 10 ALICE
  $0 ledger class unassign 10 ALICE --ledger IFRS`,
		Args: arguments("COMPANY", "USERID"),
		RunE: func(command *cobra.Command, given []string) error {
			ctx, company, userid := command.Context(), given[0], given[1]
			return app.query(ctx, func(queries *statements) error {
				if command.Flags().Changed("ledger") {
					if err := queries.SetUserLedgerClass(ctx, db.SetUserLedgerClassParams{Company: company, LedgerID: ledgerID, UserID: userid}); err != nil {
						return err
					}
					app.printf("%s has no class in %s, and sees all of it.\n", userid, place(company, ledgerID))
					return nil
				}
				if err := queries.SetUserAuthorityClass(ctx, company, userid, nil); err != nil {
					return err
				}
				app.printf("%s has no class in %s.\n", userid, place(company, ""))
				return app.warnOfMissingClass(ctx, queries, userid, company)
			})
		},
	}
	addLedger(command, &ledgerID)
	return command
}
