package cli

import (
	"cmp"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/query"
	"github.com/posternsql/postern/internal/seal"
)

func newLogRedactCommand(app *application) *cobra.Command {
	var (
		redaction      seal.Redaction
		key, directory string
		also           []string
		asJSON, yes    bool
	)
	command := &cobra.Command{
		Use:   "redact",
		Short: "Have the log forget one person",
		Long: `Removes what is about one person from the sealed entries of the log: the user id, message and
parameters, comment, and address of the entries of the person's sessions, and the name and comment where the person
approved in the session of somebody else. With the values go their salts, so nobody can guess them from the hashes
that stay. Every head, proof and receipt stays valid, and shows what was removed.

The redaction itself is an entry of the log, with your login, the time and the reason, and a signed note in the
directory of heads says which fields are gone. "log verify" reports what is missing without such a note. So it takes
the role postern_redactor, and the key.

The user must be inactive, with no ticket left: three hours after the last one expired. Entries that are not sealed
stay; seal, and redact again. --user may also be a wrong name that somebody typed, such as a PIN.

Backups, standbys that lag behind, exported files, delivered events and server logs keep what they have.

Without --yes it only says what it would do.`,
		Example: `  $0 log redact --user ALICE --reason "Request 2026-17" --key postern-log.key --heads /srv/postern-heads
  $0 log redact --user ALICE --reason "Request 2026-17" --keep-content --key postern-log.key --heads /srv/postern-heads --yes`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if redaction.UserID == "" || redaction.Reason == "" {
				return usageError("--user and --reason are needed: whom to forget, and why, without naming the person")
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
				planned, err := query.New(connection).RedactableEntries(command.Context(), redaction.UserID)
				if err != nil {
					return err
				}
				if !yes {
					if asJSON {
						return app.printJSON(planned)
					}
					app.printf("%s would be redacted", plural(planned.Entries, "entry"))
					if planned.Oldest != "" {
						app.printf(", from %s to %s (UTC)", planned.Oldest, planned.Newest)
					}
					app.printf(".\n")
					app.printUnsealed(planned.Unsealed)
					app.printf("Nothing was done. This cannot be undone; add --yes to do it.\n")
					return app.out.failure
				}
				bar := app.progress(planned.Entries, "Redacting")
				redaction.OnProgress = func(entries int64) { _ = bar.Set64(entries) }
				done, err := redaction.Redact(command.Context(), connection, signer, directories)
				_ = bar.Finish()
				if err != nil {
					app.warn("%s redacted before this error; run it again.\n", plural(done.Entries, "entry"))
					return tampered(err)
				}
				// Another session may hold entries, and give them up.
				left, err := query.New(connection).RedactableEntries(command.Context(), redaction.UserID)
				if err != nil {
					return err
				}
				if asJSON {
					err = app.printJSON(done)
				} else {
					app.printf("%s redacted.\n", plural(done.Entries, "entry"))
					app.printUnsealed(left.Unsealed)
					err = app.out.failure
				}
				if left.Entries > 0 {
					err = fmt.Errorf("%s left, which another session has locked; run it again", plural(left.Entries, "entry"))
				}
				return err
			})
		},
	}
	command.Flags().StringVar(&redaction.UserID, "user", "", "the person: an inactive user, or a wrong name that was typed")
	command.Flags().StringVar(&redaction.Reason, "reason", "", "why, for the log, without naming the person: such as the number of a request")
	command.Flags().BoolVar(&redaction.KeepContent, "keep-content", false, "keep messages and parameters of business")
	command.Flags().StringVar(&key, "key", "", "file of the private key (default $"+seal.KeyVariable+")")
	addHeads(command, &directory)
	command.Flags().StringArrayVar(&also, "also", nil, "another directory of heads; may be repeated")
	command.Flags().BoolVar(&yes, "yes", false, "redact, instead of saying what would be redacted")
	addJSON(command, &asJSON)
	return command
}

func (a *application) printUnsealed(entries int64) {
	if entries > 0 {
		a.printf("%s not sealed yet: seal, and redact again.\n", plural(entries, "entry"))
	}
}
