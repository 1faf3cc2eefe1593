// Package cli is the installer's command line. Each command has one file with its flags, their validation and its
// output. Other packages do the work.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/program"
)

// Main runs one command line and returns the exit code: 0 success, 1 failure, 2 bad usage, 3 a difference or a finding.
func Main(ctx context.Context, arguments []string, in io.Reader, out, err io.Writer) int {
	return run(ctx, &application{in: in, out: &output{Writer: out}, err: err}, arguments)
}

// RunOn is Main on a given database, whatever the environment says. The demo runs commands with it.
func RunOn(ctx context.Context, database *pgx.ConnConfig, arguments []string, in io.Reader, out, err io.Writer) int {
	return run(ctx, &application{in: in, out: &output{Writer: out}, err: err, database: database}, arguments)
}

func run(ctx context.Context, app *application, arguments []string) int {
	root := newRootCommand(app)
	root.SetArgs(arguments)
	command, failure := root.ExecuteContextC(ctx)
	if failure != nil && !app.running {
		// Cobra rejected the flags or the arguments, so no command was entered.
		failure = &exitError{code: exitUsage, err: failure}
	}
	if app.out.failure != nil && !errors.Is(failure, app.out.failure) {
		failure = app.out.failure // the result was not shown to anybody
	}
	return app.report(command, failure)
}

func newRootCommand(app *application) *cobra.Command {
	root := &cobra.Command{
		Use:   program.Name(),
		Short: "Security checkpoints, company and row-level security for PostgreSQL: install and look after Postern",
		Long: `Postern brings security checkpoints, company security and row-level security on ledgers to PostgreSQL
15 and later. This program installs it, and does what an administrator has to do afterwards.

The database comes from --database-url; otherwise from DATABASE_URL; otherwise from libpq's variables (PGHOST, PGPORT,
PGUSER, PGDATABASE, PGPASSWORD, PGPASSFILE, PGSERVICE, PGSSLMODE …). Connect to the server itself, not to a
transaction-mode pooler. A password in --database-url can be read in the process list: put it into DATABASE_URL,
PGPASSWORD or a password file.

Exit codes: 0 done, 1 failed, 2 bad usage, 3 found a difference or a finding.`,
		Example: `  $0 install
  $0 status --database-url postgres://dba@db.example.com/erp
  PGSERVICE=erp $0 verify`,
		Version:       install.Version,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetIn(app.in)
	root.SetOut(app.out)
	root.SetErr(app.err)
	root.PersistentFlags().StringVar(&app.databaseURL, "database-url", "", "database, as a URL or key=value pairs (overrides DATABASE_URL and PG*)")
	root.PersistentFlags().BoolVar(&app.verbose, "verbose", false, "report on standard error what is being done")

	root.AddCommand(
		newInstallCommand(app),
		newStatusCommand(app),
		newVerifyCommand(app),
		newDoctorCommand(app),
		newUninstallCommand(app),
		newRenderCommand(app),
		newApplyCommand(app),
		newExportCommand(app),
		newUserCommand(app),
		newAccessCommand(app),
		newLoginCommand(app),
		newCompanyCommand(app),
		newLedgerCommand(app),
		newGateCommand(app),
		newActionCommand(app),
		newSettingCommand(app),
		newSchemeCommand(app),
		newSessionCommand(app),
		newLogCommand(app),
		newEventCommand(app),
		newRunCommand(app),
		newDemoCommand(app),
		newBenchCommand(app),
		newManCommand(),
	)
	enter(app, root)
	app.complete(root)
	app.fitHelp(root)
	return root
}

// enter notes for every command that it was entered. It also makes a group reject an unknown subcommand, because cobra
// would print the group's help and report success.
func enter(app *application, command *cobra.Command) {
	if run := command.RunE; run != nil {
		command.RunE = func(entered *cobra.Command, arguments []string) error {
			app.running = true
			return run(entered, arguments)
		}
	} else {
		command.Args = cobra.ArbitraryArgs
		// So many letters may differ. Without it, cobra suggests only names with the same prefix.
		command.SuggestionsMinimumDistance = 2
		command.RunE = func(entered *cobra.Command, arguments []string) error {
			if len(arguments) == 0 {
				return entered.Help()
			}
			problem := fmt.Errorf("unknown command %q for %q", arguments[0], entered.CommandPath())
			if similar := entered.SuggestionsFor(arguments[0]); len(similar) > 0 {
				problem = fmt.Errorf("%w; did you mean %q?", problem, similar[0])
			}
			return problem
		}
	}
	for _, child := range command.Commands() {
		enter(app, child)
	}
}
