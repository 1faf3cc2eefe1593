package cli

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/locking"
)

func addLockTimeout(command *cobra.Command, lockTimeout *time.Duration) {
	command.Flags().DurationVar(lockTimeout, "lock-timeout", install.DefaultLockTimeout, "how long to try while others use what has to change")
}

func checkLockTimeout(lockTimeout time.Duration) error {
	if lockTimeout < time.Millisecond {
		return usageError("--lock-timeout must be at least 1ms, not %s", lockTimeout)
	}
	return nil
}

// busy returns a function that warns, only once, that others use the object that has to change.
func (a *application) busy(what string, lockTimeout time.Duration) func(error) {
	said := false
	return func(error) {
		if !said {
			a.warn("%s is in use by others: trying again for up to %s.\n", what, lockTimeout)
		}
		said = true
	}
}

// change makes a change in one transaction. If others hold the locks that it needs, it tries again.
func (a *application) change(ctx context.Context, what string, lockTimeout time.Duration, do func(tx pgx.Tx, queries *statements) error) error {
	if err := checkLockTimeout(lockTimeout); err != nil {
		return err
	}
	return a.withDatabase(ctx, func(connection *pgx.Conn, queries *statements) error {
		err := locking.Transaction(ctx, connection, lockTimeout, a.busy(what, lockTimeout), func(tx pgx.Tx) error {
			return do(tx, queries.WithTx(tx))
		})
		var server *pgconn.PgError
		if locking.IsBusy(err) && errors.As(err, &server) && server.Hint == "" {
			explained := *server
			explained.Hint = "Have the others end their transactions (see pg_locks and pg_stat_activity), or raise --lock-timeout. Nothing was changed."
			return &explained
		}
		return err
	})
}
