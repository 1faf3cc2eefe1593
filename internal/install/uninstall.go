package install

import (
	"context"
	_ "embed"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/locking"
)

//go:embed dependents.sql
var dependentsSQL string

//go:embed row_security.sql
var rowSecuritySQL string

//go:embed keep_log.sql
var keepLogSQL string

// UninstallOptions configures Uninstall. The zero value keeps the log, and removes nothing that others built on
// Postern.
type UninstallOptions struct {
	// DryRun finds out what would be done, but changes nothing.
	DryRun bool
	// WithDependents also removes objects that depend on Postern.
	WithDependents bool
	// OpenTables agrees that tables show more rows than before once they lose Postern's policies.
	OpenTables bool
	// DropLog also removes the log.
	DropLog bool
	// LockTimeout is how long to try while others use objects to be removed; 0 means DefaultLockTimeout.
	LockTimeout time.Duration
	// OnBusy is called after each attempt that failed because others use such objects.
	OnBusy func(err error)
	Logger *slog.Logger
	Files  fs.FS
}

// Removal says what Uninstall did, or would do.
type Removal struct {
	Database string
	Schemas  []string // removed; empty where Postern was not installed
	// Dependents are the users' objects that depend on Postern.
	Dependents []string
	// Opened are tables with policies of their own, which show more rows without Postern's policies. Closed are tables
	// that have no policy left, and therefore show no rows.
	Opened, Closed []string
	// LogSchema is the schema that keeps the log; empty if there was no log, or if it was dropped.
	LogSchema string
}

// DependentsError is returned if objects of others depend on Postern and must not be removed.
type DependentsError struct{ Dependents []string }

func (e *DependentsError) Error() string {
	verb := "objects depend"
	if len(e.Dependents) == 1 {
		verb = "object depends"
	}
	return fmt.Sprintf("%d %s on Postern, nothing was removed:\n  %s", len(e.Dependents), verb, strings.Join(e.Dependents, "\n  "))
}

// OpenedError is returned if tables would show more rows than before and nobody has agreed to that.
type OpenedError struct{ Tables []string }

func (e *OpenedError) Error() string {
	return "policies that hide rows depend on Postern, and others stay: without Postern users see rows of all companies, nothing was removed:\n  " + strings.Join(e.Tables, "\n  ")
}

// Uninstall removes Postern from the database in one transaction. Roles stay, because they belong to the cluster and
// other databases may use them. Errors are *DependentsError, *OpenedError, *NewerError, *ScriptError, or those of the
// connection.
func Uninstall(ctx context.Context, config *pgx.ConnConfig, options UninstallOptions) (*Removal, error) {
	defaults := Options{LockTimeout: options.LockTimeout, Logger: options.Logger, Files: options.Files}.withDefaults()
	wanted, err := readSource(ctx, defaults.Files)
	if err != nil {
		return nil, err
	}
	connection, err := connect(ctx, config)
	if err != nil {
		return nil, err
	}
	defer closeConnection(ctx, connection)
	found, err := readState(ctx, connection, wanted)
	if err != nil {
		return nil, err
	}
	if err := found.refuseNewer(wanted); err != nil {
		return nil, err
	}
	removal := &Removal{Database: found.database, Schemas: found.schemas}
	if len(found.schemas) == 0 {
		return removal, nil
	}
	err = locking.Retry(ctx, defaults.LockTimeout, options.OnBusy, func() error {
		return retry(ctx, func() (bool, error) { return true, remove(ctx, connection, removal, options) })
	})
	return removal, nameHolders(ctx, connection, wanted.schemas, err)
}

// remove does everything in one transaction. A failure or a dry run leaves everything as it was.
func remove(ctx context.Context, connection *pgx.Conn, removal *Removal, options UninstallOptions) error {
	tx, err := connection.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = tx.Rollback(ctx)
	}()

	run := func(name, text string) error {
		_, err := tx.Exec(ctx, text)
		return newScriptError(name, newScript(name, text), err)
	}
	if err := run("become postern_owner", enterOwnerSQL); err != nil {
		return err
	}

	var relations []string
	var hasLog bool
	err = tx.QueryRow(ctx, `
select coalesce(array_agg(format('%I.%I', n.nspname, c.relname) order by c.oid), '{}'),
       coalesce(bool_or(n.nspname = 'postern_internal' and c.relname = 'checkpoint_entry'), false)
  from pg_class as c
  join pg_namespace as n on n.oid = c.relnamespace
 where n.nspname = any ($1) and c.relkind in ('r', 'p') and c.relowner = (select r.oid from pg_roles as r where r.rolname = 'postern_owner')`,
		removal.Schemas).Scan(&relations, &hasLog)
	if err != nil {
		return fmt.Errorf("read what is installed: %w", err)
	}
	if !options.DryRun && len(relations) > 0 {
		// The lock keeps others from building on these tables between the search for dependents and the removal.
		lock := "set local role postern_owner; lock table " + strings.Join(relations, ", ") + " in access exclusive mode; reset role;"
		if err := run("lock Postern's tables", lock); err != nil {
			return err
		}
	}
	rows, err := tx.Query(ctx, dependentsSQL, removal.Schemas)
	if err == nil {
		removal.Dependents, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err != nil {
		return fmt.Errorf("read what depends on Postern: %w", err)
	}
	if err := readRowSecurity(ctx, tx, removal); err != nil {
		return fmt.Errorf("read what becomes of tables with row security: %w", err)
	}
	if hasLog && !options.DropLog {
		removal.LogSchema = "postern_log_" + time.Now().UTC().Format("20060102t150405z")
	}
	if options.DryRun {
		return nil
	}
	if len(removal.Dependents) > 0 && !options.WithDependents {
		return &DependentsError{Dependents: removal.Dependents}
	}
	if len(removal.Opened) > 0 && !options.OpenTables {
		return &OpenedError{Tables: removal.Opened}
	}
	if removal.LogSchema != "" {
		if err := run("keep the log", strings.ReplaceAll(keepLogSQL, "LOG_SCHEMA", removal.LogSchema)); err != nil {
			return err
		}
	}
	if err := run("drop the extension", "drop extension if exists postern"); err != nil {
		return err
	}
	// Use CASCADE, because the schemas are not empty. Objects of others that go with them have been listed and agreed to.
	drop := "set local client_min_messages = warning; set local role postern_owner; drop schema " + strings.Join(removal.Schemas, ", ") + " cascade; reset role;"
	if err := run("drop schemas", drop); err != nil {
		return err
	}
	if err := run("leave postern_owner", leaveOwnerSQL); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

// readRowSecurity finds the tables that are open or closed once the dependents are gone.
func readRowSecurity(ctx context.Context, tx pgx.Tx, removal *Removal) error {
	removal.Opened, removal.Closed = nil, nil
	rows, err := tx.Query(ctx, rowSecuritySQL, removal.Dependents)
	if err != nil {
		return err
	}
	var table string
	var opens bool
	_, err = pgx.ForEachRow(rows, []any{&table, &opens}, func() error {
		if opens {
			removal.Opened = append(removal.Opened, table)
		} else {
			removal.Closed = append(removal.Closed, table)
		}
		return nil
	})
	return err
}

// DropRolesSQL removes Postern's roles from a cluster in which no database uses them any more.
func DropRolesSQL() string {
	names := slices.Clone(roleNames)
	slices.Reverse(names)
	return "drop role " + strings.Join(names, ", ") + ";"
}
