// Package demo tells Postern's story on a throw-away server: what stops Mallory, how little it asks of Alice, who sees
// what of a ledger, what keeps a system safe as it grows, and how others learn of an approval and can prove it.
// Everything in it happens through the public API; every statement it shows was sent, and every command was run.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/program"
	"github.com/posternsql/postern/internal/server"
)

// Options tell how the story is told.
type Options struct {
	// Out takes the story; Colour says that it understands ANSI's colours.
	Out    io.Writer
	Colour bool
	// Installer runs the commands of the story.
	Installer Installer
	// Person plays Alice; nil: the demo plays all parts.
	Person Person
	// Logger is told how the server is found; nil for nobody.
	Logger *slog.Logger
	// Keep leaves the server up, and says how to reach and how to stop it.
	Keep bool
	// OnProgress is told what takes a moment, before the story begins and after it; nil for nobody.
	OnProgress func(activity string)
	// NewPIN makes up the PINs of those whom the demo plays; nil for random ones.
	NewPIN func() string
}

// Person is somebody at a terminal.
type Person interface {
	// AskLine asks for a line of text.
	AskLine(ctx context.Context, label string) (string, error)
	// AskSecret asks for a line that is not shown.
	AskSecret(ctx context.Context, label string) (string, error)
}

// cleanupTimeout bounds what has to be done also after an interruption.
const cleanupTimeout = 10 * time.Second

// Run tells the story. Its error is that something went another way than the story says, or that there is no server.
func Run(ctx context.Context, options Options) (err error) {
	if options.OnProgress == nil {
		options.OnProgress = func(string) {}
	}
	if options.NewPIN == nil {
		options.NewPIN = randomPIN
	}
	options.OnProgress("Starting PostgreSQL")
	running, err := server.Start(ctx, server.Options{Keep: options.Keep, Logger: options.Logger})
	if err != nil {
		return err
	}
	kept := false
	defer func() {
		if !kept {
			options.OnProgress("Stopping PostgreSQL")
			err = errors.Join(err, running.Close())
		}
	}()
	s, err := openStage(ctx, running)
	if err != nil {
		return err
	}
	defer func() {
		cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
		defer cancel()
		err = errors.Join(err, s.close(cleanup, !kept))
	}()

	options.OnProgress("Installing Postern")
	began := time.Now()
	if _, err := install.Install(ctx, s.config, install.Options{}); err != nil {
		return err
	}
	installed := time.Since(began)
	// Where nobody can read the story any more, it ends, and is tidied up after.
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	t := &teller{out: options.Out, colour: options.Colour, onFailure: stop}
	if err := s.connect(ctx, t); err != nil {
		return err
	}
	options.OnProgress("")
	t.title("Postern: security checkpoints, company security and row-level security for PostgreSQL")
	t.say("Mallory looks for unlocked workstations. See what stops him, who sees what of a ledger, what finds that which was")
	t.say("forgotten, and what finds a log that was changed, in the very statements that are sent; what repeats within a")
	t.say("step is left out. Postern %s was installed in %.1f seconds into", install.Version, installed.Seconds())
	t.say("%s.", running.Source)
	if err := newStory(s, t, options).tell(ctx); err != nil {
		return err
	}
	if options.Keep {
		if err := s.explain(t, running.StopCommand); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		// Not before: whoever is interrupted earlier has not been told how to stop it.
		if err := errors.Join(running.Keep(), s.folder.Keep()); err != nil {
			return err
		}
		kept = true
	}
	return nil
}

// explain says how to go on with the server by hand. The password goes into a file, since what is printed here ends
// up in terminals' histories and process lists.
func (s *stage) explain(t *teller, stop string) error {
	file := filepath.Join(s.directory, "pgpass")
	if err := os.WriteFile(file, []byte("*:*:*:*:"+escapePassword(s.config.Password)+"\n"), 0o600); err != nil {
		return err
	}
	t.heading("The server stays up")
	t.say("Connect to it:")
	t.code("export PGPASSFILE=" + file)
	t.code(fmt.Sprintf("psql -h %s -p %d -U %s %s", s.config.Host, s.config.Port, s.config.User, s.config.Database))
	t.say("Meet the gate, read the log, and read the ledger as Bob (you yourself pass row security):")
	t.code("begin; select postern.assume_user('ALICE'); select invoicing.approve_invoice(6666); rollback;\n" +
		"table postern.checkpoint_log;\n" +
		"begin; select postern.assume_user('BOB'); set local role " + s.role + "; " + totalOfLedger + "; rollback;")
	t.say("The superuser's change is still there to be found, with the directory of heads:")
	t.code(fmt.Sprintf("%s log verify --heads %s --database-url 'host=%s port=%d user=%s dbname=%s'",
		program.Name(), filepath.Join(s.directory, "heads"), s.config.Host, s.config.Port, s.config.User, s.config.Database))
	if stop == "" {
		t.say("It is your own server. Remove what the demo made, in psql:")
		t.code(fmt.Sprintf("\\c postgres\ndrop database %s;\ndrop role %s;\n\\! rm -r %s",
			pgx.Identifier{s.config.Database}.Sanitize(), pgx.Identifier{s.role}.Sanitize(), s.directory))
		return nil
	}
	t.say("Stop and remove it:")
	t.code(stop + "; rm -r " + s.directory)
	return nil
}
