package install

import (
	"context"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/posternsql/postern/internal/locking"
)

// Status says what this binary contains, what the database holds, and how they differ.
type Status struct {
	Database      string `json:"database"`
	ServerVersion string `json:"server_version"`
	// Standby says that the server replays a primary. Pending changes must be made on the primary.
	Standby bool `json:"standby"`

	BinaryVersion       string `json:"binary_version"`
	BinarySchemaVersion int    `json:"binary_schema_version"`
	BinaryCodeSHA256    string `json:"binary_code_sha256"`

	Installed     bool   `json:"installed"`
	Version       string `json:"version,omitempty"`
	SchemaVersion int    `json:"schema_version,omitempty"`
	CodeSHA256    string `json:"code_sha256,omitempty"`
	// InstalledAt and InstalledBy are null if the user may not read Postern's tables.
	InstalledAt *time.Time `json:"installed_at"`
	InstalledBy *string    `json:"installed_by"`
	// OverdueUpkeep says what maintain should have done, and what it costs that nobody did, as doctor does. It is null if
	// the user may not read Postern's tables, if the installed version does not know, or while an installation locks that.
	OverdueUpkeep []string `json:"overdue_upkeep"`

	// Pending lists what an installation would do. DatabaseIsNewer says that this binary is older than the database.
	// Refused says why this binary would not install over the content of the database.
	Pending         []string `json:"pending"`
	DatabaseIsNewer bool     `json:"database_is_newer"`
	Refused         string   `json:"refused,omitempty"`
}

// ReadStatus reads what is installed. It needs no privilege in Postern's schemas and takes no lock. Nil files stand for
// those that this binary contains.
func ReadStatus(ctx context.Context, config *pgx.ConnConfig, files fs.FS) (*Status, error) {
	defaults := Options{Files: files}.withDefaults()
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
	status := &Status{
		Database:            found.database,
		ServerVersion:       connection.PgConn().ParameterStatus("server_version"),
		BinaryVersion:       Version,
		BinarySchemaVersion: wanted.schemaVersion(),
		BinaryCodeSHA256:    wanted.codeSHA256,
		Installed:           found.recorded != nil,
		SchemaVersion:       found.schemaVersion(),
		DatabaseIsNewer:     found.refuseNewer(wanted) != nil,
		Pending:             []string{},
	}
	// From PostgreSQL 14 on the server reports this as a setting, but a pooler need not pass that on.
	if err := connection.QueryRow(ctx, "select pg_is_in_recovery()").Scan(&status.Standby); err != nil {
		return nil, fmt.Errorf("read whether this is a standby: %w", err)
	}
	if refusal := found.refuse(wanted, false); refusal != nil {
		status.Refused = refusal.Error()
	} else {
		status.Pending = append(status.Pending, found.pending(wanted)...)
	}
	if found.recorded == nil {
		return status, nil
	}
	status.Version, status.CodeSHA256 = found.recorded.Version, found.recorded.CodeSHA256

	var readable pgtype.Bool
	// Refer to the table by its OID, because PostgreSQL rejects the name if the user may not use the schema.
	const installationOID = `(select c.oid from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
 where n.nspname = 'postern_internal' and c.relname = 'installation')`
	err = connection.QueryRow(ctx, `select has_table_privilege(`+installationOID+`, 'select')
   and has_schema_privilege((select n.oid from pg_namespace as n where n.nspname = 'postern_internal'), 'usage')`).Scan(&readable)
	if err != nil {
		return nil, fmt.Errorf("read what is installed: %w", err)
	}
	if readable.Bool {
		err = connection.QueryRow(ctx, `
select i.installed_at, i.installed_by::text
  from postern_internal.installation as i
 order by i.installation_id desc limit 1`).Scan(&status.InstalledAt, &status.InstalledBy)
		if err != nil {
			return nil, fmt.Errorf("read the last installation: %w", err)
		}
		if status.OverdueUpkeep, err = readOverdueUpkeep(ctx, connection); err != nil {
			return nil, fmt.Errorf("read what upkeep is overdue: %w", err)
		}
	}
	return status, nil
}

// readOverdueUpkeep waits for nobody: a running installation locks the view until it ends.
func readOverdueUpkeep(ctx context.Context, connection *pgx.Conn) (overdue []string, err error) {
	err = pgx.BeginFunc(ctx, connection, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "set local lock_timeout = '100ms'"); err != nil {
			return err
		}
		var known bool
		if err := tx.QueryRow(ctx, "select to_regclass('postern_internal.overdue_upkeep') is not null").Scan(&known); err != nil || !known {
			return err
		}
		rows, err := tx.Query(ctx, "select u.object || ': ' || u.detail from postern_internal.overdue_upkeep as u order by 1")
		if err != nil {
			return err
		}
		overdue, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if locking.IsBusy(err) {
		return nil, nil
	}
	return overdue, err
}
