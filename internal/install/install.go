// Package install puts Postern into a database, tells what is there, finds drift, and takes it out again.
//
// There are two lanes. The numbered migrations of sql/schema run once each. The code lane, every
// replaceable object of sql/functions, runs as one script in one transaction whenever its SHA-256
// differs from the recorded one.
package install

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/connecting"
	"github.com/posternsql/postern/internal/locking"
	postern "github.com/posternsql/postern/sql"
)

// DefaultLockTimeout is how long an installation waits for a lock unless told otherwise.
const DefaultLockTimeout = time.Minute

// Options changes how Install works; the zero value is a normal installation.
type Options struct {
	// DryRun stops before the first change: OnStep is called for every step, and nothing runs.
	DryRun bool
	// Repair runs every step but the migrations again, also where the record says that nothing is to do.
	Repair bool
	// LockTimeout is how long to try each step where others hold its locks; 0 means DefaultLockTimeout. Nobody waits for
	// longer than a moment behind an attempt, see package locking.
	LockTimeout time.Duration
	// OnBusy is called each time that a step was not possible, since others hold its locks.
	OnBusy func(step Step, err error)
	// OnStep is called before each step, in order, with the number of steps in all.
	OnStep func(step Step, number, total int)
	// Logger receives diagnostics; nil discards them.
	Logger *slog.Logger
	// Files replaces the SQL that this binary carries.
	Files fs.FS
}

// Step is one part of an installation, as it runs: SQL is complete, transaction commands included.
type Step struct {
	Name string
	SQL  string
}

// Report tells what an installation found and did.
type Report struct {
	Database      string
	Version       string
	SchemaVersion int
	CodeSHA256    string
	// Steps names what was done, or would be done by a dry run; empty where everything was in place.
	Steps []string
}

// Install installs Postern or upgrades it. It is safe to run again, and by many at once. Errors are
// *ScriptError, *NewerError, or those of the connection.
func Install(ctx context.Context, config *pgx.ConnConfig, options Options) (report Report, err error) {
	options = options.withDefaults()
	wanted, err := readSource(ctx, options.Files)
	if err != nil {
		return Report{}, err
	}
	connection, err := connect(ctx, config)
	if err != nil {
		return Report{}, err
	}
	defer closeConnection(ctx, connection)

	report = Report{Version: Version, SchemaVersion: wanted.schemaVersion(), CodeSHA256: wanted.codeSHA256}
	found, err := readState(ctx, connection, wanted)
	if err != nil {
		return Report{}, err
	}
	report.Database = found.database
	if err := found.refuseNewer(wanted); err != nil {
		return report, err
	}
	if len(found.pending(wanted)) == 0 && !options.Repair {
		return report, nil
	}

	run := &installation{connection: connection, config: config, options: options, wanted: wanted, found: found}
	steps := run.steps()
	defer func() { err = errors.Join(err, run.leaveOwner(ctx)) }()
	for number, step := range steps {
		if options.OnStep != nil {
			options.OnStep(step.Step, number+1, len(steps))
		}
		report.Steps = append(report.Steps, step.Name)
		if options.DryRun {
			continue
		}
		options.Logger.Debug("step", "name", step.Name)
		busy := func(err error) {
			if options.OnBusy != nil {
				options.OnBusy(step.Step, err)
			}
		}
		if err := locking.Retry(ctx, options.LockTimeout, busy, func() error { return step.run(ctx) }); err != nil {
			return report, nameHolders(ctx, connection, wanted.schemas, err)
		}
	}
	return report, nil
}

func (o Options) withDefaults() Options {
	if o.LockTimeout == 0 {
		o.LockTimeout = DefaultLockTimeout
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Files == nil {
		o.Files = postern.Files
	}
	return o
}

// connect opens the one connection of an operation. The settings are given at its start, not by set:
// tern runs "reset all" after each migration, and that returns to them.
func connect(ctx context.Context, config *pgx.ConnConfig) (*pgx.Conn, error) {
	config = config.Copy()
	config.RuntimeParams["lock_timeout"] = strconv.FormatInt(locking.Moment.Milliseconds(), 10)
	config.RuntimeParams["standard_conforming_strings"] = "on"
	config.RuntimeParams["check_function_bodies"] = "on"
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "postern installer " + Version
	}
	connecting.Pin(config)
	return pgx.ConnectConfig(ctx, config)
}

// closeConnection closes also where ctx is done, since closing releases the locks.
func closeConnection(ctx context.Context, connection *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_ = connection.Close(ctx)
}

// retry repeats what failed only because another installation runs at the same moment: roles and memberships belong to the
// cluster, and no lock spans it; and before the first installation there is nothing in the database to lock.
func retry(ctx context.Context, attempt func() error) error {
	const attempts = 10
	for count := 1; ; count++ {
		err := attempt()
		if err == nil || count == attempts || !isClusterRace(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(count) * 20 * time.Millisecond):
		}
	}
}

func isClusterRace(err error) bool {
	var server *pgconn.PgError
	if !errors.As(err, &server) {
		return false
	}
	switch server.Code {
	case "23505", "40001", "40P01", "42710", "42P06", "42P07":
		return true
	case "42501": // the other installation took the membership away between our grant and our set role
		return server.Hint == ""
	case "XX000":
		return server.Message == "tuple concurrently updated" || server.Message == "tuple concurrently deleted"
	default:
		return false
	}
}
