package demo

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"io"
	"strconv"
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
//go:embed PaymentRun.projection chat.template sales.yaml
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
// of a line. A cut of columns, such as | cut -f 2,7,8, may follow it. $0 stands for the program, $DIR for the demo's directory, and the name of one of the files follows <.
func (s *story) run(ctx context.Context, want int, line string) error {
	_, err := s.runForOutput(ctx, want, line)
	return err
}

// runForOutput is run, but also returns the output of the command.
func (s *story) runForOutput(ctx context.Context, want int, line string) (string, error) {
	line = program.Text(line)
	s.code("$ " + line)
	command, columns, isCut := strings.Cut(line, " | cut -f ")
	command, name, isRedirected := strings.Cut(command, " < ")
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
	if isCut {
		shown, err := cut(out.String(), columns)
		if err != nil {
			return "", err
		}
		out.Reset()
		out.WriteString(shown)
	}
	s.output(out.String())
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if code != want {
		return "", fmt.Errorf("the demo's %q ended with exit code %d, not %d", line, code, want)
	}
	return out.String(), nil
}

// cut is cut -f: the demo needs no shell.
func cut(text, columns string) (string, error) {
	var shown strings.Builder
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		chosen := []string{}
		for column := range strings.SplitSeq(columns, ",") {
			number, err := strconv.Atoi(column)
			if err != nil || number < 1 || number > len(cells) {
				return "", fmt.Errorf("there is no column %s in %q", column, line)
			}
			chosen = append(chosen, cells[number-1])
		}
		shown.WriteString(strings.Join(chosen, "\t") + "\n")
	}
	return shown.String(), nil
}
