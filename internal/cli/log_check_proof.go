package cli

import (
	"cmp"
	"fmt"
	"io"
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
head, and that it is shown as it was sealed. It needs no database. - is standard input. An entry counts once, however
often the file has it, and gaps between the entries are counted too.

--public-key, or the directory of heads, says which keys may have signed. Without either, the keys in the file itself
are used, and a warning says so. Then compare them with the keys that you were given. With --heads the heads of the file
and the removed values are also compared with the directory. It then says which entries were lost by a restart of the
log: their proofs are valid, but the log continued without them.

Exit code 3: a proof is not valid, or contradicts the directory. 1: the file could not be read, needs a newer version of
$0, or does not prove why values are missing.`,
		Example: `  $0 log check-proof proof.json --public-key postern-log.key.pub
  $0 log check-proof 2026.jsonl --heads /srv/postern-heads`,
		Args: arguments("FILE"),
		RunE: func(command *cobra.Command, arguments []string) error {
			if command.Flags().Changed("public-key") && publicKey == "" || command.Flags().Changed("heads") && directory == "" {
				return usageError("--public-key and --heads must not be empty")
			}
			if publicKey != "" && directory != "" {
				return usageError("--heads has the public keys: omit --public-key")
			}
			keys, heads := "", (*seal.Heads)(nil)
			if directory := cmp.Or(directory, os.Getenv(seal.HeadsVariable)); publicKey == "" && directory != "" {
				var err error
				if heads, err = openHeads(directory); err != nil {
					return err
				}
				if len(heads.Keys) == 0 {
					return fmt.Errorf("%s has no key", filepath.Join(directory, seal.KeysFile))
				}
			}
			if publicKey != "" {
				text, err := os.ReadFile(publicKey)
				if err != nil {
					return err
				}
				if keys = string(text); strings.TrimSpace(keys) == "" {
					return fmt.Errorf("%s has no key", publicKey)
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

// redaction is a redaction that entries of the file name. Record is null if the file does not have it. Noted says that
// signed notes in the directory of heads have each removed value.
type redaction struct {
	Origin  string       `json:"origin"`
	Restart int64        `json:"restart"`
	LogID   int64        `json:"log_id"`
	Record  *seal.Record `json:"record"`
	Noted   bool         `json:"noted"`
}

func redactions(checked *seal.Checked) []redaction {
	list := make([]redaction, len(checked.Redactions))
	for index, one := range checked.Redactions {
		list[index] = redaction{one.Origin, one.Restart, one.LogID, one.Record, one.Noted}
	}
	return list
}

// unexplained returns an error if the file and the directory do not show why values are missing.
func unexplained(checked *seal.Checked, heads *seal.Heads) error {
	index := slices.IndexFunc(checked.Redactions, func(one *seal.CheckedRedaction) bool { return !one.Explained() })
	if index < 0 {
		return nil
	}
	one := checked.Redactions[index]
	switch {
	case one.Older:
		return withHint(fmt.Errorf("%s does not say that the redaction of entry %d has removed the missing values: it may be older than the file", heads.Directory, one.LogID),
			"Copy the directory of heads of that log again.")
	case heads != nil:
		return withHint(fmt.Errorf("neither the file nor %s proves why values are missing: they lack entry %d, which should record that", heads.Directory, one.LogID),
			"Export the period of that entry too.")
	}
	return withHint(fmt.Errorf("the file does not prove why values are missing: it lacks entry %d, which should record that", one.LogID),
		"Export the period of that entry too, or name the directory of heads with --heads.")
}

// headProven is a head of the file, and what is proven under it.
type headProven struct {
	Origin   string `json:"origin"`
	TreeSize int64  `json:"tree_size"`
	Restart  int64  `json:"restart"`
	Entries  int64  `json:"entries"`
	// FirstLeaf and LastLeaf are null if there are no entries. Missing is how many leaves between them the file lacks.
	FirstLeaf *int64 `json:"first_leaf"`
	LastLeaf  *int64 `json:"last_leaf"`
	Missing   int64  `json:"missing"`
	Repeated  int64  `json:"repeated"`
	// InDirectory is null without a directory of heads.
	InDirectory *bool `json:"in_directory"`
}

func headsProven(checked *seal.Checked, heads *seal.Heads) []headProven {
	list := make([]headProven, len(checked.Heads))
	for index, head := range checked.Heads {
		list[index] = headProven{Origin: head.Origin, TreeSize: head.Size, Restart: head.Restart, Entries: head.Entries, Repeated: head.Repeated}
		if head.Entries > 0 {
			list[index].FirstLeaf, list[index].LastLeaf, list[index].Missing = &head.FirstLeaf, &head.LastLeaf, head.Missing
		}
		if heads != nil {
			list[index].InDirectory = &head.InDirectory
		}
	}
	return list
}

// checkProof checks a file with the directory of heads, or without one with keys.
func (a *application) checkProof(in io.Reader, keys string, heads *seal.Heads, asJSON bool) error {
	var first *seal.Proof
	lost, by := []lostEntry{}, map[*seal.Restart]int64{}
	each := func(proof *seal.Proof) error {
		first = cmp.Or(first, proof)
		if heads == nil {
			return nil
		}
		if restart := heads.LostBy(proof); restart != nil {
			by[restart]++
			lost = append(lost, lostEntry{proof.LogID, restart.Number})
		}
		return nil
	}
	var checked *seal.Checked
	var err error
	if heads != nil {
		checked, err = heads.CheckProofs(in, each)
	} else {
		checked, err = seal.CheckProofs(in, keys, each)
	}
	if err != nil {
		return tampered(err)
	}
	if checked.OwnKeys {
		a.warn("Warning: the keys come from the file itself. It proves nothing unless this is the log's key:\n  %s\n",
			strings.Join(checked.Keys, ", "))
	}
	for _, head := range checked.Heads {
		if heads != nil && !head.InDirectory {
			a.warn("Warning: %s does not have the head of %s that %s has signed: it is older or another one, or somebody else has the key.\n",
				heads.Directory, plural(head.Size, "leaf"), head.Origin)
		}
	}
	missing := unexplained(checked, heads)
	if asJSON {
		err := a.printJSON(map[string]any{
			"entries": checked.Entries(), "heads": headsProven(checked, heads), "keys": checked.Keys, "own_keys": checked.OwnKeys, "lost": lost,
			"redacted": checked.Redacted(), "redactions": redactions(checked),
		})
		return cmp.Or(err, missing)
	}
	// The records of its redactions follow a single entry.
	records := int64(0)
	for _, one := range checked.Redactions {
		if one.Record != nil {
			records++
		}
	}
	single := first != nil && checked.Entries() == 1+records
	if single {
		a.printf("log_id     %d\nlogged_at  %s\noutcome    %s\ngate_id    %s\nuserid     %s\nmessage    %s\ncomment    %s\n",
			first.LogID, first.LoggedAt, first.Outcome, first.GateID, valueOrDash(first.UserID), valueOrDash(first.Message),
			valueOrDash(first.Comment))
		if first.ApprovedGateID != nil && first.ApprovedMessage != nil {
			a.printf("asked      %s\napproved   %s: %s\n", yesNo(first.Asked), *first.ApprovedGateID, *first.ApprovedMessage)
		}
	}
	for _, head := range checked.Heads {
		a.printf("%s proven: under the head of %s that %s has signed.\n", plural(head.Entries, "entry"), plural(head.Size, "leaf"), head.Origin)
		if head.Repeated > 0 {
			a.printf("%s again in the file, which does not count.\n", plural(head.Repeated, "proof"))
		}
		if head.Missing > 0 {
			a.printf("%s between the first and the last of these not in the file.\n", plural(head.Missing, "entry"))
		}
	}
	if redacted := checked.Redacted(); redacted > 0 {
		a.printf("%s of these redacted: values of persons were removed, and their hashes are left.\n", plural(redacted, "entry"))
	}
	for _, one := range redactions(checked) {
		if one.Record == nil && one.Noted {
			a.printf("Entry %d records a redaction, as signed notes in %s say. It is not in the file.\n", one.LogID, heads.Directory)
		}
		if one.Record == nil {
			continue
		}
		a.printf("Entry %d records a redaction: %s, by %s. %s\n", one.LogID, one.Record.LoggedAt, valueOrDash(one.Record.SessionRole), valueOrDash(one.Record.Message))
	}
	if heads != nil {
		for _, restart := range heads.Restarts {
			if by[restart] > 0 {
				a.printf("%s of these lost, unless a newer proof shows it. %s\n", plural(by[restart], "entry"), describeRestart(restart))
			}
		}
	}
	return cmp.Or(a.out.failure, missing)
}
