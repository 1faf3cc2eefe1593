package cli

import (
	"os"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/seal"
)

func newLogVerifyCommand(app *application) *cobra.Command {
	var (
		directory, since string
		asJSON           bool
	)
	command := &cobra.Command{
		Use:   "verify",
		Short: "Find out whether the log was changed",
		Long: `Computes every leaf of the log's Merkle tree again from the entries, and compares everything with the
tree in the database and with the newest signed head in a directory outside of it. It says what is wrong: an entry
that was changed, is missing, was added or is in another place; a personal value that was removed and not redacted, or
redacted and is there again; a tree that was rewritten, and between which leaves; a head from another history, or
signed by an unknown key.

Not even a superuser can hide a change from this, unless that superuser can also write to the directory, or sign. An
entry that was removed before it was sealed is missed only by its receipt: see "log prove --receipt". Whether
functions and views are unchanged, "$0 verify" checks.

--since-head takes the file of an older head that you have verified before, and checks only what came after it. It
needs the role postern_auditor.

Exit code 3: something is wrong.`,
		Example: `  $0 log verify --heads /srv/postern-heads
  $0 log verify --heads /srv/postern-heads --json | jq -r '.findings[] | [.code, .log_id, .message] | @tsv'
  $0 log verify --heads /srv/postern-heads --since-head head-of-march`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			verdict, err := app.verifyLog(command, directory, since)
			if err != nil {
				return err
			}
			if asJSON {
				err = app.printJSON(verdict)
			} else {
				app.printVerdict(verdict)
			}
			if err == nil && verdict.Total > 0 {
				err = errDifference
			}
			return err
		},
	}
	addHeads(command, &directory)
	command.Flags().StringVar(&since, "since-head", "", "file of a head that was verified before")
	addJSON(command, &asJSON)
	return command
}

func (a *application) verifyLog(command *cobra.Command, directory, since string) (verdict *seal.Verdict, err error) {
	heads, err := openHeads(directory)
	if err != nil {
		return seal.Refuted(err)
	}
	verifier := &seal.Verifier{Heads: heads}
	if since != "" {
		text, err := os.ReadFile(since)
		if err != nil {
			return nil, err
		}
		if verifier.Since, err = heads.OpenHead(string(text)); err != nil {
			return seal.Refuted(err)
		}
	}
	var bar *progressbar.ProgressBar
	started := time.Now()
	verifier.OnProgress = func(leaves, total int64) {
		if bar == nil && time.Since(started) > progressDelay {
			bar = a.progress(total, "Verifying")
		}
		if bar != nil {
			_ = bar.Set64(leaves)
		}
	}
	err = a.withDatabase(command.Context(), func(connection *pgx.Conn, _ *statements) (err error) {
		verdict, err = verifier.Verify(command.Context(), connection)
		return err
	})
	if bar != nil {
		_ = bar.Finish()
	}
	return verdict, err
}

func (a *application) printVerdict(verdict *seal.Verdict) {
	if len(verdict.Findings) > 0 {
		rows := make([][]string, len(verdict.Findings))
		for index, finding := range verdict.Findings {
			rows[index] = []string{string(finding.Kind), number(finding.LogID), number(finding.LeafNumber), finding.Text()}
		}
		a.printTable([]string{"finding", "log_id", "leaf", "what is wrong"}, rows)
	}
	if more := verdict.Total - int64(len(verdict.Findings)); more > 0 {
		a.printf("And %d more.\n", more)
	}
	for _, restart := range verdict.Restarts {
		a.printf("%s\n", describeRestart(restart))
	}
	if verdict.Total > 0 {
		for index := range verdict.Findings {
			if hint := verdict.Findings[index].Hint(); hint != "" {
				a.printf("HINT: %s\n", hint)
				break
			}
		}
		a.printf("%s: the log is not what was signed.\n", plural(verdict.Total, "finding"))
		return
	}
	a.printf("%s verified: the log is what was signed.\n", plural(verdict.Leaves, "entry"))
	if verdict.Dropped > 0 {
		a.printf("%s of them dropped: their hashes are left.\n", plural(verdict.Dropped, "entry"))
	}
	if verdict.Redacted > 0 {
		a.printf("%s of them redacted, as signed notes say: values of persons were removed.\n", plural(verdict.Redacted, "entry"))
	}
	if verdict.NotSigned > 0 {
		a.printf("%s of them not signed yet.\n", plural(verdict.NotSigned, "entry"))
	}
}

func number(value *int64) string {
	if value == nil {
		return "-"
	}
	return strconv.FormatInt(*value, 10)
}
