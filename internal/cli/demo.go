package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/demo"
)

func newDemoCommand(app *application) *cobra.Command {
	var interactive, keep, web bool
	command := &cobra.Command{
		Use:   "demo",
		Short: "See all of it at work, on a throw-away server",
		Long: `Starts a throw-away PostgreSQL server, installs Postern, and tells its story in five acts:

  1. Mallory at Alice's unlocked workstation is stopped by a checkpoint, guesses, and is locked
     out. Alice approves.
  2. Three users send the same query to a ledger of three companies, and each sees their own total.
  3. A new action reaches an old gate, and a table and a view are forgotten: action gates, apply
     and doctor find and fix it.
  4. A webhook and a mail notify of an approval. The log is sealed, a superuser rewrites a comment
     in it, and log verify names the entry.
  5. Mallory writes a table past the gate, until a guard stops that. An administrator switches a
     gate off at night, and the record and a mail name him. apply --impact says who would see more.

It really sends every statement and runs every command that it shows, and the web server and the mail server on this
machine are real. It does not touch the database of other commands, and leaves nothing behind.

With --web it tells no story, but serves a page on which people approve and pay invoices, and prints its address. The
people have the PIN that you choose: at the terminal, or as one line of standard input.

The server is the one of POSTERN_TEST_DATABASE_URL; otherwise PostgreSQL's binaries (POSTERN_PG_BIN, PATH,
/usr/lib/postgresql); otherwise Docker (POSTERN_TEST_IMAGE); otherwise downloaded binaries. On an existing server, the
demo creates a database and a role, and drops them at the end; Postern's own roles stay.`,
		Example: `  $0 demo
  $0 demo --interactive
  $0 demo --keep
  $0 demo --web`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			// The acceptances of the user's own databases do not apply here, because the story accepts a finding itself.
			if err := os.Unsetenv(acceptVariable); err != nil {
				return err
			}
			options := demo.Options{Out: app.out, Colour: colour(app.out), Keep: keep, Installer: RunOn, Logger: app.logger()}
			if interactive {
				if !terminal(app.in) {
					return usageError("--interactive: standard input is not a terminal; run it where you can type, or omit the flag")
				}
				options.Person = person{app}
			}
			var bar *progressbar.ProgressBar
			options.OnProgress = func(activity string) {
				if bar != nil {
					_ = bar.Finish()
				}
				bar = nil
				if activity != "" {
					bar = app.spinner(activity)
				}
			}
			defer options.OnProgress("")
			// Ignore SIGPIPE. It ends the story when the output goes into head, but the demo must still clean up.
			signal.Ignore(syscall.SIGPIPE)
			defer signal.Reset(syscall.SIGPIPE)
			if web {
				pin, err := app.readPIN(command.Context(), "Alice and Bob", false)
				if err != nil {
					return err
				}
				return demo.Web(command.Context(), options, pin)
			}
			return demo.Run(command.Context(), options)
		},
	}
	command.Flags().BoolVar(&interactive, "interactive", false, "play Alice: choose her PIN, and approve")
	command.Flags().BoolVar(&web, "web", false, "serve an approval page, and print its address")
	command.Flags().BoolVar(&keep, "keep", false, "leave the server running, and print how to connect and how to stop it")
	command.MarkFlagsMutuallyExclusive("web", "interactive")
	command.MarkFlagsMutuallyExclusive("web", "keep")
	return command
}

// person is the person at the terminal.
type person struct {
	app *application
}

// AskSecret asks a question without echoing the answer.
func (p person) AskSecret(ctx context.Context, label string) (string, error) {
	return p.app.ask(ctx, label)
}

// AskLine reads byte by byte, because a buffer would swallow the answer to the next question.
func (p person) AskLine(ctx context.Context, label string) (string, error) {
	fmt.Fprint(p.app.err, label)
	type answer struct {
		line string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		line := strings.Builder{}
		for character := make([]byte, 1); ; {
			if _, err := p.app.in.Read(character); err != nil {
				if errors.Is(err, io.EOF) {
					err = errors.New("nothing was typed")
				}
				answers <- answer{"", err}
				return
			}
			if character[0] == '\n' || line.Len() >= maximumInput {
				answers <- answer{strings.TrimSpace(line.String()), nil}
				return
			}
			line.WriteByte(character[0])
		}
	}()
	select {
	case given := <-answers:
		return given.line, given.err
	case <-ctx.Done():
		fmt.Fprintln(p.app.err)
		return "", ctx.Err()
	}
}
