package cli

import (
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/program"
	"github.com/posternsql/postern/internal/seal"
)

func newLogRestartCommand(app *application) *cobra.Command {
	var (
		key, directory, database string
		timeline                 int64
		asJSON, yes              bool
	)
	command := &cobra.Command{
		Use:   "restart",
		Short: "Continue sealing after signed entries were lost",
		Long: `After a failover or a restore that lost the end of the log, "log seal" and "log verify" end with exit
code 3. This command signs that the log continues nevertheless: which head was lost, which older one was kept, which
log ids were lost, and which database continues. New entries get higher ids. Then it seals.

It hides nothing. Later heads name the restart, "log verify" always shows it, and "log check-proof" says which proofs
are of lost entries. Other directories, such as those of --also, refuse the log until their owners have copied the
file "restarts" into them. So first find out why the end was lost, and whether it can be restored: somebody who
deletes the last entries leaves the same picture.

Without --yes it only says what it would sign.

With an empty directory and a new key it begins a separate log: for a copy, or if the directory itself was lost.

If an error names another timeline or database, confirm that as for "log seal". It needs the role postern_sealer.`,
		Example: `  $0 log restart --key postern-log.key --heads /srv/postern-heads --confirm-timeline 5
  $0 log restart --key postern-log.key --heads /srv/postern-heads --confirm-timeline 5 --yes`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			sealer, err := newSealer(command, key, directory, database, timeline)
			if err != nil {
				return err
			}
			return app.withDatabase(command.Context(), func(connection *pgx.Conn, _ *statements) error {
				var restart *seal.Restart
				var entries int64
				var err error
				if yes {
					restart, entries, err = sealer.Restart(command.Context(), connection)
				} else {
					restart, err = sealer.PlanRestart(command.Context(), connection)
				}
				if errors.Is(err, seal.ErrNothingLost) {
					return withHint(err, "%s", program.Text(`Seal with "$0 log seal".`))
				}
				if err != nil {
					return tampered(err)
				}
				if !yes {
					app.printf("Restart %d would be signed: %s.\nNothing was done. Read %s, and then add --yes.\n", restart.Number, whatWasLost(restart), seal.AboutRestarts)
					return app.out.failure
				}
				if asJSON {
					return app.printJSON(restart)
				}
				app.printf("%s\n", describeRestart(restart))
				if restart.Reused > 0 {
					app.printf("%s got ids of that range before: their proofs name the restart.\n", plural(restart.Reused, "entry"))
				}
				app.printf("%s sealed.\n", plural(entries, "entry"))
				return app.out.failure
			})
		},
	}
	addSealer(command, &key, &directory, &database, &timeline)
	command.Flags().BoolVar(&yes, "yes", false, "sign, instead of saying what would be signed")
	addJSON(command, &asJSON)
	return command
}

// describeRestart describes a restart in one line.
func describeRestart(restart *seal.Restart) string {
	return fmt.Sprintf("Restart %d, signed %s, in %s on timeline %d: %s.",
		restart.Number, restart.At.Format(time.RFC3339), restart.Place, restart.Timeline, whatWasLost(restart))
}

func whatWasLost(restart *seal.Restart) string {
	if restart.Lost == nil {
		return "the directory begins beside a log that was sealed before"
	}
	line := fmt.Sprintf("of %d signed leaves %d were kept", restart.Lost.Size, restart.Kept.Size)
	if restart.LogIDs != nil {
		line += fmt.Sprintf("; log ids of the others lie from %d to %d", restart.LogIDs.Lowest, restart.LogIDs.Highest)
	}
	return line
}
