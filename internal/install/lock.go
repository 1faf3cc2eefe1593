package install

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
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
// releases it. The session's lock_timeout says how long to wait.
func acquireLock(ctx context.Context, connection *pgx.Conn, timeout time.Duration, mode string) error {
	_, err := connection.Exec(ctx, mode, lockKey)
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
