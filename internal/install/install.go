// Package install installs Postern into a database, reports what is installed, finds drift, and uninstalls it.
//
// There are two lanes. Each numbered migration of sql/schema runs once. The code lane has every replaceable object of
// sql/functions. It runs as one script whenever its SHA-256 differs from the recorded one. An installation is one
// transaction.
package install

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/connecting"
	"github.com/posternsql/postern/internal/locking"
	postern "github.com/posternsql/postern/sql"
)

// DefaultLockTimeout is how long an installation waits for locks by default.
const DefaultLockTimeout = time.Minute

// Options configures Install; the zero value is a normal installation.
type Options struct {
	// DryRun stops before the first change. OnStep is called for every step, but nothing runs.
	DryRun bool
	// Repair runs every step except the migrations again, even if the record says that nothing is to be done.
	Repair bool
	// AllowDowngrade installs over a later version or build that has the same migrations.
	AllowDowngrade bool
	// BuiltAt is when the sources of this build were committed; zero means the time that the binary records about itself.
	BuiltAt time.Time
	// LockTimeout is how long to try while others hold the locks that the installation needs; 0 means DefaultLockTimeout.
	// Nobody waits longer than a moment behind an attempt (see package locking).
	LockTimeout time.Duration
	// OnBusy is called each time that the installation starts again because others held the locks of this step.
	OnBusy func(step Step, err error)
	// OnStep is called before each step, in order, with the total number of steps. It is called once per step, however
	// often the installation starts again.
	OnStep func(step Step, number, total int)
	// Logger receives diagnostics; nil discards them.
	Logger *slog.Logger
	// Files replaces the SQL files that this binary contains.
	Files fs.FS
}

// Step is one part of an installation, as it runs. All steps are one transaction: the first step begins it, and the
// last one commits.
type Step struct {
	Name string
	SQL  string
}

// Report says what an installation found and did.
type Report struct {
	Database      string
	Version       string
	SchemaVersion int
	CodeSHA256    string
	// Steps names the steps that ran, or would run after a dry run. It is empty if everything was in place.
	Steps []string
	// Missing lists the privileges that a dry run did not find.
	Missing []MissingRight
	// Ended lists roles that own objects and that the installing user was a member of, but no longer is. An older binary
	// that was killed may leave such a membership. Members lists all members that remain; there should be none.
	Ended   []string
	Members []Membership
}

// MissingRight is a privilege that an installation needs and that the installing user lacks.
type MissingRight struct {
	Problem   string
	Statement string // for a superuser, in the database
}

// Membership is a membership in a role that owns objects of Postern.
type Membership struct{ Role, Member string }

// Install installs or upgrades Postern. It is safe to run again, and to run several times at once. Errors are
// *ScriptError, *NewerError, *BuildError, *MigrationsError, *ExtensionError, or those of the connection.
func Install(ctx context.Context, config *pgx.ConnConfig, options Options) (report Report, err error) {
	options = options.withDefaults()
	wanted, err := options.readSource(ctx)
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
	if err := found.refuse(wanted, options.AllowDowngrade); err != nil {
		return report, err
	}
	run := &installation{connection: connection, options: options, wanted: wanted, found: found}
	var steps []step
	if len(found.pending(wanted)) > 0 || options.Repair {
		steps = run.steps()
	} else if len(found.memberships) > 0 && !options.DryRun {
		if err := pgx.BeginFunc(ctx, connection, func(tx pgx.Tx) error { return leaveOwner(ctx, tx) }); err != nil {
			return report, err
		}
	}
	for _, step := range steps {
		report.Steps = append(report.Steps, step.Name)
	}
	if options.DryRun {
		if _, report.Members, err = readMembers(ctx, connection, found); err != nil {
			return report, err
		}
		return run.rehearse(ctx, report, steps)
	}
	if len(steps) > 0 {
		if err := run.all(ctx, steps); err != nil {
			return report, nameHolders(ctx, connection, wanted.schemas, err)
		}
	}
	report.Ended, report.Members, err = readMembers(ctx, connection, found)
	return report, err
}

// all runs the steps in one transaction. If others are in the way, it starts again from the beginning.
func (i *installation) all(ctx context.Context, steps []step) error {
	at, announced := 0, -1
	attempt := func() error {
		return pgx.BeginFunc(ctx, i.connection, func(tx pgx.Tx) error {
			for number, step := range steps {
				if at = number; number > announced {
					announced = number
					i.announce(step, number, len(steps))
				}
				if err := step.run(ctx, tx); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return i.patiently(ctx, func() Step { return steps[at].Step }, func() (again bool, err error) {
		err = attempt()
		return at == 0, err // an obstacle to a later step would be there again
	})
}

// patiently tries again while others are in the way of a step.
func (i *installation) patiently(ctx context.Context, step func() Step, attempt func() (again bool, err error)) error {
	busy := func(err error) {
		if i.options.OnBusy != nil {
			i.options.OnBusy(step(), err)
		}
	}
	return locking.Retry(ctx, i.options.LockTimeout, busy, func() error { return retry(ctx, attempt) })
}

func (i *installation) announce(step step, number, total int) {
	i.options.Logger.Debug("step", "name", step.Name)
	if i.options.OnStep != nil {
		i.options.OnStep(step.Step, number+1, total)
	}
}

// rehearse finds out which privileges are missing. If none is, it runs the first step, which needs them, and rolls it
// back. Others wait only if they make the same roles meanwhile.
func (i *installation) rehearse(ctx context.Context, report Report, steps []step) (Report, error) {
	if len(steps) == 0 {
		return report, nil
	}
	rows, err := i.connection.Query(ctx, "select m.problem, m.statement from ("+rightsSQL+") as m order by m.position, m.statement")
	if err != nil {
		return report, fmt.Errorf("ask for rights: %w", err)
	}
	if report.Missing, err = pgx.CollectRows(rows, pgx.RowToStructByPos[MissingRight]); err != nil {
		return report, fmt.Errorf("ask for rights: %w", err)
	}
	if len(report.Missing) > 0 {
		return report, nil
	}
	// An installation into another database of the cluster makes the same roles.
	err = i.patiently(ctx, func() Step { return steps[0].Step }, func() (again bool, err error) {
		tx, err := i.connection.Begin(ctx)
		if err != nil {
			return false, err
		}
		_, err = tx.Exec(ctx, i.wanted.bootstrap.text)
		if failure := tx.Rollback(ctx); err == nil {
			err = failure
		}
		return true, err
	})
	if err != nil {
		return report, newScriptError("bootstrap.sql", i.wanted.bootstrap, err)
	}
	for number, step := range steps {
		i.announce(step, number, len(steps))
	}
	return report, nil
}

// readMembers says which memberships the installation has ended, and which remain.
func readMembers(ctx context.Context, connection *pgx.Conn, before *state) (ended []string, members []Membership, err error) {
	rows, err := connection.Query(ctx, "select distinct r.rolname::text, u.rolname::text from "+ownersMembersSQL+" order by 1, 2")
	if err == nil {
		members, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Membership])
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read who is a member of postern_owner: %w", err)
	}
	for _, role := range before.memberships {
		if !slices.Contains(members, Membership{Role: role, Member: before.user}) {
			ended = append(ended, role)
		}
	}
	return ended, members, nil
}

// readSource reads the files of the options, with their date.
func (o Options) readSource(ctx context.Context) (*source, error) {
	read, err := readSource(ctx, o.withDefaults().Files)
	if err == nil && !o.BuiltAt.IsZero() {
		read.builtAt = o.BuiltAt.UTC().Format(time.RFC3339)
	}
	return read, err
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

// connect opens the only connection of an operation.
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

// closeConnection closes the connection even if ctx is done, because closing it releases the locks.
func closeConnection(ctx context.Context, connection *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_ = connection.Close(ctx)
}

// retry tries again if an attempt failed only because another installation ran at the same time. Roles and memberships
// belong to the cluster, and no lock spans a cluster. Before the first installation, the database has nothing to lock
// either.
func retry(ctx context.Context, attempt func() (again bool, err error)) error {
	const attempts = 10
	for count := 1; ; count++ {
		again, err := attempt()
		if err == nil || !again || count == attempts || !isClusterRace(err) {
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
	case "23505", "40001", "42710", "42P06", "42P07":
		return true
	case "XX000":
		return server.Message == "tuple concurrently updated" || server.Message == "tuple concurrently deleted"
	default:
		return false
	}
}
