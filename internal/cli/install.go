package cli

import (
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/install"
)

func newInstallCommand(app *application) *cobra.Command {
	var (
		dryRun, showSQL, repair, allowDowngrade bool
		lockTimeout                             time.Duration
	)
	command := &cobra.Command{
		Use:   "install",
		Short: "Install Postern into the database, or upgrade it",
		Long: `Installs Postern into the database, or upgrades it to this binary's version. Running it again changes
nothing; running it several times at once leaves one good installation.

It creates the roles, the schemas and the extension pgcrypto if they are missing, runs each new migration, and then
creates all functions and views. All of that is one transaction: an interrupted installation has changed nothing.
Objects of an earlier version that this version does not have are dropped from Postern's schemas.

No superuser is needed. The user must be allowed to create roles (CREATEROLE) and to create schemas in this database
(as its owner is). Within the transaction the user is a member of postern_owner and of postern_event_function, which
own what is installed. If an older installer was killed and has left such a membership, it ends.

A binary that is older than what is installed, or that is another build of the same version and not known to be newer,
refuses. --allow-downgrade goes back to it if both have the same tables.

--dry-run says what would be done and changes nothing. If rights are missing, it prints one script with all of them
for a superuser, and fails. --show-sql prints the statements as they run; with --dry-run it prints them instead of
running them.`,
		Example: `  $0 install
  $0 install --dry-run > rights.sql    # where rights are missing
  $0 install --dry-run --show-sql > review.sql
  $0 install --database-url postgres://dba@db.example.com/erp --lock-timeout 10s`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := checkLockTimeout(lockTimeout); err != nil {
				return err
			}
			config, err := app.config()
			if err != nil {
				return err
			}
			var compare func() ([]install.Difference, error)
			var before []install.Difference
			if repair && !dryRun {
				accepted, err := readAccepted(nil, app.in, isExtraGrant)
				if err != nil {
					return err
				}
				compare = func() ([]install.Difference, error) {
					found, err := install.Verify(command.Context(), config, install.VerifyOptions{LockTimeout: lockTimeout, Logger: app.logger()})
					return install.Unaccepted(found, accepted), err
				}
				before, _ = compare() // an error means that there is nothing to mend: nothing is installed, or an older schema
			}
			bar := app.progress(-1, "Installing")
			busy := app.busy("Postern", lockTimeout)
			report, err := install.Install(command.Context(), config, install.Options{
				DryRun:         dryRun,
				Repair:         repair,
				AllowDowngrade: allowDowngrade,
				LockTimeout:    lockTimeout,
				Logger:         app.logger(),
				OnBusy:         func(_ install.Step, err error) { busy(err) },
				OnStep: func(step install.Step, number, total int) {
					bar.ChangeMax(total)
					bar.Describe(step.Name)
					_ = bar.Set(number - 1)
					if showSQL {
						app.printf("-- %s\n\n%s\n", step.Name, verbatim(step.SQL))
					} else if dryRun {
						app.printf("would run: %s\n", step.Name)
					}
				},
			})
			_ = bar.Finish()
			if err != nil {
				return err
			}
			if len(report.Missing) > 0 {
				return app.printMissing(config.User, report)
			}
			for _, role := range report.Ended {
				app.warn("The membership of %s in %s has ended: outside of an installation, nobody has one.\n", config.User, role)
			}
			for _, left := range report.Members {
				app.warn("Warning: %s is a member of %s, which owns objects of Postern. As a superuser: revoke %s from %s;\n",
					left.Member, left.Role, left.Role, pgx.Identifier{left.Member}.Sanitize())
			}
			comment := ""
			if showSQL {
				comment = "-- " // keeps the output a script
			}
			switch {
			case len(report.Steps) == 0:
				app.printf("%sPostern %s is already installed in %q: nothing to do.\n", comment, report.Version, report.Database)
			case dryRun:
				app.printf("%sPostern %s would be installed in %q in %d steps; nothing was changed.\n", comment, report.Version, report.Database, len(report.Steps))
			default:
				app.printf("%sPostern %s is installed in %q (schema %d).\n", comment, report.Version, report.Database, report.SchemaVersion)
			}
			if compare == nil {
				return nil
			}
			left, err := compare()
			if err != nil {
				return err
			}
			app.printRepair(comment, before, left)
			return nil
		},
	}
	command.Flags().BoolVar(&dryRun, "dry-run", false, "say what would be done, change nothing")
	command.Flags().BoolVar(&showSQL, "show-sql", false, "print the SQL")
	command.Flags().BoolVar(&repair, "repair", false, "create roles, schemas, functions and views again, even if nothing seems to be missing, and say what that repaired (see verify)")
	command.Flags().BoolVar(&allowDowngrade, "allow-downgrade", false, "go back to this version or build if the installed one is newer, or may be, and has the same tables")
	addLockTimeout(command, &lockTimeout)
	return command
}

// printRepair says which of the earlier differences are gone.
func (a *application) printRepair(comment string, before, left []install.Difference) {
	for _, difference := range before {
		if !slices.ContainsFunc(left, func(one install.Difference) bool { return one.Title() == difference.Title() }) {
			a.printf("%smended: %s\n", comment, difference.Title())
		}
	}
	for _, difference := range left {
		a.printf("%sleft: %s\n", comment, difference.Title())
	}
	if len(left) > 0 {
		a.printf("%sA person has to judge what is left: \"$0 verify\" shows it.\n", comment)
	}
}

// printMissing prints a script for a superuser, with the purpose of each statement.
func (a *application) printMissing(user string, report install.Report) error {
	a.printf("-- What %s needs to install Postern %s into database %s. For a superuser, in that database:\n", user, report.Version, report.Database)
	for _, missing := range report.Missing {
		a.printf("-- %s.\n%s\n", missing.Problem, missing.Statement)
	}
	return withHint(fmt.Errorf("rights are missing to install Postern into database %q; nothing was changed", report.Database),
		"Have a superuser run the script that was printed.")
}
