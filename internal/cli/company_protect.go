package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/query"
)

// aboutProtection is the part of the help that both kinds of protection share.
const aboutProtection = `You connect as the owner of the table, who is a member of postern_admin too. The command needs the
table to itself for a moment. Where others use it for long, it tries again, for --lock-timeout. Afterwards
everything that the table's grants allow goes on, on the rows that the user may see.
The owner is held as everybody is; superusers and roles with BYPASSRLS are not, nor are views that belong to them
and lack security_invoker = true. A session without a known user gets the error PS401.

Partitions are protected with their table. Run the command again when a partition was added, or when somebody
may have changed a policy: it puts right what differs, and else changes nothing.`

func newCompanyProtectCommand(app *application) *cobra.Command {
	var (
		column      string
		lockTimeout time.Duration
	)
	command := &cobra.Command{
		Use:   "protect SCHEMA.TABLE",
		Short: "Show rows of a table to the users of their company only",
		Long: `Lets nobody read, add, change or remove rows of companies that the current user is no user of. Rows without a
company are nobody's.

` + aboutProtection,
		Example: `  $0 company protect accounting.voucher
  $0 company protect assets.asset --company-column firm`,
		Args: arguments("SCHEMA.TABLE"),
		RunE: func(command *cobra.Command, given []string) error {
			table, err := app.changeTable(command.Context(), given[0], lockTimeout, func(queries *statements, table string) error {
				return queries.ProtectCompany(command.Context(), table, column)
			})
			if err != nil {
				return err
			}
			app.printf("%[1]s is protected by company. Undo: $0 company unprotect %[2]s\n", table, shell(table))
			return nil
		},
	}
	addLockTimeout(command, &lockTimeout)
	command.Flags().StringVar(&column, "company-column", "company", "the column with the company")
	return command
}

// changeTable changes an existing table and returns its name as PostgreSQL writes it.
func (a *application) changeTable(ctx context.Context, name string, lockTimeout time.Duration, do func(queries *statements, table string) error) (table string, err error) {
	err = a.change(ctx, name, lockTimeout, func(_ pgx.Tx, queries *statements) error {
		if table, err = queries.FindTable(ctx, name); err != nil {
			return err
		}
		if table == "" {
			return withHint(fmt.Errorf("there is no table %s", name), `Write SCHEMA.TABLE; a name with capitals in double quotes: 'accounting."Voucher"'.`)
		}
		return do(queries, table)
	})
	return table, err
}

func newCompanyUnprotectCommand(app *application) *cobra.Command {
	var lockTimeout time.Duration
	command := &cobra.Command{
		Use:   "unprotect SCHEMA.TABLE",
		Short: "Take the protection of a table away",
		Long: `Takes away what "company protect" or "ledger protect" gave a table and its partitions: everybody with a grant sees
all rows again. Where the application has policies of its own, or had row security on before, that stays on.
You connect as the owner of the table, who is a member of postern_admin too.`,
		Example: `  $0 company unprotect accounting.voucher`,
		Args:    arguments("SCHEMA.TABLE"),
		RunE: func(command *cobra.Command, given []string) error {
			table, err := app.changeTable(command.Context(), given[0], lockTimeout, func(queries *statements, table string) error {
				return queries.Unprotect(command.Context(), table)
			})
			if err != nil {
				return err
			}
			app.printf("%s is not protected any more: its grants, and its own policies if it has any, are all that rules.\n", table)
			return nil
		},
	}
	addLockTimeout(command, &lockTimeout)
	return command
}

func newCompanyProtectedCommand(app *application) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "protected",
		Short: "List the protected tables",
		Long: `Lists the tables that "company protect" and "ledger protect" guard, and by which columns. Partitions are guarded
with their table, and not listed.`,
		Example: `  $0 company protected
  $0 company protected --json | jq -r '.[] | "\(.schema_name).\(.table_name)"'`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			var tables []query.ProtectedTable
			err := app.query(command.Context(), func(queries *statements) (err error) {
				tables, err = queries.ListProtectedTables(command.Context())
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				return app.printJSON(tables)
			}
			rows := make([][]string, len(tables))
			for index, table := range tables {
				columns := []string{table.CompanyColumn}
				for _, column := range []*string{table.LedgerColumn, table.CombinationColumn} {
					if column != nil {
						columns = append(columns, *column)
					}
				}
				rows[index] = []string{
					table.SchemaName + "." + table.TableName, table.Protection, strings.Join(columns, ", "), table.ProtectedBy, stamp(table.ProtectedAt),
				}
			}
			app.printTable([]string{"table", "protection", "columns", "protected_by", "protected_at"}, rows)
			if len(tables) == 0 {
				app.warn("No table is protected. Next: $0 company protect SCHEMA.TABLE\n")
			}
			return nil
		},
	}
	addJSON(command, &asJSON)
	return command
}
