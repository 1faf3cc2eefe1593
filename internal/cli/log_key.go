package cli

import (
	"cmp"
	"crypto/rand"
	"errors"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/seal"
	"github.com/posternsql/postern/internal/wholefile"
)

func newLogKeyCommand(app *application) *cobra.Command {
	command := &cobra.Command{
		Use:   "key",
		Short: "The key that signs the log's tree heads",
		Long: `The private key signs what "log seal" has sealed. The public key is for everybody, and needed to check.
The private key must never be in the database, nor where its administrators can read it: whoever has it can sign
another history.`,
		Example: `  $0 log key create --key postern-log.key`,
	}
	command.AddCommand(newLogKeyCreateCommand(app))
	return command
}

func newLogKeyCreateCommand(app *application) *cobra.Command {
	var path, origin string
	var ifMissing bool
	command := &cobra.Command{
		Use:   "create",
		Short: "Make a key pair (Ed25519)",
		Long: `Writes the private key to a new file that only you can read, and the public key to the same name with
.pub; it overwrites nothing. It also prints the public key: give it to those who will check the log.

The origin names the log in every signed head. Choose a unique one, such as your host name and a path.

--if-missing is for scripts that run again: it does nothing if the file has a private key, and fails if the file has
anything else.`,
		Example: `  $0 log key create --key postern-log.key
  $0 log key create --key postern-log.key --origin erp.example.com/log`,
		Args: cobra.NoArgs,
		RunE: func(_ *cobra.Command, _ []string) error {
			path := cmp.Or(path, os.Getenv(seal.KeyVariable))
			if path == "" {
				return usageError("--key is missing: the file to write (or set %s)", seal.KeyVariable)
			}
			if ifMissing {
				if _, err := seal.ReadKey(path); err == nil || !errors.Is(err, os.ErrNotExist) {
					return err
				}
			}
			private, public, err := seal.CreateKey(cmp.Or(origin, "postern-log-"+strings.ToLower(rand.Text()[:10])))
			if err != nil {
				return usageError("--origin: %w", err)
			}
			if err := wholefile.Create(path, 0o600, []byte(private+"\n")); err != nil {
				return err
			}
			if err := wholefile.Create(path+".pub", 0o644, []byte(public+"\n")); err != nil {
				return errors.Join(err, os.Remove(path))
			}
			app.printf("%s\n", public)
			return nil
		},
	}
	command.Flags().StringVar(&path, "key", "", "file for the private key, which must not exist (default $"+seal.KeyVariable+")")
	command.Flags().BoolVar(&ifMissing, "if-missing", false, "do nothing if the private key is there")
	command.Flags().StringVar(&origin, "origin", "", "name of the log in its heads (default: a random one)")
	return command
}

// addHeads adds the flag for the directory of signed heads.
func addHeads(command *cobra.Command, directory *string) {
	command.Flags().StringVar(directory, "heads", "", "directory of signed heads, outside of the database (default $"+seal.HeadsVariable+")")
}

// headsDirectory is the directory that the flag names, or else the environment variable.
func headsDirectory(directory string) (string, error) {
	directory = cmp.Or(directory, os.Getenv(seal.HeadsVariable))
	if directory == "" {
		return "", usageError("--heads is missing: the directory of signed heads (or set %s)", seal.HeadsVariable)
	}
	return directory, nil
}

// openHeads opens the directory that the flag names, or else the environment variable.
func openHeads(directory string) (*seal.Heads, error) {
	directory, err := headsDirectory(directory)
	if err != nil {
		return nil, err
	}
	heads, err := seal.OpenHeads(directory)
	return heads, tampered(err)
}

// tampered gives an error the exit code of a finding if it reports tampering.
func tampered(err error) error {
	if finding := (*seal.TamperedError)(nil); errors.As(err, &finding) {
		return &exitError{code: exitDifference, err: err}
	}
	return err
}
