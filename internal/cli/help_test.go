package cli

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/shlex"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/posternsql/postern/internal/program"
)

// commandPattern is a command up to a pipe, a redirection or the end of a subshell, unless these are in quotes.
var commandPattern = regexp.MustCompile(`^([^|>)']|'[^']*')*`)

// Every command has help, and its examples call existing commands.
func TestEveryCommandHasHelpWithExamples(t *testing.T) {
	root := newRootCommand(&application{out: &output{Writer: &bytes.Buffer{}}})
	walk(root, func(command *cobra.Command) {
		for line := range strings.Lines(command.Long) {
			if text.StringWidth(strings.TrimSpace(line)) > helpWidth {
				t.Errorf("%s: a line of its help is too long: %s", command.CommandPath(), line)
			}
		}
		if command.Short == "" || command.Long == "" || command.Example == "" {
			t.Errorf("%s lacks a short text, a long text or an example", command.CommandPath())
		}
		command.Flags().VisitAll(func(flag *pflag.Flag) {
			if flag.Usage == "" {
				t.Errorf("%s --%s is not explained", command.CommandPath(), flag.Name)
			}
		})
		own := false
		for _, example := range strings.Split(strings.ReplaceAll(command.Example, "\\\n", " "), "\n") {
			_, example, found := strings.Cut(example, root.Name()+" ")
			if !found {
				continue
			}
			words, err := shlex.Split(commandPattern.FindString(example))
			if err != nil {
				t.Errorf("%s: the example %q cannot be split into words: %v", command.CommandPath(), example, err)
				continue
			}
			shown, rest, err := root.Find(words)
			if err != nil {
				t.Errorf("%s: the example %q names no command: %v", command.CommandPath(), example, err)
				continue
			}
			own = own || shown == command || !command.Runnable() || command.HasSubCommands()
			for _, word := range rest {
				if name, isLong := strings.CutPrefix(word, "--"); isLong && shown.Flag(strings.Split(name, "=")[0]) == nil {
					t.Errorf("%s: %s: there is no flag %s", command.CommandPath(), example, word)
				}
			}
		}
		if !own {
			t.Errorf("%s: no example shows it", command.CommandPath())
		}
	})
}

// Text that is stored in a database, written to a file or printed on a page outlives the process. It cannot know under
// which name the program will run, so it uses the name of released binaries.
func TestKeptTextNamesTheReleasedBinary(t *testing.T) {
	root := newRootCommand(&application{out: &output{Writer: &bytes.Buffer{}}})
	names := []string{"completion"}
	for _, command := range root.Commands() {
		names = append(names, command.Name())
	}
	otherwise := regexp.MustCompile(`(^|[^/\w-])installer (` + strings.Join(names, "|") + `)\b`)
	if !otherwise.MatchString(`hint = 'Seal with "installer log seal".'`) || otherwise.MatchString("go run ./cmd/installer log seal") {
		t.Fatal("the expression finds something else")
	}
	for _, folder := range []string{"sql", "docs", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "Makefile", "internal", "receipt.go"} {
		err := filepath.WalkDir(filepath.Join("../..", folder), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || path == "../../internal/cli/help_test.go" {
				return err
			}
			content, err := os.ReadFile(path)
			for line := range bytes.Lines(content) {
				if otherwise.Match(line) {
					t.Errorf("%s: write %s for the released binary, $0 for the running one: %s", path, program.Released, line)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestHelpFitsTheTerminal(t *testing.T) {
	const long = "One two three\nfour five six.\n\n  a list    stays\n  as it is, however long\n\nSeven."
	if got, want := wrap(long, 20), "One two three four\nfive six.\n\n  a list    stays\n  as it is, however long\n\nSeven."; got != want {
		t.Errorf("wrapped:\n%s\nwant\n%s", got, want)
	}
}

func walk(command *cobra.Command, visit func(*cobra.Command)) {
	visit(command)
	for _, child := range command.Commands() {
		walk(child, visit)
	}
}
