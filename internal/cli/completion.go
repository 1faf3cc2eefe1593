package cli

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/posternsql/postern/internal/naming"
	"github.com/posternsql/postern/internal/printable"
)

// completionTimeout is the longest that a person who pressed <TAB> waits.
const completionTimeout = 2 * time.Second

// lister finds the objects that an argument or a flag may name.
type lister func(ctx context.Context, connection *pgx.Conn, within naming.Scope) ([]naming.Candidate, error)

// listers are keyed by the name of the argument in the command's usage line.
var listers = map[string]lister{
	"GATE_ID":      naming.Gates,
	"ACTION":       naming.Actions,
	"USERID":       naming.Users,
	"COMPANY":      naming.Companies,
	"LEDGER_ID":    naming.Ledgers,
	"CLASS":        naming.Classes,
	"RULE_ID":      naming.Rules,
	"EVENT":        naming.Events,
	"SCHEME":       naming.Schemes,
	"KID":          naming.SessionKeys,
	"OLD":          naming.SessionKeys,
	"ROLE":         naming.Logins,
	"SCHEMA.TABLE": naming.Tables,
	"on|off":       listOnOff,
}

// commandListers are for arguments whose name is not enough to know what they take. They are keyed by the position,
// from 0.
var commandListers = map[string]map[int]lister{
	"setting set":                {0: naming.Settings},
	"setting history":            {0: naming.Settings},
	"event action remove":        {0: naming.EventActions},
	"event action enable":        {0: naming.EventActions},
	"event action rotate-secret": {0: naming.EventActions},
	"login disallow":             {0: naming.AllowedLogins},
	"company unprotect":          {0: naming.ProtectedTables},
	"gate unprotect":             {0: naming.GuardedTables},
	"gate explain":               {0: naming.Tables},
}

// newNames are the commands whose last argument names an object that does not exist yet.
var newNames = []string{"company create", "user create", "action register", "ledger create", "ledger class create", "session key create", "event action add"}

// flagListers are keyed by the name of the flag, which means the same in all commands.
var flagListers = map[string]lister{
	"gate": naming.Gates, "checkpoint": naming.Gates, "legacy-checkpoint": naming.Gates, "user": naming.Users, "ledger": naming.Ledgers,
	"class": naming.Classes, "event": naming.Events, "action": naming.EventActions, "kid": naming.SessionKeys,
}

// complete adds shell completion for the arguments and flags that name objects in the database.
func (a *application) complete(command *cobra.Command) {
	path := strings.Join(strings.Fields(command.CommandPath())[1:], " ")
	_, placeholders, _ := strings.Cut(command.Use, " ")
	var arguments []lister
	for index, placeholder := range strings.Fields(placeholders) {
		found := commandListers[path][index]
		if found == nil {
			found = listers[strings.Trim(placeholder, "[].")]
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

// candidates asks the database. It returns nothing if the database does not answer, because errors would disturb a
// person who is typing.
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
	found, err := list(ctx, connection, scope(command, given))
	if err != nil {
		return nil
	}
	var completions []cobra.Completion
	for _, candidate := range found {
		if !completable(candidate.Name) || !strings.HasPrefix(candidate.Name, begun) {
			continue
		}
		completion := cobra.Completion(candidate.Name)
		if description := printable.Text(candidate.Description); description != "" {
			completion = cobra.CompletionWithDesc(candidate.Name, description)
		}
		if !slices.Contains(completions, completion) {
			completions = append(completions, completion)
		}
	}
	return completions
}

// completable reports whether every shell reads the name literally. The shell runs a completed command line as it
// stands, and users choose some of the names.
func completable(name string) bool {
	return !strings.ContainsFunc(name, func(character rune) bool {
		return !unicode.IsLetter(character) && !unicode.IsDigit(character) && !strings.ContainsRune("_-.:/@+,", character)
	}) && !strings.HasPrefix(name, "-")
}

func listOnOff(context.Context, *pgx.Conn, naming.Scope) ([]naming.Candidate, error) {
	return []naming.Candidate{{Name: "on"}, {Name: "off"}}, nil
}

// scope reads what the command line says before the argument being completed: the company, and the ledger.
func scope(command *cobra.Command, given []string) (within naming.Scope) {
	for index, placeholder := range strings.Fields(command.Use)[1:] {
		if strings.Trim(placeholder, "[]") == "COMPANY" && index < len(given) {
			within.Company = &given[index]
		}
	}
	if flag := command.Flags().Lookup("ledger"); flag != nil {
		ledger := flag.Value.String()
		within.Ledger = &ledger
	}
	return within
}
