package server

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/jackc/pgx/v5"
)

// Program is a client program of PostgreSQL, such as psql or pg_dump.
type Program struct {
	// Name is the name of the program, without a folder.
	Name string
	// Arguments do not include how to connect.
	Arguments []string
	// Database is the database to connect to; empty means that of Server.URL.
	Database string
	// Stdin, Stdout and Stderr may be nil. Then there is no input, and output is discarded.
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// Run runs a client program of the server's version as the superuser, because pg_dump refuses a newer server. If the
// server runs in Docker, files named in the arguments are in the container. Use the standard streams instead.
func (s *Server) Run(ctx context.Context, program Program) error {
	return s.run(ctx, program)
}

// runFrom runs a program on this machine, from a folder, or from PATH if folder is empty.
func runFrom(ctx context.Context, server *Server, folder string, program Program) error {
	config, err := pgx.ParseConfig(server.URL)
	if err != nil {
		return err
	}
	name := program.Name
	if folder != "" {
		name = filepath.Join(folder, name)
	}
	command := exec.CommandContext(ctx, name, program.Arguments...)
	command.Env = append(os.Environ(), connectionEnvironment(config, config.Host, config.Port, program.Database)...)
	command.Stdin, command.Stdout, command.Stderr = program.Stdin, program.Stdout, program.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s: %w", program.Name, err)
	}
	return nil
}

// connectionEnvironment tells libpq how to connect. Arguments would show the password to every process.
func connectionEnvironment(config *pgx.ConnConfig, host string, port uint16, database string) []string {
	if database == "" {
		database = config.Database
	}
	mode := "disable"
	if config.TLSConfig != nil {
		mode = "require"
	}
	return []string{
		"PGHOST=" + host,
		"PGPORT=" + strconv.Itoa(int(port)),
		"PGUSER=" + config.User,
		"PGPASSWORD=" + config.Password,
		"PGDATABASE=" + database,
		"PGSSLMODE=" + mode,
	}
}
