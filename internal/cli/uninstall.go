package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/install"
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

Where other objects depend on Postern (policies, views, functions, foreign keys, column defaults), it names
them and stops; --with-dependents removes them too. Functions that merely name Postern in their text stay, and
fail when they are called.

The log is kept unless --drop-log is given: its table moves to a new schema, readable by postern_auditor.
Postern's roles stay, since they belong to the whole cluster.

Without --yes it says what would happen and changes nothing.`,
		Example: `  installer uninstall
  installer uninstall --yes
  installer uninstall --yes --with-dependents --drop-log`,
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
			if err != nil {
				return err
			}
			if len(removal.Schemas) == 0 {
				app.printf("Postern is not installed in %q: nothing to do.\n", removal.Database)
				return nil
			}
			if !yes {
				app.printRemoval("would be removed", "would be kept", removal)
				return usageError("nothing was changed: run again with --yes to remove Postern from %q", removal.Database)
			}
			app.printRemoval("removed", "kept", removal)
			app.printf("Postern is removed from %q. Its roles stay; where no database of this cluster uses them any more, nor a kept log:\n  %s\n",
				removal.Database, install.DropRolesSQL())
			return nil
		},
	}
	command.Flags().BoolVar(&yes, "yes", false, "do it")
	command.Flags().BoolVar(&options.WithDependents, "with-dependents", false, "remove what depends on Postern too")
	command.Flags().BoolVar(&options.DropLog, "drop-log", false, "remove the log too")
	addLockTimeout(command, &options.LockTimeout)
	return command
}

func (a *application) printRemoval(removed, kept string, removal *install.Removal) {
	for _, schema := range removal.Schemas {
		a.printf("%s: schema %s\n", removed, schema)
	}
	for _, dependent := range removal.Dependents {
		a.printf("depends on Postern: %s\n", dependent)
	}
	if removal.LogSchema != "" {
		a.printf("%s: the log, as %s.checkpoint_entry\n", kept, removal.LogSchema)
	}
}
