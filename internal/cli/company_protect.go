package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/query"
)

// aboutProtection is the part of the help that both kinds of protection share.
const aboutProtection = `Connect as the owner of the table, who must also be a member of postern_admin. The command
needs the table to itself for a moment. If others use it for long, the command tries again, for --lock-timeout.

Afterwards everything that the table's grants allow works as before, but only on rows that the user may see. That
includes the owner. It does not include superusers, roles with BYPASSRLS, and views that belong to them and lack
security_invoker = true. A session without a known user gets the error PS401.

Partitions are protected with their table. Run the command again after a partition was added, or if somebody may have
changed a policy: it repairs what differs, and otherwise changes nothing.`

func newCompanyProtectCommand(app *application) *cobra.Command {
	var (
		column      string
		lockTimeout time.Duration
	)
	command := &cobra.Command{
		Use:   "protect SCHEMA.TABLE",
		Short: "Show rows of a table only to users of their company",
		Long: `Keeps everybody from reading or changing rows of companies of which the current user is not a user.
Rows without a company belong to nobody.

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
		found, err := queries.existingTable(ctx, name)
		if err != nil {
			return err
		}
		table = *found
		return do(queries, table)
	})
	return table, err
}

// existingTable returns the name of a table as PostgreSQL writes it.
func (s *statements) existingTable(ctx context.Context, name string) (*string, error) {
	table, err := s.FindTable(ctx, name)
	var server *pgconn.PgError
	if errors.As(err, &server) && server.Code == "42501" { // insufficient_privilege, on the schema
		return nil, withHint(err, "Connect as the owner of the table, or as a member of the owner's role.")
	}
	if err == nil && table == "" {
		err = withHint(fmt.Errorf("there is no table %s", name), `Write SCHEMA.TABLE; a name with capitals in double quotes: 'accounting."Voucher"'.`)
	}
	return &table, err
}

func newCompanyUnprotectCommand(app *application) *cobra.Command {
	var lockTimeout time.Duration
	command := &cobra.Command{
		Use:   "unprotect SCHEMA.TABLE",
		Short: "Remove the protection of a table",
		Long: `Removes what "company protect" or "ledger protect" added to a table and its partitions: everybody with
a grant sees all rows again. Row security stays on if the application has policies of its own, or had it on before.
Connect as the owner of the table, who must also be a member of postern_admin.`,
		Example: `  $0 company unprotect accounting.voucher`,
		Args:    arguments("SCHEMA.TABLE"),
		RunE: func(command *cobra.Command, given []string) error {
			table, err := app.changeTable(command.Context(), given[0], lockTimeout, func(queries *statements, table string) error {
				return queries.Unprotect(command.Context(), table)
			})
			if err != nil {
				return err
			}
			app.printf("%s is no longer protected: only its grants, and its own policies if it has any, apply.\n", table)
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
		Long: `Lists the tables that "company protect" and "ledger protect" protect, and the columns that they use.
Partitions are protected with their table, and not listed. "$0 gate protected" lists the tables that gates guard.`,
		Example: `  $0 company protected
  $0 company protected --json | jq -r '.[] | "\(.schema_name).\(.table_name)"'`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			var tables []query.ListProtectedTablesRow
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
