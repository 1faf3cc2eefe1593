package event

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/query"
)

// maximumAnswer is the maximum in bytes that a server may answer. A function can raise an error of any length, and a
// line of a mail server need not end.
const maximumAnswer = 1 << 20

// cleanSession undoes what a function can leave in its session: settings, prepared statements, subscriptions, locks and
// temporary objects. It is DISCARD ALL without DISCARD PLANS: planning anew would take twice as long as the rest of a
// call. Each statement means the same whatever the function has set. The last one makes READ COMMITTED the default,
// because a call needs that. A call is a single statement, without BEGIN and COMMIT, to save round trips.
const cleanSession = `
reset all;
set session authorization default;
close all;
deallocate all;
unlisten *;
select pg_catalog.pg_advisory_unlock_all();
discard temp;
discard sequences;
set session characteristics as transaction isolation level read committed`

// call has the database call the action's function with the event's parameters, which it reads from the log. Each call
// is a separate transaction. The calls of a batch share a session, which is cleaned after each. The session is for one
// action and one version of the function only, because another version may have another owner. It ends after an error.
func (b *batch) call(ctx context.Context, event *delivery) error {
	version, err := b.callInSession(ctx, event)
	if refused := (*pgconn.PgError)(nil); errors.As(err, &refused) && refused.Code == "55000" && refused.ConstraintName == "version" {
		version, err = b.callInSession(ctx, event)
	}
	if err != nil {
		return err
	}
	b.version = version
	// The call has committed. So if the session cannot be cleaned, it is only replaced.
	if err := b.clean(ctx); err != nil || version == "" {
		_ = b.endSession(ctx, err)
	}
	return nil
}

// callInSession makes one call. If it fails, the session ends.
func (b *batch) callInSession(ctx context.Context, event *delivery) (version string, err error) {
	if b.session == nil {
		if err := b.openSession(ctx); err != nil {
			return "", err
		}
	}
	version, err = query.New(b.session).CallEventFunction(ctx, query.CallEventFunctionParams{
		Name: b.action.configured.Name, Lease: b.lease, LogID: event.LogID, Version: b.version,
	})
	if err != nil {
		return "", b.endSession(ctx, err)
	}
	return version, nil
}

func (b *batch) openSession(ctx context.Context) (err error) {
	config := b.worker.pool.Config().ConnConfig
	// A function could replace a prepared statement that has a name.
	config.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	if b.session, err = pgx.ConnectConfig(ctx, config); err != nil {
		return err
	}
	b.session.PgConn().Frontend().SetMaxBodyLen(maximumAnswer)
	if err := b.clean(ctx); err != nil {
		return b.endSession(ctx, err)
	}
	return nil
}

func (b *batch) clean(ctx context.Context) error {
	return b.session.PgConn().Exec(ctx, cleanSession).Close()
}

// endSession ends the session of the batch, if there is one. It returns the error because of which it ends.
func (b *batch) endSession(ctx context.Context, because error) error {
	session := b.session
	if session == nil {
		return because
	}
	b.session, b.version = nil, ""
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	if session.IsClosed() {
		// A function may continue after its call was cancelled, and it locks the delivery until its session ends.
		if err := query.New(b.worker.pool).EndSession(ctx, int32(session.PgConn().PID())); err != nil {
			because = fmt.Errorf("%w (and its session could not be ended: %w)", because, err)
		}
	}
	_ = session.Close(ctx)
	return because
}
