// Package connecting prepares connections of the installer, and says why one could not be had.
package connecting

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// searchPath resolves names where nobody else can put objects.
const searchPath = "pg_catalog, pg_temp"

// Pin gives the connection a search_path and an encoding of its own, as startup parameters, and makes it fail where they
// do not arrive: a pooler that drops them leaves the database's search_path, in which others may have put functions.
func Pin(config *pgx.ConnConfig) {
	config.RuntimeParams["search_path"] = searchPath
	config.RuntimeParams["client_encoding"] = "UTF8" // that of Go, whatever the database has
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

// ErrPooler is returned where a pooler took the connection and left its settings away.
var ErrPooler = errors.New("a pooler dropped the settings of this connection")

// poolerHint is what to do about a pooler.
const poolerHint = "Connect to the server itself: this is a pooler, such as PgBouncer, and it does not pass on the settings that the installer needs."

// Hint says what to do about an error of connecting where more is known than the error says; otherwise it is empty.
func Hint(err error) string {
	var server *pgconn.PgError
	if errors.Is(err, ErrPooler) || errors.As(err, &server) && strings.Contains(server.Message, "unsupported startup parameter") {
		return poolerHint
	}
	return ""
}

// SettingsError is returned where connection settings cannot be used.
type SettingsError struct {
	Origin string
	Reason string // empty where it could quote a piece of a password
}

func (e *SettingsError) Error() string {
	if e.Reason == "" {
		return e.Origin + " is no valid connection string: expected postgres://user@host:port/database or key=value pairs; " +
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
	bare.ConnString = "" // it holds the password
	_, reason, _ := strings.Cut(bare.Error(), "``: ")
	if strings.HasPrefix(reason, "failed to parse as") {
		return nil, failure // the reason quotes a piece of the text, which may be one of the password
	}
	failure.Reason = reason
	if text != "" {
		failure.Origin += ", together with PG*,"
	}
	return nil, failure
}

// misreadPassword tells whether a URL is malformed, or has its @ after the end of the host. A password with an unescaped
// character looks like that, and pieces of it would be taken for a port, a database or a service, and be shown.
func misreadPassword(text string) bool {
	if !strings.Contains(text, "://") {
		return false
	}
	parsed, err := url.Parse(text)
	return err != nil || parsed.User == nil && strings.Contains(parsed.Path+parsed.RawQuery+parsed.Fragment, "@")
}
