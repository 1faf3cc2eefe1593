// Package connecting prepares connections of the installer, and explains why a connection failed.
package connecting

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// searchPath resolves names only where nobody else can create objects.
const searchPath = "pg_catalog, pg_temp"

// Pin gives the connection its own search_path and encoding, as startup parameters, and makes it fail if they do not
// arrive: a pooler that drops them leaves the database's search_path, in which others may have created functions.
func Pin(config *pgx.ConnConfig) {
	config.RuntimeParams["search_path"] = searchPath
	config.RuntimeParams["client_encoding"] = "UTF8" // Go's encoding, whatever the database has
	next := config.AfterConnect
	config.AfterConnect = func(ctx context.Context, connection *pgconn.PgConn) error {
		result := connection.ExecParams(ctx, "select pg_catalog.current_setting('search_path')", nil, nil, nil, nil).Read()
		if result.Err != nil {
			return result.Err
		}
		if len(result.Rows) != 1 || string(result.Rows[0][0]) != searchPath {
			return ErrPooler
		}
		if next != nil {
			return next(ctx, connection)
		}
		return nil
	}
}

// Pool opens connections as Pin prepares them, for programs that run until they are stopped.
func Pool(ctx context.Context, config *pgx.ConnConfig, connections int) (*pgxpool.Pool, error) {
	pooled, err := pgxpool.ParseConfig("")
	if err != nil {
		return nil, err
	}
	Pin(config)
	pooled.ConnConfig = config
	pooled.MaxConns = int32(connections)
	return pgxpool.NewWithConfig(ctx, pooled)
}

// ErrPooler is returned if a pooler accepted the connection but dropped its settings.
var ErrPooler = errors.New("a pooler dropped the settings of this connection")

// poolerHint says what to do about a pooler.
const poolerHint = "Connect to the server itself: this is a pooler, such as PgBouncer, and it does not pass on the settings that the installer needs."

// Hint says what to do about a connection error, if more is known than the error says; otherwise it is empty.
func Hint(err error) string {
	var server *pgconn.PgError
	if errors.Is(err, ErrPooler) || errors.As(err, &server) && strings.Contains(server.Message, "unsupported startup parameter") {
		return poolerHint
	}
	return ""
}

// SettingsError is returned for connection settings that cannot be used.
type SettingsError struct {
	Origin string
	Reason string // empty if it could quote a part of a password
}

func (e *SettingsError) Error() string {
	if e.Reason == "" {
		return e.Origin + " is not a valid connection string: expected postgres://user@host:port/database or key=value pairs; " +
			"in a URL, write special characters of a password as %XX"
	}
	return fmt.Sprintf("the connection settings of %s cannot be used: %s", e.Origin, e.Reason)
}

// Hint says what to do.
func (e *SettingsError) Hint() string {
	for _, known := range []struct{ reason, hint string }{
		{"unable to find service", "Name a service (PGSERVICE) that the service file has: it is the one that PGSERVICEFILE names, otherwise ~/.pg_service.conf."},
		{"failed to read service file", "Name the service file with PGSERVICEFILE, or do without PGSERVICE: the file is otherwise ~/.pg_service.conf."},
		{"sslmode is invalid", "Set sslmode (PGSSLMODE) to disable, allow, prefer, require, verify-ca or verify-full."},
		{"CA", "Name a file with the root certificate in PEM format with sslrootcert (PGSSLROOTCERT)."},
		{"failed to configure TLS", "Name files of a client certificate and its key in PEM format with sslcert and sslkey (PGSSLCERT, PGSSLKEY), or neither."},
	} {
		if strings.Contains(e.Reason, known.reason) {
			return known.hint
		}
	}
	return ""
}

// Parse reads a connection string, which came from origin, and libpq's variables. Errors are *SettingsError.
func Parse(origin, text string) (*pgx.ConnConfig, error) {
	failure := &SettingsError{Origin: origin}
	if misreadPassword(text) {
		return nil, failure
	}
	config, err := pgx.ParseConfig(text)
	if err == nil {
		return config, nil
	}
	var refused *pgconn.ParseConfigError
	if !errors.As(err, &refused) {
		return nil, failure
	}
	bare := *refused
	bare.ConnString = "" // it contains the password
	_, reason, _ := strings.Cut(bare.Error(), "``: ")
	if strings.HasPrefix(reason, "failed to parse as") {
		return nil, failure // the reason quotes a part of the text, which may be a part of the password
	}
	failure.Reason = reason
	if text != "" {
		failure.Origin += ", together with PG*,"
	}
	return nil, failure
}

// misreadPassword reports whether a URL is malformed, or has its @ after the end of the host. A password with an
// unescaped character looks like that, and parts of it would be shown as a port, a database or a service.
func misreadPassword(text string) bool {
	if !strings.Contains(text, "://") {
		return false
	}
	parsed, err := url.Parse(text)
	return err != nil || parsed.User == nil && strings.Contains(parsed.Path+parsed.RawQuery+parsed.Fragment, "@")
}
