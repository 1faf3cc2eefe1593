package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/query"
)

func newGateProtectCommand(app *application) *cobra.Command {
	var (
		wanted      db.ProtectGateParams
		parameters  []string
		condition   string
		lockTimeout time.Duration
	)
	command := &cobra.Command{
		Use:   "protect SCHEMA.TABLE GATE_ID",
		Short: "Guard a table with a gate: who writes it needs an approval",
		Long: `Guards a table: a statement that writes it reaches the gate when it ends, whoever sends it and through
whatever function or view, superusers included. The person approves what the statement has written. The guard asks
only while the gate is active.

--column names the columns whose UPDATE needs an approval; without it, any change does. INSERT and DELETE always
concern the whole row. --condition is an SQL expression over old and new: rows for which it is false ask nothing.

--parameter says for each parameter of the gate which column has its value. Instead of a column, a parameter may get
count, the number of rows, or sum(COLUMN): then the statement shows totals and not its rows. Without --parameter, each
gets the column of its name.

Each statement needs its own approval, so the gate becomes exclusive. With --exclusive=false, an approval that opens
other gates opens the guard too.

Connect as the owner of the table, who must also be a member of postern_admin. The command needs the table to itself
for a moment. If others use it for long, the command tries again, for --lock-timeout.

Run the command again after a partition was added, or if somebody may have changed a trigger: it repairs what differs,
and otherwise changes nothing. To guard the table in another way, run "$0 gate unprotect" first. "$0 apply" does both
in one transaction.`,
		Example: `  $0 gate protect accounting.invoice SINWOF_APPROVE --operation insert,update --column approved \
      --parameter INVOICE_NO=invoice_no --parameter SUPPLIER=supplier --condition 'new.approved and not old.approved'
  $0 gate protect accounting.invoice SINWOF_PURGE --operation delete --parameter ROWS=count --parameter 'TOTAL=sum(amount)'`,
		Args: arguments("SCHEMA.TABLE", "GATE_ID"),
		RunE: func(command *cobra.Command, given []string) error {
			sources, err := parameterSources(parameters)
			if err != nil {
				return err
			}
			wanted.Parameters = sources
			if command.Flags().Changed("condition") {
				wanted.Condition = &condition
			}
			wanted.GateID = given[1]
			table, err := app.changeTable(command.Context(), given[0], lockTimeout, func(queries *statements, table string) error {
				wanted.Target = table
				return queries.ProtectGate(command.Context(), wanted)
			})
			if err != nil {
				return err
			}
			app.printf("%[1]s is guarded by %[2]s. Undo: $0 gate unprotect %[3]s %[2]s\n", table, wanted.GateID, shell(table))
			return nil
		},
	}
	flags := command.Flags()
	flags.StringSliceVar(&wanted.Operations, "operation", []string{"insert", "update", "delete"}, "the guarded operations")
	flags.StringArrayVar(&wanted.Columns, "column", nil, "a column whose UPDATE asks (once for each; default all)")
	flags.StringArrayVar(&parameters, "parameter", nil, "NAME=COLUMN, NAME=count or NAME=sum(COLUMN) (once for each)")
	flags.StringVar(&condition, "condition", "", "an SQL expression over old and new; rows for which it is false ask nothing")
	flags.BoolVar(&wanted.Exclusive, "exclusive", true, "need an approval for each statement, which opens nothing else")
	addLockTimeout(command, &lockTimeout)
	return command
}

// parameterSources makes an object of texts like NAME=COLUMN; nil if there are none.
func parameterSources(given []string) (json.RawMessage, error) {
	if len(given) == 0 {
		return nil, nil
	}
	sources := map[string]string{}
	for _, text := range given {
		name, source, found := strings.Cut(text, "=")
		if !found || name == "" || source == "" {
			return nil, usageError("--parameter is %q; write NAME=COLUMN, NAME=count or NAME=sum(COLUMN)", text)
		}
		if _, twice := sources[name]; twice {
			return nil, usageError("--parameter gives %s twice", name)
		}
		sources[name] = source
	}
	return json.Marshal(sources)
}

func newGateUnprotectCommand(app *application) *cobra.Command {
	var lockTimeout time.Duration
	command := &cobra.Command{
		Use:   "unprotect SCHEMA.TABLE GATE_ID",
		Short: "Remove the guard of a table",
		Long: `Removes what "gate protect" added to a table and its partitions: nobody who writes it reaches the gate any
more. The gate stays exclusive, and other guards of the table stay. Connect as the owner of the table, who must also be
a member of postern_admin.`,
		Example: `  $0 gate unprotect accounting.invoice SINWOF_APPROVE`,
		Args:    arguments("SCHEMA.TABLE", "GATE_ID"),
		RunE: func(command *cobra.Command, given []string) error {
			table, err := app.changeTable(command.Context(), given[0], lockTimeout, func(queries *statements, table string) error {
				return queries.UnprotectGate(command.Context(), table, given[1])
			})
			if err != nil {
				return err
			}
			app.printf("%s is no longer guarded by %s.\n", table, given[1])
			return nil
		},
	}
	addLockTimeout(command, &lockTimeout)
	return command
}

func newGateProtectedCommand(app *application) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "protected",
		Short: "List the tables that gates guard",
		Long: `Lists the guards of tables: the tables that "gate protect" protects, and what each guard asks for. A guard
asks only while its gate is active. Partitions are guarded with their table, and not listed.

"$0 gate explain" says it in words, and whether the guards are in place.`,
		Example: `  $0 gate protected
  $0 gate protected --json | jq -r '.[] | select(.active | not) | "\(.schema_name).\(.table_name)"'`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			var guards []query.ListGuardsRow
			err := app.query(command.Context(), func(queries *statements) (err error) {
				guards, err = queries.ListGuards(command.Context())
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				return app.printJSON(guards)
			}
			rows := make([][]string, len(guards))
			for index, guard := range guards {
				sources := map[string]string{}
				if err := json.Unmarshal(guard.Parameters, &sources); err != nil {
					return fmt.Errorf("read the parameters of a guard: %w", err)
				}
				state := activity(guard.Active)
				if guard.Exclusive {
					state += ", exclusive"
				}
				columns := "all"
				if len(guard.Columns) > 0 {
					columns = strings.Join(guard.Columns, ", ")
				}
				rows[index] = []string{
					guard.SchemaName + "." + guard.TableName, guard.GateID, state, strings.Join(guard.Operations, ", "), columns,
					orDash(namedTexts(sources)), valueOrDash(guard.Condition), guard.ProtectedBy, stamp(guard.ProtectedAt),
				}
			}
			app.printTable([]string{"table", "gate_id", "state", "operations", "columns", "parameters", "condition", "protected_by", "protected_at"}, rows)
			if len(guards) == 0 {
				app.warn("No table is guarded. Next: $0 gate protect SCHEMA.TABLE GATE_ID\n")
			}
			return nil
		},
	}
	addJSON(command, &asJSON)
	return command
}

func newGateExplainCommand(app *application) *cobra.Command {
	var (
		errorFile string
		asJSON    bool
	)
	command := &cobra.Command{
		Use:   "explain [SCHEMA.TABLE]",
		Short: "Say why a statement was stopped: what the guards of a table ask",
		Long: `Says in words what the guards of a table ask: which operations, which columns, under which condition, and what
the person sees. It also says which of them ask nothing now, because the gate is not active, or because somebody has
changed the guard. SCHEMA.TABLE may be a partition. Without it, all guarded tables are explained.

--error takes the text of an error, as psql or the server's log shows it with CONTEXT, and explains only the guards
that raised it (- is standard input). An error of a gate that a function calls names no guard.

The command reads no row of the table. Which rows a statement would have changed is in the DETAIL of its PS101.`,
		Example: `  $0 gate explain accounting.invoice
  psql -c 'update accounting.invoice set approved = true' 2>&1 | $0 gate explain --error -`,
		Args: optionalArgument,
		RunE: func(command *cobra.Command, given []string) error {
			ctx := command.Context()
			var text *string
			if command.Flags().Changed("error") {
				content, err := app.readFile(errorFile)
				if err != nil {
					return err
				}
				text = new(string)
				*text = strings.ToValidUTF8(strings.ReplaceAll(string(content), "\x00", ""), "")
			}
			var found []db.ExplainGuardsRow
			err := app.query(ctx, func(queries *statements) (err error) {
				table := optional(given)
				if table != nil {
					if table, err = queries.existingTable(ctx, *table); err != nil {
						return err
					}
				}
				found, err = queries.ExplainGuards(ctx, table, text)
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				return app.printJSON(found)
			}
			app.printGuards(found)
			switch {
			case len(found) > 0:
			case text != nil:
				app.warn("The error has no CONTEXT of a guard. If it names a table: $0 gate explain SCHEMA.TABLE\n")
			default:
				app.warn("There is no guard. \"$0 gate protected\" lists all.\n")
			}
			return nil
		},
	}
	command.Flags().StringVar(&errorFile, "error", "", "file with the text of an error, to explain only the guards that raised it")
	addJSON(command, &asJSON)
	return command
}

// printGuards prints one line for each guard, and below it one for each operation.
func (a *application) printGuards(found []db.ExplainGuardsRow) {
	for index, row := range found {
		if index == 0 || row.SchemaName != found[index-1].SchemaName || row.TableName != found[index-1].TableName || row.GateID != found[index-1].GateID {
			a.printf("%s.%s is guarded by %s:\n", row.SchemaName, row.TableName, row.GateID)
		}
		sign := "does not ask"
		if row.Asks {
			sign = "asks"
		}
		a.printf("  %s (%s): %s\n", row.Operation, sign, row.Explanation)
	}
}
