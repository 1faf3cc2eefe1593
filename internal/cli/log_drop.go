package cli

import (
	"cmp"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/seal"
)

func newLogDropCommand(app *application) *cobra.Command {
	var (
		before, key, directory string
		also                   []string
	)
	command := &cobra.Command{
		Use:   "drop",
		Short: "Remove old entries that are sealed and exported",
		Long: `Removes the entries before a time from the log. Only those go that are under a signed head, were exported with their
proofs into a file ("log export --proofs -o"), and are unchanged; the others stay. Their leaves stay in any case, so the
tree, its heads and every proof stay good, and the exported file proves what the entries said.

What was dropped is signed into the directory of heads, so that "log verify" does not miss it; entries that are removed
in another way stay a finding. It needs the role postern_admin.`,
		Example: `  installer log export --proofs --until 2026-01-01 -o before-2026.jsonl --heads /srv/postern-heads
  installer log drop --before 2026-01-01 --key postern-log.key --heads /srv/postern-heads`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if before == "" {
				return usageError("--before is missing: the time before which entries go")
			}
			moment, err := parseMoment(before, time.Now())
			if err != nil {
				return usageError("--before: %w", err)
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
			return app.withDatabase(command.Context(), func(connection *pgx.Conn, _ *db.Queries) error {
				entries, err := seal.Drop(command.Context(), connection, signer, directories, moment)
				if err != nil {
					return tampered(err)
				}
				app.printf("%s dropped.\n", plural(entries, "entry"))
				return nil
			})
		},
	}
	command.Flags().StringVar(&before, "before", "", "remove entries before this time")
	command.Flags().StringVar(&key, "key", "", "file of the private key (default $"+seal.KeyVariable+")")
	addHeads(command, &directory)
	command.Flags().StringArrayVar(&also, "also", nil, "a further directory of heads; may be repeated")
	return command
}
