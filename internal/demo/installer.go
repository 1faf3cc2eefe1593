package demo

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"io"
	"strings"

	"github.com/google/shlex"
	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/program"
)

// Installer runs a command line of the installer on a database, and returns its exit code.
type Installer func(ctx context.Context, database *pgx.ConnConfig, arguments []string, in io.Reader, out, err io.Writer) int

// The commands in the story have these exit codes.
const (
	exitDone  = 0
	exitFound = 3
)

// files are the files that the commands read.
//
//go:embed PaymentRun.projection chat.template
var files embed.FS

// file shows a file that a command reads.
func (s *story) file(name string) error {
	content, err := files.ReadFile(name)
	if err == nil {
		s.code(string(content))
	}
	return err
}

// run shows a command line, runs it, and shows its output. The line is written as for a shell: quotes, and \ at the end
// of a line. $0 stands for the program, $DIR for the demo's directory, and the name of one of the files follows <.
func (s *story) run(ctx context.Context, want int, line string) error {
	_, err := s.runForOutput(ctx, want, line)
	return err
}

// runForOutput is run, but also returns the output of the command.
func (s *story) runForOutput(ctx context.Context, want int, line string) (string, error) {
	line = program.Text(line)
	s.code("$ " + line)
	command, name, isRedirected := strings.Cut(line, " < ")
	var input []byte
	if isRedirected {
		var err error
		if input, err = files.ReadFile(name); err != nil {
			return "", err
		}
	}
	words, err := shlex.Split(strings.ReplaceAll(command, "\\\n", " "))
	if err != nil {
		return "", err
	}
	for index, word := range words {
		words[index] = strings.ReplaceAll(word, "$DIR", s.directory)
	}
	var out bytes.Buffer
	code := s.options.Installer(ctx, s.config, words[1:], bytes.NewReader(input), &out, &out)
	s.output(out.String())
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if code != want {
		return "", fmt.Errorf("the demo's %q ended with exit code %d, not %d", line, code, want)
	}
	return out.String(), nil
}
