package cli

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/seal"
)

func newLogCheckProofCommand(app *application) *cobra.Command {
	var directory, publicKey string
	var asJSON bool
	command := &cobra.Command{
		Use:   "check-proof FILE",
		Short: "Check a proof, or an export with proofs, without a database",
		Long: `Checks a file that "log prove" or "log export --proofs" has written: that each entry is under a signed
head, and that it is shown as it was sealed. It needs no database. - is standard input.

--public-key, or the directory of heads, says which keys may have signed. Without either, the keys in the file itself
are used, and a warning says so. Then compare them with the keys that you were given. With --heads it also says which
entries were lost by a restart of the log: their proofs are valid, but the log continued without them.

Exit code 3: a proof is not valid. 1: it needs a newer version of $0, or could not be read.`,
		Example: `  $0 log check-proof proof.json --public-key postern-log.key.pub
  $0 log check-proof 2026.jsonl --heads /srv/postern-heads`,
		Args: arguments("FILE"),
		RunE: func(_ *cobra.Command, arguments []string) error {
			keys := ""
			heads := &seal.Heads{}
			directory := cmp.Or(directory, os.Getenv(seal.HeadsVariable))
			if publicKey != "" {
				directory = ""
			}
			if path := cmp.Or(publicKey, directory); path != "" {
				if directory != "" {
					var err error
					if heads, err = openHeads(directory); err != nil {
						return err
					}
					path = filepath.Join(directory, seal.KeysFile)
				}
				text, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				if keys = string(text); strings.TrimSpace(keys) == "" {
					return fmt.Errorf("%s has no key", path)
				}
			}
			in := app.in
			if arguments[0] != "-" {
				file, err := os.Open(arguments[0])
				if err != nil {
					return err
				}
				defer file.Close()
				in = file
			}
			return app.checkProof(in, keys, heads, asJSON)
		},
	}
	addHeads(command, &directory)
	command.Flags().StringVar(&publicKey, "public-key", "", "file with the public keys that may have signed, one per line")
	addJSON(command, &asJSON)
	return command
}

// lostEntry is an entry whose proof is valid but which a restart of the log gave up.
type lostEntry struct {
	LogID   int64 `json:"log_id"`
	Restart int64 `json:"restart"`
}

// redaction is a redaction that entries of the file name; Record is nil if the file does not have it.
type redaction struct {
	LogID  int64        `json:"log_id"`
	Record *seal.Record `json:"record"`
}

func redactions(checked *seal.Checked) []redaction {
	list := []redaction{}
	for _, logID := range slices.Sorted(maps.Keys(checked.Redactions)) {
		list = append(list, redaction{logID, checked.Redactions[logID]})
	}
	return list
}

func (a *application) checkProof(in io.Reader, keys string, heads *seal.Heads, asJSON bool) error {
	var first *seal.Proof
	lost, by := []lostEntry{}, map[*seal.Restart]int64{}
	checked, err := seal.CheckProofs(in, keys, func(proof *seal.Proof) error {
		first = cmp.Or(first, proof)
		if restart := heads.LostBy(proof); restart != nil {
			by[restart]++
			lost = append(lost, lostEntry{proof.LogID, restart.Number})
		}
		return nil
	})
	if err != nil {
		return tampered(err)
	}
	if checked.OwnKeys {
		a.warn("Warning: the keys come from the file itself. It proves nothing unless this is the log's key:\n  %s\n",
			strings.Join(checked.Keys, ", "))
	}
	head := checked.Heads[len(checked.Heads)-1]
	if asJSON {
		return a.printJSON(map[string]any{
			"entries": checked.Entries, "origin": head.Origin, "tree_size": head.Size, "keys": checked.Keys, "own_keys": checked.OwnKeys, "lost": lost,
			"redacted": checked.Redacted, "redactions": redactions(checked),
		})
	}
	// The records of its redactions follow a single entry.
	if only := first; checked.Entries == 1 || only != nil && len(only.Inclusion.Redacted) > 0 && checked.Entries == int64(1+len(checked.Redactions)) {
		a.printf("log_id     %d\nlogged_at  %s\noutcome    %s\ngate_id    %s\nuserid     %s\nmessage    %s\ncomment    %s\n",
			only.LogID, only.LoggedAt, only.Outcome, only.GateID, valueOrDash(only.UserID), valueOrDash(only.Message),
			valueOrDash(only.Comment))
		if only.ApprovedGateID != nil && only.ApprovedMessage != nil {
			a.printf("asked      %s\napproved   %s: %s\n", yesNo(only.Asked), *only.ApprovedGateID, *only.ApprovedMessage)
		}
	}
	a.printf("%s proven: under the head of %d leaves that %s has signed.\n", plural(checked.Entries, "entry"), head.Size, head.Origin)
	if checked.Redacted > 0 {
		a.printf("%s of these redacted: values of persons were removed, and their hashes are left.\n", plural(checked.Redacted, "entry"))
	}
	for _, one := range redactions(checked) {
		if one.Record == nil {
			a.printf("Entry %d, which records a redaction, is not in the file: export the period of it too.\n", one.LogID)
			continue
		}
		a.printf("Entry %d records a redaction: %s, by %s. %s\n", one.LogID, one.Record.LoggedAt, valueOrDash(one.Record.SessionRole), valueOrDash(one.Record.Message))
	}
	for _, restart := range heads.Restarts {
		if by[restart] > 0 {
			a.printf("%s of these lost, unless a newer proof shows it. %s\n", plural(by[restart], "entry"), describeRestart(restart))
		}
	}
	return a.out.failure
}
