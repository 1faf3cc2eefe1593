package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// useExisting uses the server that POSTERN_TEST_DATABASE_URL names. Other processes may share it, so it is neither
// configured nor stopped.
func useExisting(ctx context.Context, options Options) (*Server, error) {
	address := os.Getenv(URLVariable)
	if address == "" {
		return nil, errNotConfigured
	}
	if location, err := url.Parse(address); err != nil || !strings.HasPrefix(location.Scheme, "postgres") {
		return nil, errors.New("not a URL such as postgres://user:password@host:5432/postgres")
	}
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, err
	}
	text, err := version(ctx, address)
	if err != nil {
		return nil, err
	}
	if err := checkExisting(ctx, config, options); err != nil {
		return nil, err
	}
	server := &Server{
		URL:    address,
		Source: fmt.Sprintf("PostgreSQL %s at %s:%d, named by %s", text, config.Host, config.Port, URLVariable),
		close:  func() error { return nil },
		keep:   func() error { return nil },
		log: func(context.Context) (string, error) {
			return "", fmt.Errorf("the log of the server named by %s can't be read", URLVariable)
		},
	}
	server.run = func(ctx context.Context, program Program) error { return runFrom(ctx, server, "", program) }
	return server, nil
}

func checkExisting(ctx context.Context, config *pgx.ConnConfig, options Options) error {
	connection, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer connection.Close(ctx)
	var superuser bool
	if err := connection.QueryRow(ctx, "select current_setting('is_superuser')::boolean").Scan(&superuser); err != nil {
		return err
	}
	if !superuser {
		return fmt.Errorf("role %q is not a superuser", config.User)
	}
	wanted := maps.Clone(options.Settings)
	if options.Durable {
		if wanted == nil {
			wanted = map[string]string{}
		}
		wanted["fsync"] = "on"
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		var actual string
		if err := connection.QueryRow(ctx, "select current_setting($1)", name).Scan(&actual); err != nil {
			return err
		}
		if actual != wanted[name] {
			return fmt.Errorf("the server has %s = %q and %q is needed here", name, actual, wanted[name])
		}
	}
	return nil
}
