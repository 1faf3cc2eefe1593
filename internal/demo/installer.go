package demo

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Installer runs a command line of the installer on a database, and gives its exit code.
type Installer func(ctx context.Context, database *pgx.ConnConfig, arguments []string, in io.Reader, out, err io.Writer) int

// The exit codes of the commands in the story.
const (
	exitDone  = 0
	exitFound = 3
)

// files are those that the commands read.
//
//go:embed PaymentRun.projection
var files embed.FS

// run shows a command line, runs it, and shows what it prints. Behind < it names a file.
func (s *story) run(ctx context.Context, want int, line string) error {
	s.code("$ " + line)
	command, name, isRedirected := strings.Cut(line, " < ")
	var input []byte
	if isRedirected {
		var err error
		if input, err = files.ReadFile(name); err != nil {
			return err
		}
	}
	var out bytes.Buffer
	code := s.options.Installer(ctx, s.config, strings.Fields(command)[1:], bytes.NewReader(input), &out, &out)
	s.output(out.String())
	if code != want {
		return fmt.Errorf("the demo's %q ended with exit code %d, not %d", line, code, want)
	}
	return nil
}
