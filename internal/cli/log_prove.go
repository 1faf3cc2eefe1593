package cli

import (
	"errors"
	"os"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/seal"
)

func newLogProveCommand(app *application) *cobra.Command {
	var directory, receipt, output string
	command := &cobra.Command{
		Use:   "prove LOG_ID | --receipt LOG_ID:HASH",
		Short: "Prove to others that one entry is in the log",
		Long: `Writes a proof that an entry is under the newest signed head: the entry, some thirty hashes at most,
and the head. Whoever has the public key can check it with "log check-proof", without a database and without seeing
any other entry. If something was redacted from the entry, the proof of what records that follows.

--receipt takes what the application got with its commit, and proves that exactly this entry is in the log. If it is
missing, or has been replaced, that is a finding and the exit code is 3. The exit code is 1 if the entry is not sealed
yet. It needs the role postern_auditor.`,
		Example: `  $0 log prove 4711 --heads /srv/postern-heads -o proof.json
  $0 log prove --heads /srv/postern-heads --receipt 4711:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			var wanted *seal.Receipt
			var logID int64
			switch {
			case (receipt == "") == (len(arguments) == 0):
				return usageError("expected LOG_ID or --receipt")
			case receipt != "":
				parsed, err := seal.ParseReceipt(receipt)
				if err != nil {
					return usageError("--receipt: %w", err)
				}
				wanted, logID = &parsed, parsed.LogID
			default:
				var err error
				if logID, err = strconv.ParseInt(arguments[0], 10, 64); err != nil {
					return usageError("LOG_ID must be a number, not %q", arguments[0])
				}
			}
			heads, err := openHeads(directory)
			if err != nil {
				return err
			}
			var proof *seal.Proof
			err = app.withDatabase(command.Context(), func(connection *pgx.Conn, _ *statements) (err error) {
				proof, err = seal.Prove(command.Context(), connection, heads, logID, wanted)
				return err
			})
			if err != nil {
				return tampered(err)
			}
			proofs := append([]*seal.Proof{proof}, proof.Records...)
			if output == "" {
				for _, one := range proofs {
					if err := app.printJSON(one); err != nil {
						return err
					}
				}
				return nil
			}
			file, err := os.OpenFile(output, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
			if err != nil {
				return err
			}
			for _, one := range proofs {
				err = errors.Join(err, writeJSON(file, one))
			}
			return errors.Join(err, file.Close())
		},
	}
	addHeads(command, &directory)
	command.Flags().StringVar(&receipt, "receipt", "", "receipt of the entry, LOG_ID:HASH")
	command.Flags().StringVarP(&output, "output", "o", "", "file to write")
	return command
}
