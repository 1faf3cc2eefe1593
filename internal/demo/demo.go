// Package demo tells Postern's story on a throw-away server. The story shows what stops Mallory, how little Postern
// asks of Alice, and who sees which part of a ledger. It also shows what keeps a growing system safe, and how others
// learn of an approval and can prove it.
//
// Everything happens through the public API. The demo really sends every statement and runs every command that it
// shows.
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

// Options configure how the story is told.
type Options struct {
	// Out receives the story; Colour says that it understands ANSI colours.
	Out    io.Writer
	Colour bool
	// Installer runs the commands of the story.
	Installer Installer
	// Person plays Alice; if it is nil, the demo plays all parts.
	Person Person
	// Logger receives how the server was found; nil discards it.
	Logger *slog.Logger
	// Keep leaves the server running, and prints how to reach it and how to stop it.
	Keep bool
	// OnProgress is called for work that takes a moment, before and after the story; it may be nil.
	OnProgress func(activity string)
	// NewPIN makes PINs for the people whom the demo plays; nil means random PINs.
	NewPIN func() string
}

// Person is a person at a terminal.
type Person interface {
	// AskLine asks for a line of text.
	AskLine(ctx context.Context, label string) (string, error)
	// AskSecret asks for a line without echoing it.
	AskSecret(ctx context.Context, label string) (string, error)
}

// cleanupTimeout bounds the cleanup, which must happen even after an interruption.
const cleanupTimeout = 10 * time.Second

// Run tells the story. It returns an error if anything differs from the story, or if there is no server.
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
	// If nobody can read the story any more, stop and clean up.
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	t := &teller{out: options.Out, colour: options.Colour, onFailure: stop}
	if err := s.connect(ctx, t); err != nil {
		return err
	}
	options.OnProgress("")
	t.title("Postern: security checkpoints, company security and row-level security for PostgreSQL")
	t.say("Mallory looks for unlocked workstations. See what stops him, who sees which part of a ledger, and how Postern finds")
	t.say("what was forgotten, and a log that was changed. The statements are shown as they are sent; repeated statements are")
	t.say("omitted. Postern %s was installed in %.1f seconds into", install.Version, installed.Seconds())
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
		// Keep the server only now, because a user who interrupts earlier does not know yet how to stop it.
		if err := errors.Join(running.Keep(), s.folder.Keep()); err != nil {
			return err
		}
		kept = true
	}
	return nil
}

// explain says how to use the server by hand. The password goes into a file, because printed text ends up in terminal
// histories and process lists.
func (s *stage) explain(t *teller, stop string) error {
	file := filepath.Join(s.directory, "pgpass")
	if err := os.WriteFile(file, []byte("*:*:*:*:"+escapePassword(s.config.Password)+"\n"), 0o600); err != nil {
		return err
	}
	t.heading("The server stays up")
	t.say("Connect to it:")
	t.code("export PGPASSFILE=" + file)
	t.code(fmt.Sprintf("psql -h %s -p %d -U %s %s", s.config.Host, s.config.Port, s.config.User, s.config.Database))
	t.say("Meet the gate, read the log, and read the ledger as Bob (your own role bypasses row security):")
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
