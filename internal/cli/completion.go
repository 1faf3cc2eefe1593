package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/posternsql/postern/internal/printable"
	"github.com/posternsql/postern/internal/query"
)

// completionTimeout is the longest that a person who pressed <TAB> waits.
const completionTimeout = 2 * time.Second

// candidate is the name of an existing object, as a person types it, with a description.
type candidate struct{ name, description string }

// lister finds the objects that an argument may name. given are the arguments before it.
type lister func(ctx context.Context, connection *pgx.Conn, command *cobra.Command, given []string) ([]candidate, error)

// listers are keyed by the name of the argument in the command's usage line.
var listers = map[string]lister{
	"GATE_ID":      listGates,
	"ACTION":       listActions,
	"USERID":       listUsers,
	"COMPANY":      listCompanies,
	"LEDGER_ID":    listLedgers,
	"CLASS":        listClasses,
	"RULE_ID":      listRules,
	"EVENT":        listEvents,
	"SCHEME":       listSchemes,
	"KID":          listSessionKeys,
	"OLD":          listSessionKeys,
	"ROLE":         listLogins,
	"SCHEMA.TABLE": listTables,
	"on|off":       listNamed("on", "off"),
}

// commandListers are for arguments whose name is not enough to know what they take. They are keyed by the position, from 0.
var commandListers = map[string]map[int]lister{
	"setting set":                {0: listSettings},
	"event action remove":        {0: listEventActions},
	"event action enable":        {0: listEventActions},
	"event action rotate-secret": {0: listEventActions},
	"login disallow":             {0: listAllowedLogins},
	"company unprotect":          {0: listProtectedTables},
}

// newNames are the commands whose last argument names an object that does not exist yet.
var newNames = []string{"company create", "user create", "action register", "ledger create", "ledger class create", "session key create", "event action add"}

// flagListers are keyed by the name of the flag, which means the same in all commands.
var flagListers = map[string]lister{
	"gate": listGates, "checkpoint": listGates, "legacy-checkpoint": listGates, "user": listUsers, "ledger": listLedgers,
	"class": listClasses, "event": listEvents, "action": listEventActions, "kid": listSessionKeys,
}

// complete adds shell completion for the arguments and flags that name objects in the database.
func (a *application) complete(command *cobra.Command) {
	path := strings.Join(strings.Fields(command.CommandPath())[1:], " ")
	_, placeholders, _ := strings.Cut(command.Use, " ")
	var arguments []lister
	for index, placeholder := range strings.Fields(placeholders) {
		found := commandListers[path][index]
		if found == nil {
			found = listers[strings.Trim(placeholder, "[]")]
		}
		arguments = append(arguments, found)
	}
	if slices.Contains(newNames, path) && len(arguments) > 0 {
		arguments[len(arguments)-1] = nil
	}
	if command.ValidArgsFunction == nil && !strings.Contains(placeholders, "FILE") {
		command.ValidArgsFunction = func(command *cobra.Command, given []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(given) >= len(arguments) || arguments[len(given)] == nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return a.candidates(command, arguments[len(given)], given, begun), cobra.ShellCompDirectiveNoFileComp
		}
	}
	command.Flags().VisitAll(func(flag *pflag.Flag) {
		list := flagListers[flag.Name]
		if list == nil {
			return
		}
		_ = command.RegisterFlagCompletionFunc(flag.Name, func(command *cobra.Command, given []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return a.candidates(command, list, given, begun), cobra.ShellCompDirectiveNoFileComp
		})
	})
	for _, child := range command.Commands() {
		a.complete(child)
	}
}

// candidates asks the database. It returns nothing if the database does not answer, because errors would disturb a person
// who is typing.
func (a *application) candidates(command *cobra.Command, list lister, given []string, begun string) []cobra.Completion {
	ctx, cancel := context.WithTimeout(command.Context(), completionTimeout)
	defer cancel()
	silent := *a
	silent.err = io.Discard
	connection, err := silent.connect(ctx)
	if err != nil {
		return nil
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = connection.Close(ctx)
	}()
	found, err := list(ctx, connection, command, given)
	if err != nil {
		return nil
	}
	var completions []cobra.Completion
	for _, candidate := range found {
		if !completable(candidate.name) || !strings.HasPrefix(candidate.name, begun) {
			continue
		}
		completion := cobra.Completion(candidate.name)
		if description := printable.Text(candidate.description); description != "" {
			completion = cobra.CompletionWithDesc(candidate.name, description)
		}
		if !slices.Contains(completions, completion) {
			completions = append(completions, completion)
		}
	}
	return completions
}

// completable reports whether every shell reads the name literally. The shell runs a completed command line as it stands,
// and users choose some of the names.
func completable(name string) bool {
	return !strings.ContainsFunc(name, func(character rune) bool {
		return !unicode.IsLetter(character) && !unicode.IsDigit(character) && !strings.ContainsRune("_-.:/@+,", character)
	}) && !strings.HasPrefix(name, "-")
}

// rows turns the rows of a query into candidates.
func rows[Row any](found []Row, err error, name func(Row) candidate) ([]candidate, error) {
	var all []candidate
	for _, row := range found {
		if made := name(row); made.name != "" {
			all = append(all, made)
		}
	}
	return all, err
}

func listNamed(names ...string) lister {
	return func(context.Context, *pgx.Conn, *cobra.Command, []string) ([]candidate, error) {
		return rows(names, nil, func(name string) candidate { return candidate{name: name} })
	}
}

func listGates(ctx context.Context, connection *pgx.Conn, _ *cobra.Command, _ []string) ([]candidate, error) {
	found, err := query.New(connection).ListGates(ctx)
	return rows(found, err, func(gate query.Gate) candidate {
		return candidate{gate.GateID, gateState(gate) + ": " + gate.Description}
	})
}

func listActions(ctx context.Context, connection *pgx.Conn, _ *cobra.Command, _ []string) ([]candidate, error) {
	found, err := query.New(connection).ListActions(ctx)
	return rows(found, err, func(action query.Action) candidate { return candidate{name: action.Action} })
}

func listUsers(ctx context.Context, connection *pgx.Conn, _ *cobra.Command, _ []string) ([]candidate, error) {
	found, err := query.New(connection).ListUsers(ctx)
	return rows(found, err, func(user query.User) candidate { return candidate{user.UserID, user.Description} })
}

func listCompanies(ctx context.Context, connection *pgx.Conn, _ *cobra.Command, _ []string) ([]candidate, error) {
	found, err := query.New(connection).ListCompanies(ctx)
	return rows(found, err, func(company query.Company) candidate { return candidate{company.Company, company.Name} })
}

// listLedgers lists the ledgers of the given company, or all ledgers if no company is given.
func listLedgers(ctx context.Context, connection *pgx.Conn, command *cobra.Command, given []string) ([]candidate, error) {
	found, err := query.New(connection).ListLedgers(ctx)
	company, known := givenCompany(command, given)
	return rows(found, err, func(ledger query.Ledger) candidate {
		if known && ledger.Company != company {
			return candidate{}
		}
		return candidate{ledger.LedgerID, "of company " + ledger.Company}
	})
}

// listClasses lists the classes of the given company and ledger; without --ledger, those of the general ledger.
func listClasses(ctx context.Context, connection *pgx.Conn, command *cobra.Command, given []string) ([]candidate, error) {
	var wanted *string
	if company, known := givenCompany(command, given); known {
		wanted = &company
	}
	found, err := query.New(connection).ListAuthorityClasses(ctx, wanted)
	ledger := ""
	flag := command.Flags().Lookup("ledger")
	if flag != nil {
		ledger = flag.Value.String()
	}
	return rows(found, err, func(class query.AuthorityClass) candidate {
		of := ""
		if class.LedgerID != nil {
			of = *class.LedgerID
		}
		if flag != nil && of != ledger {
			return candidate{}
		}
		return candidate{class.Class, "of company " + class.Company}
	})
}

// givenCompany returns the company among the arguments before the one being completed.
func givenCompany(command *cobra.Command, given []string) (string, bool) {
	for index, placeholder := range strings.Fields(command.Use)[1:] {
		if strings.Trim(placeholder, "[]") == "COMPANY" && index < len(given) {
			return given[index], true
		}
	}
	return "", false
}

func listRules(ctx context.Context, connection *pgx.Conn, _ *cobra.Command, _ []string) ([]candidate, error) {
	found, err := query.New(connection).ListAuthorityCombinations(ctx, nil, nil, nil)
	return rows(found, err, func(rule query.AuthorityCombination) candidate {
		return candidate{strconv.FormatInt(rule.CombinationID, 10), fmt.Sprintf("of class %s in company %s", rule.Class, rule.Company)}
	})
}

func listEvents(ctx context.Context, connection *pgx.Conn, _ *cobra.Command, _ []string) ([]candidate, error) {
	found, err := query.New(connection).ListEvents(ctx)
	return rows(found, err, func(event query.Event) candidate { return candidate{event.Event, event.Description} })
}

func listEventActions(ctx context.Context, connection *pgx.Conn, _ *cobra.Command, _ []string) ([]candidate, error) {
	found, err := query.New(connection).ListEventActions(ctx)
	return rows(found, err, func(action query.EventAction) candidate {
		return candidate{action.Name, fmt.Sprintf("%s for %s", action.Kind, action.Event)}
	})
}

func listSchemes(ctx context.Context, connection *pgx.Conn, _ *cobra.Command, _ []string) ([]candidate, error) {
	found, err := query.New(connection).ListSchemes(ctx)
	return rows(found, err, func(scheme query.Scheme) candidate { return candidate{name: scheme.Scheme} })
}

func listSettings(ctx context.Context, connection *pgx.Conn, _ *cobra.Command, _ []string) ([]candidate, error) {
	found, err := query.New(connection).ListSettings(ctx)
	return rows(found, err, func(setting query.Setting) candidate {
		return candidate{setting.Name, setting.Value + ": " + setting.Description}
	})
}

// listSessionKeys lists the keys in use, because a retired key can be neither rotated nor retired.
func listSessionKeys(ctx context.Context, connection *pgx.Conn, _ *cobra.Command, _ []string) ([]candidate, error) {
	found, err := query.New(connection).ListSessionKeys(ctx)
	return rows(found, err, func(key query.SessionKey) candidate {
		if key.RetiredAt != nil {
			return candidate{}
		}
		return candidate{key.KeyID, "of " + stamp(key.CreatedAt)}
	})
}

func listAllowedLogins(ctx context.Context, connection *pgx.Conn, _ *cobra.Command, _ []string) ([]candidate, error) {
	found, err := query.New(connection).ListAllowedLogins(ctx)
	return rows(found, err, func(login query.AllowedLogin) candidate { return candidate{login.DBRole, login.State} })
}

func listProtectedTables(ctx context.Context, connection *pgx.Conn, _ *cobra.Command, _ []string) ([]candidate, error) {
	found, err := query.New(connection).ListProtectedTables(ctx)
	return rows(found, err, func(table query.ProtectedTable) candidate {
		return candidate{table.SchemaName + "." + table.TableName, table.Protection}
	})
}

func listLogins(ctx context.Context, connection *pgx.Conn, _ *cobra.Command, _ []string) ([]candidate, error) {
	found, err := query.New(connection).CompletableLogins(ctx)
	return rows(found, err, func(name string) candidate { return candidate{name: name} })
}

func listTables(ctx context.Context, connection *pgx.Conn, _ *cobra.Command, _ []string) ([]candidate, error) {
	found, err := query.New(connection).CompletableTables(ctx)
	return rows(found, err, func(name string) candidate { return candidate{name: name} })
}
