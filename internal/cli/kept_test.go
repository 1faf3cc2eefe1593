package cli

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/posternsql/postern/internal/install"
)

var keep = flag.Bool("keep", false, "write what this build can be told into the folder of its release")

// Scripts of users name commands and flags, so what a release had stays.
func TestCommandsOfReleasesAreKept(t *testing.T) {
	const releases, name = "../../tests/upgrade", "commands.txt"
	now := commands(newRootCommand(&application{out: &output{Writer: io.Discard}}))
	if *keep {
		if err := os.WriteFile(filepath.Join(releases, install.Version, name), []byte(strings.Join(now, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(releases, "*", name))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if !slices.Contains(now, strings.TrimSpace(line)) {
				t.Errorf("%s: nothing keeps %q", file, strings.TrimSpace(line))
			}
		}
	}
	if len(now) < 200 || !slices.Contains(now, "gate protect --column VALUE") {
		t.Errorf("these are not all commands: %q", now)
	}
}

// commands are the commands with their flags, a line each, but for those that docs/upgrading.md does not promise.
func commands(command *cobra.Command) (lines []string) {
	if slices.Contains([]string{"bench", "demo", "man", "completion"}, command.Name()) {
		return nil
	}
	path := strings.TrimSpace(strings.TrimPrefix(command.CommandPath(), command.Root().Name()))
	say := func(f *pflag.Flag) {
		line := strings.TrimSpace(path + " --" + f.Name)
		if f.Shorthand != "" {
			line += ", -" + f.Shorthand
		}
		if f.NoOptDefVal == "" {
			line += " VALUE"
		}
		lines = append(lines, line)
	}
	if command.Runnable() {
		lines = append(lines, path)
		command.LocalFlags().VisitAll(say)
	} else {
		command.PersistentFlags().VisitAll(say)
	}
	for _, below := range command.Commands() {
		lines = append(lines, commands(below)...)
	}
	return lines
}
