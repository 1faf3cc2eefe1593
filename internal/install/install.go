// Package install puts Postern into a database, tells what is there, finds drift, and takes it out again.
//
// There are two lanes. The numbered migrations of sql/schema run once each. The code lane, every
// replaceable object of sql/functions, runs as one script whenever its SHA-256 differs from the recorded
// one. All that an installation has to run is one transaction.
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

// DefaultLockTimeout is how long an installation waits for a lock unless told otherwise.
const DefaultLockTimeout = time.Minute

// Options changes how Install works; the zero value is a normal installation.
type Options struct {
	// DryRun stops before the first change: OnStep is called for every step, and nothing runs.
	DryRun bool
	// Repair runs every step but the migrations again, also where the record says that nothing is to do.
	Repair bool
	// AllowDowngrade installs over a later version or build, as long as that has the same migrations.
	AllowDowngrade bool
	// BuiltAt is when the sources of this build were committed; zero means what the binary notes about itself.
	BuiltAt time.Time
	// LockTimeout is how long to try each step where others hold its locks; 0 means DefaultLockTimeout. Nobody waits for
	// longer than a moment behind an attempt, see package locking.
	LockTimeout time.Duration
	// OnBusy is called each time that the installation begins anew, since others held the locks of this step.
	OnBusy func(step Step, err error)
	// OnStep is called before each step, in order, with the number of steps in all; once, however often it begins anew.
	OnStep func(step Step, number, total int)
	// Logger receives diagnostics; nil discards them.
	Logger *slog.Logger
	// Files replaces the SQL that this binary carries.
	Files fs.FS
}

// Step is one part of an installation, as it runs. All are one transaction: the first one begins it, the last one commits.
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
	// Missing are the rights that a dry run did not find.
	Missing []MissingRight
	// Ended are the roles that own objects of which the installing user was a member, as after an installation by an older
	// binary that was killed, and is no more. Members are all who still are: nobody should be.
	Ended   []string
	Members []Membership
}

// MissingRight is what an installation needs and the installing user may not do.
type MissingRight struct {
	Problem   string
	Statement string // a superuser's, in the database
}

// Membership is one in a role that owns objects of Postern.
type Membership struct{ Role, Member string }

// Install installs Postern or upgrades it. It is safe to run again, and by many at once. Errors are
// *ScriptError, *NewerError, *BuildError, *MigrationsError, or those of the connection.
func Install(ctx context.Context, config *pgx.ConnConfig, options Options) (report Report, err error) {
	options = options.withDefaults()
	wanted, err := readSource(ctx, options.Files)
	if err != nil {
		return Report{}, err
	}
	if !options.BuiltAt.IsZero() {
		wanted.builtAt = options.BuiltAt.UTC().Format(time.RFC3339)
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

// all runs the steps in one transaction, from the beginning where others were in the way.
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
	busy := func(err error) {
		if i.options.OnBusy != nil {
			i.options.OnBusy(steps[at].Step, err)
		}
	}
	return locking.Retry(ctx, i.options.LockTimeout, busy, func() error {
		return retry(ctx, func() (again bool, err error) {
			err = attempt()
			return at == 0, err // what is in the way further on will be there again
		})
	})
}

func (i *installation) announce(step step, number, total int) {
	i.options.Logger.Debug("step", "name", step.Name)
	if i.options.OnStep != nil {
		i.options.OnStep(step.Step, number+1, total)
	}
}

// rehearse finds out which rights are missing. Where none is, it runs the first step, which needs them, and takes it back:
// others are not locked out by that.
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
	tx, err := i.connection.Begin(ctx)
	if err != nil {
		return report, err
	}
	_, err = tx.Exec(ctx, i.wanted.bootstrap.text)
	if failure := tx.Rollback(ctx); err == nil {
		err = failure
	}
	if err != nil {
		return report, newScriptError("bootstrap.sql", i.wanted.bootstrap, err)
	}
	for number, step := range steps {
		i.announce(step, number, len(steps))
	}
	return report, nil
}

// readMembers tells which memberships an installation has ended, and which are left.
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

// connect opens the one connection of an operation.
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
