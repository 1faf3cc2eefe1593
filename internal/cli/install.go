package cli

import (
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/install"
)

func newInstallCommand(app *application) *cobra.Command {
	var (
		dryRun, showSQL, repair bool
		lockTimeout             time.Duration
	)
	command := &cobra.Command{
		Use:   "install",
		Short: "Install Postern into the database, or upgrade it",
		Long: `Installs Postern into the database, or upgrades it to this binary's version. Running it again changes
nothing; running it many times at once leaves one good installation.

First the roles, the schemas and the extension pgcrypto where they are missing, then each new migration
in a transaction of its own, then all functions and views in one transaction. No superuser is needed: the
user must be allowed to create roles (CREATEROLE) and to create schemas in this database (its owner is).
While it works, the user is a member of postern_owner and of postern_event_function, which own what is
installed; that is taken back at the end.

--dry-run says what would be done and changes nothing. --show-sql prints the statements as they run; with
--dry-run it prints them instead of running them.`,
		Example: `  installer install
  installer install --dry-run --show-sql > review.sql
  installer install --database-url postgres://dba@db.example.com/erp --lock-timeout 10s`,
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
				before, _ = compare() // where nothing is installed, or an older schema, there is nothing to mend
			}
			bar := app.progress(-1, "Installing")
			busy := app.busy("Postern", lockTimeout)
			report, err := install.Install(command.Context(), config, install.Options{
				DryRun:      dryRun,
				Repair:      repair,
				LockTimeout: lockTimeout,
				Logger:      app.logger(),
				OnBusy:      func(_ install.Step, err error) { busy(err) },
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
			comment := ""
			if showSQL {
				comment = "-- " // what is printed stays a script
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
	command.Flags().BoolVar(&repair, "repair", false, "run roles, schemas, functions and views again, also where nothing seems to be missing, and say what that mended (see verify)")
	addLockTimeout(command, &lockTimeout)
	return command
}

// printRepair says what of the differences from before is gone.
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
		a.printf("%sWhat is left, a person has to judge: \"installer verify\" shows it.\n", comment)
	}
}
