package postern

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// DoSQL is [Do] for database/sql, and so for sqlx, GORM, Bun and others that accept a *sql.DB or a *sql.Tx. The database
// must use pgx's driver (package stdlib of pgx), because other drivers have other errors. Work must not end the
// transaction.
//
// If question and answer arrive in two requests, open the database with stdlib.OpenDBFromPool. [Authenticate], [Cancel]
// and [ChangePIN] then use the same pool, and [Session.WithTicket] takes the ticket to DoSQL.
func DoSQL(ctx context.Context, database *sql.DB, session Session, prompt Prompt, work func(tx *sql.Tx) error) error {
	return converse(ctx, sqlPool{database}, session, prompt, func(tx pgx.Tx) error { return work(tx.(*sqlTransaction).tx) })
}

// sqlPool begins transactions of database/sql.
type sqlPool struct{ database *sql.DB }

// BeginTx begins a transaction, and then sets its options, because database/sql has not all of PostgreSQL's.
func (p sqlPool) BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error) {
	tx, err := p.database.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	modes := []string{string(options.AccessMode), string(options.DeferrableMode)}
	if options.IsoLevel != "" {
		modes = append(modes, "isolation level "+string(options.IsoLevel))
	}
	statement := "set transaction " + strings.Join(modes, " ")
	if strings.TrimSpace(statement) == "set transaction" {
		return &sqlTransaction{tx: tx, database: p.database}, nil
	}
	if _, err := tx.ExecContext(ctx, statement); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return &sqlTransaction{tx: tx, database: p.database}, nil
}

// sqlTransaction is a transaction of database/sql, with those methods of pgx's transactions that this package calls.
// The others are those of a nil interface: work never sees it.
type sqlTransaction struct {
	pgx.Tx
	tx       *sql.Tx
	database *sql.DB
}

func (t *sqlTransaction) Exec(ctx context.Context, statement string, arguments ...any) (pgconn.CommandTag, error) {
	_, err := t.tx.ExecContext(ctx, statement, arguments...)
	return pgconn.CommandTag{}, t.explain(err)
}

func (t *sqlTransaction) QueryRow(ctx context.Context, statement string, arguments ...any) pgx.Row {
	return t.tx.QueryRowContext(ctx, statement, arguments...)
}

func (t *sqlTransaction) Commit(context.Context) error { return asClosed(t.tx.Commit()) }

func (t *sqlTransaction) Rollback(context.Context) error { return asClosed(t.tx.Rollback()) }

// asClosed returns pgx's error for a transaction that has ended, which pgx.BeginTxFunc recognises.
func asClosed(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return pgx.ErrTxClosed
	}
	return err
}

// explain names another driver as the likely reason of an error that is not the server's. Such a driver does not
// understand that we ask for bound parameters. A driver that wraps pgx's does.
func (t *sqlTransaction) explain(err error) error {
	var server *pgconn.PgError
	if _, own := t.database.Driver().(*stdlib.Driver); err == nil || own || errors.As(err, &server) {
		return err
	}
	return fmt.Errorf("postern: DoSQL needs pgx's driver for database/sql, or one that wraps it; this one is a %T: %w", t.database.Driver(), err)
}
