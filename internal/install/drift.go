package install

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/aymanbagabas/go-udiff"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/acceptance"
	"github.com/posternsql/postern/internal/locking"
	"github.com/posternsql/postern/internal/program"
	postern "github.com/posternsql/postern/sql"
)

// What a Difference is.
const (
	Changed = "changed"
	Missing = "missing"
	Extra   = "extra"
)

// grantKind is the kind of a Difference that is one privilege of one role.
const grantKind = "grant"

// Difference is one object that is not as this binary would install it, or one grant.
type Difference struct {
	Change string `json:"change"` // Changed, Missing or Extra
	Kind   string `json:"kind"`   // table, function, policy, role, grant, …
	Name   string `json:"name"`
	// Diff is a unified diff from the expected definition to the installed one.
	Diff string `json:"diff"`
}

// Title is the difference in one line.
func (d Difference) Title() string { return fmt.Sprintf("%s: %s %s", d.Change, d.Kind, d.Name) }

// Judged is a difference with what its acceptance says, where there is one.
type Judged struct {
	Difference
	acceptance.Judgement
}

// Counts tells whether nobody has accepted the difference.
func (j Judged) Counts() bool { return !j.Accepted }

// Unaccepted are the differences that count.
func Unaccepted(differences []Difference, accepted *acceptance.List) []Difference {
	counting := []Difference{}
	for _, judged := range Judge(differences, accepted) {
		if judged.Counts() {
			counting = append(counting, judged.Difference)
		}
	}
	return counting
}

// Judge holds differences against what was accepted. Only what somebody was granted who is granted nothing can be: all of
// it is in the name, so that nothing else comes in with it later. What does not count comes first.
func Judge(differences []Difference, accepted *acceptance.List) []Judged {
	judged := make([]Judged, len(differences))
	for index, difference := range differences {
		judged[index].Difference = difference
		if difference.Kind == grantKind && difference.Change == Extra {
			judged[index].Judgement = accepted.Assess(acceptance.Key{Name: acceptance.ExtraGrant, Object: difference.Name}, acceptance.Warn)
		}
	}
	slices.SortStableFunc(judged, func(a, b Judged) int {
		switch {
		case a.Accepted == b.Accepted:
			return 0
		case a.Accepted:
			return -1
		}
		return 1
	})
	return judged
}

// VerifyOptions changes how Verify works.
type VerifyOptions struct {
	LockTimeout time.Duration // 0 means DefaultLockTimeout
	Logger      *slog.Logger
}

// verifyTimeout bounds each statement of a verification: it must never be what a database waits for.
const verifyTimeout = 2 * time.Minute

// printingSQL sets all that changes what the server prints of a definition, whatever the role or the database has.
const printingSQL = `
set local quote_all_identifiers = off;
set local search_path = pg_catalog, pg_temp;
set local timezone = 'UTC';
set local datestyle = 'ISO, MDY';
set local intervalstyle = 'postgres';
set local extra_float_digits = 1;
set local bytea_output = 'hex';
set local xmloption = 'content';
set local standard_conforming_strings = on;
set local jit = off;
`

// Verify compares what is installed with the manifest of what this binary installs. It only reads catalogs, which are open
// to everybody: any login will do, and a standby. It needs nobody's lock, but for that of a view or an index that is being
// changed at this moment.
func Verify(ctx context.Context, config *pgx.ConnConfig, options VerifyOptions) (differences []Difference, err error) {
	defaults := Options{LockTimeout: options.LockTimeout, Logger: options.Logger}.withDefaults()
	wanted, err := readSource(ctx, postern.Files)
	if err != nil {
		return nil, err
	}
	connection, err := connect(ctx, config)
	if err != nil {
		return nil, err
	}
	defer closeConnection(ctx, connection)
	err = locking.Retry(ctx, defaults.LockTimeout, nil, func() error {
		return repeat(ctx, func() error {
			installed, found, err := readInstalled(ctx, connection, wanted)
			if err != nil {
				return err
			}
			expected, err := expectedInventory(found.serverMajor, defaults.Logger)
			if err != nil {
				return err
			}
			expected.adapt(installed, found.pgcryptoPrefix)
			differences = difference(expected, installed)
			return nil
		})
	})
	return differences, err
}

// ErrNotInstalled is returned where there is no Postern in the database.
var ErrNotInstalled = errors.New(program.Text(`Postern is not installed in this database: run "$0 install"`))

// errChanging is returned where an installation was under way while its catalogs were read.
var errChanging = errors.New("Postern was installed or removed meanwhile: verify again")

// repeat tries again what met an installation. That drops objects between the reading of their names and their definitions.
func repeat(ctx context.Context, attempt func() error) error {
	const attempts = 5
	for count := 1; ; count++ {
		err := attempt()
		var server *pgconn.PgError
		vanished := errors.As(err, &server) && (server.Code == "XX000" || server.Code == "42P01" || server.Code == "42704")
		if !vanished && !errors.Is(err, errChanging) || count == attempts {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(count) * 100 * time.Millisecond):
		}
	}
}

// readInstalled describes an installation of this binary's schema.
func readInstalled(ctx context.Context, connection *pgx.Conn, wanted *source) (installed inventory, found *state, err error) {
	// Not serializable, whatever the database has: a standby refuses that. Each statement sees what is there when it
	// begins, as those functions do that print definitions.
	tx, err := connection.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, nil, err
	}
	// The one way out of this function.
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = tx.Rollback(ctx)
	}()
	if _, err := tx.Exec(ctx, printingSQL+fmt.Sprintf("set local statement_timeout = %d", verifyTimeout.Milliseconds())); err != nil {
		return nil, nil, err
	}
	found, err = readState(ctx, tx, wanted)
	if err != nil {
		return nil, nil, err
	}
	if err := found.refuseNewer(wanted); err != nil {
		return nil, nil, err
	}
	if found.schemaVersion() == 0 {
		return nil, nil, ErrNotInstalled
	}
	if found.schemaVersion() < wanted.schemaVersion() {
		return nil, nil, fmt.Errorf("schema %d is installed and this binary compares with schema %d: run install first", found.schemaVersion(), wanted.schemaVersion())
	}
	before, err := readMark(ctx, tx)
	if err != nil {
		return nil, nil, err
	}
	installed, err = readInventory(ctx, tx, wanted, found.serverMajor)
	if err != nil {
		return nil, nil, err
	}
	after, err := readMark(ctx, tx)
	if err != nil {
		return nil, nil, err
	}
	if before != after {
		return nil, nil, errChanging
	}
	return installed, found, nil
}

// readMark tells one installation from the next one, which writes both comments anew in the transaction that changes
// functions and views.
func readMark(ctx context.Context, tx pgx.Tx) (mark string, err error) {
	err = tx.QueryRow(ctx, `
select coalesce(string_agg(format('%s %s', d.objoid, d.xmin), ',' order by d.objoid), '')
  from pg_description as d
  join pg_class as c on c.oid = d.objoid and d.classoid = 'pg_class'::regclass and d.objsubid = 0
  join pg_namespace as n on n.oid = c.relnamespace
 where n.nspname = 'postern_internal' and c.relname in ('installation', 'schema_version')`).Scan(&mark)
	return mark, err
}

// difference lists what is not the same. An object that is missing takes its grants along.
func difference(expected, installed inventory) []Difference {
	var differences []Difference
	add := func(change, kind, name, before, after string) {
		diff := udiff.Unified("expected", "installed", endLine(before), endLine(after))
		differences = append(differences, Difference{Change: change, Kind: kind, Name: name, Diff: diff})
	}
	for key, before := range expected {
		after, there := installed[key]
		if !there {
			add(Missing, key.kind, key.name, before.text(), "")
			continue
		}
		if before.definition != after.definition {
			add(Changed, key.kind, key.name, before.definition, after.definition)
		}
		for _, grant := range before.grants {
			if !slices.Contains(after.grants, grant) {
				add(Missing, grantKind, grantOn(grant, key), "grant "+grant, "")
			}
		}
		for _, grant := range after.grants {
			if !slices.Contains(before.grants, grant) {
				add(Extra, grantKind, grantOn(grant, key), "", "grant "+grant)
			}
		}
	}
	for key, after := range installed {
		if _, known := expected[key]; !known {
			add(Extra, key.kind, key.name, "", after.text())
		}
	}
	slices.SortFunc(differences, func(a, b Difference) int {
		return strings.Compare(a.Kind+"\x00"+a.Name, b.Kind+"\x00"+b.Name)
	})
	return differences
}

// grantOn says what "select to alice" is a grant on.
func grantOn(grant string, key objectKey) string {
	privilege, grantee, _ := strings.Cut(grant, " to ")
	return fmt.Sprintf("%s on %s %s to %s", privilege, key.kind, key.name, grantee)
}

func endLine(text string) string {
	if text == "" {
		return ""
	}
	return text + "\n"
}
