package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/query"
)

func newGateCommand(app *application) *cobra.Command {
	command := &cobra.Command{
		Use:   "gate",
		Short: "Gates, where business transactions stop for an approval",
		Long: `A gate is a place in the application's business code where a transaction stops until a person approves
it. The application registers its gates when it is installed or upgraded. An administrator switches them on and off,
and changes what the log says. The next registration keeps what an administrator has set.

A gate in a business function stops those who call the function. A gate that protects a table stops everybody who
writes the table: that is a guard. See docs/guards.md.

These commands need the role postern_admin; list, protected, explain and history also work with postern_auditor.`,
		Example: `  $0 gate list
  $0 gate enable SINWOF_APPROVE
  $0 gate message SINWOF_APPROVE "Supplier invoice &INVOICE_NO of &SUPPLIER approved"
  $0 gate protect accounting.invoice SINWOF_APPROVE --column approved --parameter INVOICE_NO=invoice_no`,
	}
	command.AddCommand(
		newGateListCommand(app),
		newGateRegisterCommand(app),
		newGateActiveCommand(app, "enable", true),
		newGateActiveCommand(app, "disable", false),
		newGateMessageCommand(app),
		newGateSchemesCommand(app),
		newGateProtectCommand(app),
		newGateUnprotectCommand(app),
		newGateProtectedCommand(app),
		newGateExplainCommand(app),
		newGateHistoryCommand(app),
	)
	return command
}

func newGateListCommand(app *application) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "list",
		Short: "List the gates",
		Long: `Lists the gates. state: active gates stop transactions, as long as the setting checkpoints_enabled is
true; a built-in gate always stops; an exclusive gate needs an approval for each pass. schemes: with which people
approve; any: with all that are enabled. A parameter with an asterisk
may differ when the approved transaction is sent again. administered: what an administrator has set, and later
registrations keep.`,
		Example: `  $0 gate list
  $0 gate list --json | jq -r '.[] | select(.active | not) | .gate_id'`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			var gates []query.Gate
			err := app.query(command.Context(), func(queries *statements) (err error) {
				gates, err = queries.ListGates(command.Context())
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				return app.printJSON(gates)
			}
			rows := make([][]string, len(gates))
			for index, gate := range gates {
				rows[index] = []string{
					gate.GateID, gate.State(), gate.Description, gate.Message,
					orDash(strings.Join(gateParameters(gate), ", ")), orDash(strings.Join(administered(gate), ", ")), schemesOf(gate.Schemes),
				}
			}
			app.printTable([]string{"gate_id", "state", "description", "message", "parameters", "administered", "schemes"}, rows)
			return nil
		},
	}
	addJSON(command, &asJSON)
	return command
}

func gateParameters(gate query.Gate) []string {
	names := slices.Clone(gate.Parameters)
	for index, name := range names {
		if !slices.Contains(gate.BoundParameters, name) {
			names[index] += "*"
		}
	}
	return names
}

func administered(gate query.Gate) []string {
	set := []string{}
	if gate.BuiltIn {
		set = append(set, "built in")
	}
	if gate.ActiveAdministered {
		set = append(set, "state")
	}
	if gate.MessageAdministered {
		set = append(set, "message")
	}
	return set
}

func newGateRegisterCommand(app *application) *cobra.Command {
	var (
		parameters  db.RegisterGateParams
		bound       []string
		exclusive   bool
		messageFile string
	)
	command := &cobra.Command{
		Use:   "register GATE_ID",
		Short: "Register a gate, or update it",
		Long: `Registers a gate, or updates its description, message and parameters. A new gate stops nobody until it
is active: --active, or "$0 gate enable" afterwards. If an administrator has set its state or its message, these are
unchanged.

GATE_ID has at most 30 letters, digits and underscores, with the component as prefix. &NAME in the message stands for
the value of parameter NAME. When the approved transaction is sent again, all parameters must have the approved
values. If some may differ, name the others with --bound-parameter.

The approval of one gate also opens the other gates of its transaction. --exclusive makes a gate that needs an
approval for each pass, which opens nothing else. Without it, a gate keeps its kind; --exclusive=false makes an
exclusive gate ordinary.

--message-file takes the definition from an IFS Message instead (- is standard input): DESCRIPTION, MESSAGE, ACTIVE
(TRUE or FALSE) and PARAMETERS, a nested message with one attribute per parameter.`,
		Example: `  $0 gate register SINWOF_APPROVE --description "Approve a supplier invoice" \
      --message "Supplier invoice &INVOICE_NO of &SUPPLIER approved" --parameter INVOICE_NO --parameter SUPPLIER
  $0 gate register BANK_SEND --description "Send money" --message "&AMOUNT sent to &PAYEE" \
      --parameter AMOUNT --parameter PAYEE --exclusive
  $0 gate register SINWOF_APPROVE --message-file sinwof_approve.msg`,
		Args: arguments("GATE_ID"),
		RunE: func(command *cobra.Command, given []string) error {
			ctx, flags := command.Context(), command.Flags()
			parameters.GateID = given[0]
			if flags.Changed("bound-parameter") {
				parameters.BoundParameters = slices.DeleteFunc(bound, func(name string) bool { return name == "" })
			}
			if flags.Changed("exclusive") {
				parameters.Exclusive = &exclusive
			}
			register := func(queries *statements) error { return queries.RegisterGate(ctx, parameters) }
			if messageFile != "" {
				content, err := app.readFile(messageFile)
				if err != nil {
					return err
				}
				register = func(queries *statements) error {
					return queries.RegisterGateMessage(ctx, given[0], string(content))
				}
			}
			return app.query(ctx, func(queries *statements) error {
				if err := register(queries); err != nil {
					return err
				}
				return app.printGate(ctx, queries, given[0])
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&parameters.Description, "description", "", "for the dialog and for administrators")
	flags.StringVar(&parameters.Message, "message", "", "what the log says, with &NAME for parameters")
	flags.StringArrayVar(&parameters.Parameters, "parameter", nil, "name of a parameter (once for each)")
	flags.StringArrayVar(&bound, "bound-parameter", nil, `a parameter that must stay the same (once for each; "" for none; default all)`)
	flags.BoolVar(&parameters.Active, "active", false, "make it stop transactions at once")
	flags.BoolVar(&exclusive, "exclusive", false, "need an approval for each pass, which opens nothing else")
	flags.StringVar(&messageFile, "message-file", "", "IFS Message with the definition")
	command.MarkFlagsOneRequired("description", "message-file")
	command.MarkFlagsRequiredTogether("description", "message")
	for _, name := range []string{"description", "message", "parameter", "bound-parameter", "active", "exclusive"} {
		command.MarkFlagsMutuallyExclusive("message-file", name)
	}
	return command
}

// printGate prints the state of a gate after its registration.
func (a *application) printGate(ctx context.Context, queries *statements, gateID string) error {
	gates, err := queries.ListGates(ctx)
	if err != nil {
		return err
	}
	index := slices.IndexFunc(gates, func(gate query.Gate) bool { return gate.GateID == gateID })
	if index < 0 {
		return fmt.Errorf("gate %s was registered, but no longer exists", gateID)
	}
	gate := gates[index]
	a.printf("Gate %s registered; it is %s.", gateID, gate.State())
	if kept := administered(gate); len(kept) > 0 {
		a.printf(" Kept as an administrator has set it: %s.", strings.Join(kept, ", "))
	}
	if !gate.Active {
		a.printf(" To make it stop transactions: $0 gate enable %s", gateID)
	}
	a.printf("\n")
	return nil
}

func newGateActiveCommand(app *application, verb string, active bool) *cobra.Command {
	command := &cobra.Command{
		Use:   verb + " GATE_ID",
		Short: "Make a gate stop transactions",
		Long: `Switches a gate on: from now on its transactions stop until they are approved. Later registrations leave it on.
It stops nobody while the setting checkpoints_enabled is false.`,
		Example: `  $0 gate enable SINWOF_APPROVE`,
		Args:    arguments("GATE_ID"),
		RunE: func(command *cobra.Command, given []string) error {
			err := app.query(command.Context(), func(queries *statements) error {
				return queries.SetGateActive(command.Context(), given[0], active)
			})
			if err != nil {
				return err
			}
			if active {
				app.printf("Gate %s is active.\n", given[0])
			} else {
				app.printf("Gate %[1]s is inactive: it stops nobody, and passing it is not logged. Undo: $0 gate enable %[1]s\n", given[0])
			}
			return nil
		},
	}
	if !active {
		command.Short = "Let transactions pass a gate"
		command.Long = `Switches a gate off: nobody is stopped there, and passing it is not logged. Later registrations leave it off.`
		command.Example = `  $0 gate disable SINWOF_APPROVE`
	}
	return command
}

func schemesOf(schemes []string) string {
	if schemes == nil {
		return "any"
	}
	return strings.Join(schemes, ", ")
}

func newGateSchemesCommand(app *application) *cobra.Command {
	var any bool
	command := &cobra.Command{
		Use:   "schemes GATE_ID [SCHEME...]",
		Short: "Say with which schemes people approve at a gate",
		Long: `Says with which schemes people approve at a gate: one of those named, the usual one first. --any takes that back:
every enabled scheme is accepted. Later registrations leave it alone.

A gate that accepts only some schemes is exclusive, and stays so: each pass needs its own approval. Otherwise the
approval of another gate would open it, with another scheme. Approvals that are not used yet end.

Enable the schemes first ("$0 scheme enable TOTP"), and let the people enrol: nobody passes without.`,
		Example: `  $0 gate schemes BANK_SEND TOTP
  $0 gate schemes SINWOF_APPROVE PIN TOTP
  $0 gate schemes SINWOF_APPROVE --any`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, given []string) error {
			schemes := given[1:]
			if any == (len(schemes) > 0) {
				return usageError("name the schemes, or pass --any")
			}
			if any {
				schemes = nil
			}
			err := app.query(command.Context(), func(queries *statements) error {
				return queries.SetGateSchemes(command.Context(), given[0], schemes)
			})
			if err != nil {
				return err
			}
			if any {
				app.printf("Gate %s accepts every enabled scheme.\n", given[0])
			} else {
				app.printf("Gate %s accepts %s, and each pass needs its own approval.\n", given[0], strings.Join(schemes, ", "))
			}
			return nil
		},
	}
	command.Flags().BoolVar(&any, "any", false, "accept every enabled scheme")
	return command
}

func newGateMessageCommand(app *application) *cobra.Command {
	return &cobra.Command{
		Use:   "message GATE_ID TEXT",
		Short: "Change what the log says when a gate is passed",
		Long: `Changes what the dialog shows and the log says when a gate is passed. Later registrations do not change
it back. &NAME stands for the value of parameter NAME. Quote the text, because & has a meaning in the shell.

Say what happened and to which business object. Each log entry already has the user and the time.`,
		Example: `  $0 gate message SINWOF_APPROVE "Supplier invoice &INVOICE_NO of &SUPPLIER approved"`,
		Args:    arguments("GATE_ID", "TEXT"),
		RunE: func(command *cobra.Command, given []string) error {
			err := app.query(command.Context(), func(queries *statements) error {
				return queries.SetGateMessage(command.Context(), given[0], given[1])
			})
			if err != nil {
				return err
			}
			app.printf("Gate %s has a new message, which later registrations leave alone.\n", given[0])
			return nil
		},
	}
}
