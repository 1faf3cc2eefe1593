package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/program"
)

func newUninstallCommand(app *application) *cobra.Command {
	var (
		yes     bool
		options install.UninstallOptions
	)
	command := &cobra.Command{
		Use:   "uninstall",
		Short: "Remove Postern from the database, and keep its log",
		Long: `Removes Postern's schemas from the database, in one transaction.

If other objects depend on Postern (policies, views, functions, foreign keys, column defaults), it names them and
stops; --with-dependents removes them too. That closes a protected table: it keeps row security and loses its
policies, so only superusers see rows until its owner switches row security off. A table that keeps policies of its
own would show more rows than before, which needs --open-tables as well. Run "$0 company unprotect" before to avoid
both. Functions that only name Postern in their text stay, and fail when they are called.

The log is kept unless --drop-log is given: its table moves to a new schema that postern_auditor can read. Postern's
roles stay, because they belong to the whole cluster.

Without --yes it says what would happen, and with which flags, and changes nothing.`,
		Example: `  $0 uninstall
  $0 uninstall --yes
  $0 uninstall --yes --with-dependents --drop-log`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			config, err := app.config()
			if err != nil {
				return err
			}
			if err := checkLockTimeout(options.LockTimeout); err != nil {
				return err
			}
			options.DryRun = !yes
			options.OnBusy = app.busy("Postern", options.LockTimeout)
			options.Logger = app.logger()
			removal, err := install.Uninstall(command.Context(), config, options)
			var dependents *install.DependentsError
			if errors.As(err, &dependents) {
				return withHint(err, "Remove them first, or add --with-dependents.")
			}
			var opened *install.OpenedError
			if errors.As(err, &opened) {
				return errors.Join(err, errors.New("close or unprotect them first, or add --open-tables"))
			}
			if err != nil {
				return err
			}
			if len(removal.Schemas) == 0 {
				app.printf("Postern is not installed in %q: nothing to do.\n", removal.Database)
				return nil
			}
			if !yes {
				app.printRemoval("would be ", removal)
				app.printWayOut(removal, options)
				return nil
			}
			app.printRemoval("", removal)
			app.printf("Postern is removed from %q. Its roles stay. To drop them, once no database of this cluster and no kept log uses them:\n  %s\n",
				removal.Database, install.DropRolesSQL())
			return nil
		},
	}
	command.Flags().BoolVar(&yes, "yes", false, "do it")
	command.Flags().BoolVar(&options.WithDependents, "with-dependents", false, "remove what depends on Postern too")
	command.Flags().BoolVar(&options.OpenTables, "open-tables", false, "let tables that keep policies of their own show more rows")
	command.Flags().BoolVar(&options.DropLog, "drop-log", false, "remove the log too")
	addLockTimeout(command, &options.LockTimeout)
	return command
}

func (a *application) printRemoval(wouldBe string, removal *install.Removal) {
	for _, schema := range removal.Schemas {
		a.printf("%sremoved: schema %s\n", wouldBe, schema)
	}
	depends := "depends"
	if wouldBe == "" {
		depends = "depended"
	}
	for _, dependent := range removal.Dependents {
		a.printf("%s on Postern: %s\n", depends, dependent)
	}
	for _, table := range removal.Opened {
		a.printf("%sopened: table %s, whose own policies stay: users see rows of all companies\n", wouldBe, table)
	}
	for _, table := range removal.Closed {
		a.printf("%sclosed: table %s, which has no policy left: nobody but superusers and roles with BYPASSRLS sees a row. To open it:\n"+
			"  alter table %s no force row level security, disable row level security;\n", wouldBe, table, table)
	}
	if removal.LogSchema != "" {
		a.printf("%skept: the log, as %s.checkpoint_entry\n", wouldBe, removal.LogSchema)
	}
}

// printWayOut says how to do what was shown, and which agreements that needs first.
func (a *application) printWayOut(removal *install.Removal, options install.UninstallOptions) {
	command := program.Name() + " uninstall --yes"
	if options.WithDependents {
		command += " --with-dependents"
	}
	if options.OpenTables {
		command += " --open-tables"
	}
	if options.DropLog {
		command += " --drop-log"
	}
	a.printf("Nothing was changed. To remove Postern from %q: %s\n", removal.Database, command)
	if len(removal.Dependents) > 0 && !options.WithDependents {
		a.printf("Before that, remove what depends on it, or add --with-dependents.\n")
	}
	if len(removal.Opened) > 0 && !options.OpenTables {
		a.printf("Before that, close or unprotect the tables that would be opened, or add --open-tables.\n")
	}
}
