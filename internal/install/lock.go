package install

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/locking"
)

// lockKey is the advisory lock that whoever changes an installation holds: "postern" in ASCII.
const lockKey int64 = 0x706f737465726e

// LockedError is returned where somebody else holds the installation lock for longer than the lock timeout.
type LockedError struct {
	Waited  time.Duration
	Holders []string
}

func (e *LockedError) Error() string {
	if len(e.Holders) == 0 {
		return fmt.Sprintf("another session is changing this installation: waited %s for its lock; try again", e.Waited)
	}
	return fmt.Sprintf("another session is changing this installation: waited %s for the lock held by %s; wait for it, or raise --lock-timeout",
		e.Waited, strings.Join(e.Holders, ", "))
}

const (
	exclusive = "select pg_advisory_lock($1)"
	shared    = "select pg_advisory_lock_shared($1)"
)

// acquireLock takes the lock over everything that changes an installation; closing the connection
// releases it.
func acquireLock(ctx context.Context, connection *pgx.Conn, timeout time.Duration, mode string) error {
	if _, err := connection.Exec(ctx, "set lock_timeout = "+strconv.FormatInt(timeout.Milliseconds(), 10)); err != nil {
		return err
	}
	_, err := connection.Exec(ctx, mode, lockKey)
	if err == nil {
		_, err = connection.Exec(ctx, "reset lock_timeout")
	}
	var server *pgconn.PgError
	if !errors.As(err, &server) || server.Code != "55P03" {
		return err
	}
	locked := &LockedError{Waited: timeout}
	rows, err := connection.Query(ctx, `
select format('pid %s (%s, user %s, since %s)', l.pid,
              coalesce(nullif(a.application_name, ''), 'unnamed application'),
              coalesce(a.usename, 'unknown'),
              coalesce(to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ'), 'unknown'))
  from pg_locks as l
  left join pg_stat_activity as a on a.pid = l.pid
 where l.locktype = 'advisory' and l.granted
   and l.database = (select d.oid from pg_database as d where d.datname = current_database())
   and (l.classid::bigint << 32) | l.objid::bigint = $1 and l.objsubid = 1`, lockKey)
	if err == nil {
		locked.Holders, _ = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	return locked
}

// nameHolders adds to an error over somebody's lock who uses Postern's tables and views, the oldest transaction first.
func nameHolders(ctx context.Context, connection *pgx.Conn, schemas []string, err error) error {
	var server *pgconn.PgError
	if !locking.IsBusy(err) || !errors.As(err, &server) || connection.IsClosed() {
		return err
	}
	rows, failure := connection.Query(ctx, `
select format('pid %s (%s, user %s, %s, in a transaction since %s)', a.pid,
              coalesce(nullif(a.application_name, ''), 'unnamed application'), a.usename, a.state,
              to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS TZ'))
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
