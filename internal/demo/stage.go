package demo

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/acceptance"
	"github.com/posternsql/postern/internal/leash"
	"github.com/posternsql/postern/internal/server"
)

// stage is where the story takes place: a database, an administrator's connection, and an application's.
type stage struct {
	own    bool // the server was running before, so whatever we create on it must go
	config *pgx.ConnConfig
	// directory holds files that nobody else may read. folder removes the directory, even if the process is killed.
	directory string
	folder    *leash.Leash
	// role is the login role of the application.
	role     string
	password string
	// ofServer are doctor's findings before the demo created anything.
	ofServer []acceptance.Key

	administrator *pgx.Conn
	application   *pgx.Conn
}

// openStage creates the database. The names of the database and the role are random, because the server may be
// somebody's own.
func openStage(ctx context.Context, running *server.Server) (*stage, error) {
	suffix := strings.ToLower(rand.Text()[:6])
	s := &stage{own: running.StopCommand == "", role: "invoicing_" + suffix, password: rand.Text()}
	database := "erp_" + suffix
	connection, err := pgx.Connect(ctx, running.URL)
	if err != nil {
		return nil, err
	}
	defer connection.Close(ctx)
	if s.directory, s.folder, err = leash.Folder("postern-demo-"); err != nil {
		return nil, err
	}
	if _, err := connection.Exec(ctx, "create database "+pgx.Identifier{database}.Sanitize()); err != nil {
		return nil, errors.Join(err, s.folder.Undo())
	}
	s.config = connection.Config()
	s.config.Database = database
	return s, nil
}

// owner is the role that owns the business of the page.
func (s *stage) owner() string { return s.role + "_owner" }

// oscar is the login of an administrator.
func (s *stage) oscar() string { return strings.Replace(s.role, "invoicing", "oscar", 1) }

// connect opens both connections. From then on the story shows their statements.
func (s *stage) connect(ctx context.Context, t *teller) error {
	if err := s.examineServer(ctx); err != nil {
		return err
	}
	role := pgx.Identifier{s.role}.Sanitize()
	err := s.backstage(ctx,
		invoicing,
		accounting,
		"create role "+role+" login password '"+s.password+"'",
		"grant postern_app to "+role,
		"grant usage on schema invoicing, accounting to "+role,
		"grant select on invoicing.supplier_invoice to "+role,
		"grant select on accounting.ledger_row to "+role,
	)
	if err != nil {
		return err
	}
	config := s.config.Copy()
	// With this mode, pgx sends a statement exactly as shown, and at that moment.
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	config.Tracer = t
	if s.administrator, err = pgx.ConnectConfig(ctx, config); err != nil {
		return err
	}
	config.User, config.Password = s.role, s.password
	s.application, err = pgx.ConnectConfig(ctx, config)
	return err
}

// examineServer remembers findings about the server, such as an old minor release, or somebody's own roles.
func (s *stage) examineServer(ctx context.Context) error {
	connection, err := pgx.ConnectConfig(ctx, s.config)
	if err != nil {
		return err
	}
	rows, err := connection.Query(ctx, "select code, object from postern.doctor order by level, code, object")
	if err == nil {
		s.ofServer, err = pgx.CollectRows(rows, pgx.RowToStructByPos[acceptance.Key])
	}
	return errors.Join(err, connection.Close(ctx))
}

// backstage runs, on its own connection, what the story does not show.
func (s *stage) backstage(ctx context.Context, scripts ...string) error {
	connection, err := pgx.ConnectConfig(ctx, s.config)
	if err != nil {
		return err
	}
	for _, script := range scripts {
		if _, err := connection.Exec(ctx, script, pgx.QueryExecModeSimpleProtocol); err != nil {
			return errors.Join(err, connection.Close(ctx))
		}
	}
	return connection.Close(ctx)
}

// backstageRow queries what the story needs to know.
func (s *stage) backstageRow(ctx context.Context, query string, values ...any) error {
	connection, err := pgx.ConnectConfig(ctx, s.config)
	if err != nil {
		return err
	}
	return errors.Join(connection.QueryRow(ctx, query).Scan(values...), connection.Close(ctx))
}

// close closes the connections and removes what the demo created: its files, and on somebody's own server also its
// database.
func (s *stage) close(ctx context.Context, remove bool) error {
	failures := []error{}
	for _, connection := range []*pgx.Conn{s.application, s.administrator} {
		if connection != nil {
			failures = append(failures, connection.Close(ctx))
		}
	}
	if remove {
		failures = append(failures, s.folder.Undo())
	}
	if remove && s.own {
		failures = append(failures, s.remove(ctx))
	}
	return errors.Join(failures...)
}

func (s *stage) remove(ctx context.Context) error {
	config := s.config.Copy()
	config.Database = "postgres"
	connection, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer connection.Close(ctx)
	for _, statement := range []string{
		"drop database " + pgx.Identifier{s.config.Database}.Sanitize() + " with (force)",
		"drop role if exists " + pgx.Identifier{s.role}.Sanitize(),
		"drop role if exists " + pgx.Identifier{s.owner()}.Sanitize(),
		"drop role if exists " + pgx.Identifier{s.oscar()}.Sanitize(),
	} {
		if _, err := connection.Exec(ctx, statement); err != nil {
			return fmt.Errorf("remove what the demo made: %w", err)
		}
	}
	return nil
}

var (
	//go:embed invoicing.sql
	invoicing string
	//go:embed approve_invoice.sql
	approveInvoice string
	//go:embed accounting.sql
	accounting string
	//go:embed fill_ledger.sql
	fillLedger string
	//go:embed run_payments.sql
	runPayments string
)

// escapePassword escapes a password for a line of a password file.
func escapePassword(password string) string {
	return strings.NewReplacer(`\`, `\\`, `:`, `\:`).Replace(password)
}

// randomPIN is longer than people's PINs, so that it meets every policy.
func randomPIN() string { return strings.ToLower(rand.Text()[:10]) }
