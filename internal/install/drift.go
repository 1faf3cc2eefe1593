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

// These are the values of Difference.Change.
const (
	Changed = "changed"
	Missing = "missing"
	Extra   = "extra"
)

// grantKind is the kind of a Difference about one privilege of one role.
const grantKind = "grant"

// Difference is an object, or a grant, that differs from what this binary would install.
type Difference struct {
	Change string `json:"change"` // Changed, Missing or Extra
	Kind   string `json:"kind"`   // table, function, policy, role, grant, …
	Name   string `json:"name"`
	// Diff is a unified diff from the expected definition to the installed one.
	Diff string `json:"diff"`
}

// Title describes the difference in one line.
func (d Difference) Title() string { return fmt.Sprintf("%s: %s %s", d.Change, d.Kind, d.Name) }

// Judged is a difference with its acceptance, if there is one.
type Judged struct {
	Difference
	acceptance.Judgement
}

// Counts reports whether nobody has accepted the difference.
func (j Judged) Counts() bool { return !j.Accepted }

// Unaccepted returns the differences that count.
func Unaccepted(differences []Difference, accepted *acceptance.List) []Difference {
	counting := []Difference{}
	for _, judged := range Judge(differences, accepted) {
		if judged.Counts() {
			counting = append(counting, judged.Difference)
		}
	}
	return counting
}

// Judge compares differences with what was accepted. Only an extra grant to a role can be accepted. Its name says all
// about it, so an acceptance cannot cover anything that comes later. Differences that do not count come first.
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

// VerifyOptions configures Verify.
type VerifyOptions struct {
	LockTimeout time.Duration // 0 means DefaultLockTimeout
	Logger      *slog.Logger
}

// verifyTimeout bounds each statement of a verification, because a database must never wait for one.
const verifyTimeout = 2 * time.Minute

// printingSQL overrides all settings of the role or the database that change how the server prints a definition.
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

// Verify compares the installation with the manifest of this binary. It reads only catalogs, which are open to
// everybody, so any login and any standby will do. It waits for no lock, except that of a view or an index that is
// being changed at this moment.
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

// ErrNotInstalled is returned if the database does not have Postern.
var ErrNotInstalled = errors.New(program.Text(`Postern is not installed in this database: run "$0 install"`))

// errChanging is returned if an installation ran while its catalogs were read.
var errChanging = errors.New("Postern was installed or removed in the meantime: verify again")

// repeat tries again if the attempt ran into an installation, which may drop an object after its name was read and
// before its definition was.
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

// readInstalled describes the installed objects, in the terms of this binary's schema.
func readInstalled(ctx context.Context, connection *pgx.Conn, wanted *source) (installed inventory, found *state, err error) {
	// Do not use SERIALIZABLE, even if it is the database's default, because a standby refuses it. Each statement sees the
	// objects that exist when it begins. The functions that print definitions do so anyway.
	tx, err := connection.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, nil, err
	}
	// The transaction only reads, so every path rolls it back.
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

// readMark identifies an installation. The next installation writes both comments anew, in the transaction that changes
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

// difference lists the differences. A missing object includes its grants.
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

// grantOn says what a grant such as "select to alice" is about.
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
