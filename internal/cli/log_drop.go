package cli

import (
	"cmp"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/seal"
)

func newLogDropCommand(app *application) *cobra.Command {
	var (
		before, key, directory string
		also                   []string
		lockTimeout            time.Duration
	)
	command := &cobra.Command{
		Use:   "drop",
		Short: "Remove old entries that are sealed and exported",
		Long: `Removes the months of the log (in UTC) that end by a time. A month is removed if all its entries are
under a signed head, were exported with their proofs into a file ("log export --proofs -o"), and are unchanged.
Otherwise it stays, and the command says why. Leaves always stay, so the tree, its heads and every proof stay valid,
and the exported file proves what the entries said.

A signed note in the directory of heads records what was dropped, so that "log verify" does not miss it. Entries that
are removed in another way stay a finding. It needs the role postern_admin.

Other transactions wait for a moment at most. If one of them uses the log for long, the command tries again, for
--lock-timeout.`,
		Example: `  $0 log export --proofs --until 2026-01-01T00:00:00Z -o before-2026.jsonl --heads /srv/postern-heads
  $0 log drop --before 2026-01-01T00:00:00Z --key postern-log.key --heads /srv/postern-heads`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if before == "" {
				return usageError("--before is missing: the time by which months have to end that go")
			}
			moment, err := parseMoment(before, time.Now())
			if err != nil {
				return usageError("--before: %w", err)
			}
			if lockTimeout < 0 || lockTimeout > time.Hour {
				return usageError("--lock-timeout must be between 0s and 1h, not %s", lockTimeout)
			}
			path := cmp.Or(key, os.Getenv(seal.KeyVariable))
			if path == "" {
				return usageError("--key is missing: the file of the private key (or set %s)", seal.KeyVariable)
			}
			signer, err := seal.ReadKey(path)
			if err != nil {
				return err
			}
			directories := []*seal.Heads{}
			for _, one := range append([]string{directory}, also...) {
				heads, err := openHeads(one)
				if err != nil {
					return err
				}
				directories = append(directories, heads)
			}
			return app.withDatabase(command.Context(), func(connection *pgx.Conn, _ *statements) error {
				done, err := seal.Drop(command.Context(), connection, signer, directories, moment, lockTimeout)
				if err != nil {
					return tampered(err)
				}
				app.printDropped(done)
				return app.out.failure
			})
		},
	}
	command.Flags().StringVar(&before, "before", "", "remove the months that end by this time")
	command.Flags().StringVar(&key, "key", "", "file of the private key (default $"+seal.KeyVariable+")")
	addHeads(command, &directory)
	command.Flags().StringArrayVar(&also, "also", nil, "another directory of heads; may be repeated")
	command.Flags().DurationVar(&lockTimeout, "lock-timeout", 10*time.Second, "how long to try while others use the log, up to 1h")
	return command
}

func (a *application) printDropped(done seal.Dropped) {
	if len(done.Kept) > 0 {
		rows := make([][]string, len(done.Kept))
		for index, kept := range done.Kept {
			rows[index] = []string{kept.Month, kept.Reason}
		}
		a.printTable([]string{"month", "why it stays"}, rows)
	}
	line := plural(done.Entries, "entry") + " dropped"
	if len(done.Months) > 0 {
		line += ": " + strings.Join(done.Months, ", ")
	}
	a.printf("%s.\n", line)
}
