package install

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/locking"
)

// lockSQL keeps installations apart. Each takes this lock before it looks at what is left to do. It locks a table,
// because any login could hold an advisory lock for as long as it likes.
const lockSQL = "lock table postern_internal.installation in share row exclusive mode;\n\n"

// nameHolders adds to a lock error which sessions use Postern's tables and views, with the oldest transaction first.
func nameHolders(ctx context.Context, connection *pgx.Conn, schemas []string, err error) error {
	var server *pgconn.PgError
	if !locking.IsBusy(err) || !errors.As(err, &server) || connection.IsClosed() {
		return err
	}
	// postern_owner may not see what other sessions do, but the installing user may.
	if _, failure := connection.Exec(ctx, "reset role"); failure != nil {
		return err
	}
	rows, failure := connection.Query(ctx, `
select format('pid %s (%s, user %s, %s, in a transaction since %s)', a.pid,
              coalesce(nullif(a.application_name, ''), 'unnamed application'), a.usename, coalesce(a.state, 'state unknown'),
              coalesce(to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS TZ'), 'unknown'))
  from pg_stat_activity as a
 where a.pid <> pg_backend_pid()
   and a.pid in (select l.pid
                   from pg_locks as l
                   join pg_class as c on c.oid = l.relation
                   join pg_namespace as n on n.oid = c.relnamespace
                  where l.granted and n.nspname = any ($1)
                    and l.database = (select d.oid from pg_database as d where d.datname = current_database()))
 order by a.xact_start
 limit 5`, schemas)
	if failure != nil {
		return err
	}
	if holders, failure := pgx.CollectRows(rows, pgx.RowTo[string]); failure == nil && len(holders) > 0 {
		server.Detail = "Postern's tables and views are in use by " + strings.Join(holders, ", ") + "."
	}
	return err
}
