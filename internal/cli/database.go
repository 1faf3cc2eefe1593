package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/administrator"
	"github.com/posternsql/postern/internal/program"
	"github.com/posternsql/postern/internal/query"
)

// published are the statements that applications may send too.
type published = db.Queries

// statements are all statements that commands send.
type statements struct {
	*published
	*query.Queries
}

func newStatements(connection interface {
	db.DBTX
	query.DBTX
}) *statements {
	return &statements{db.New(connection), query.New(connection)}
}

// WithTx returns the same statements, sent in a transaction.
func (s *statements) WithTx(tx pgx.Tx) *statements { return newStatements(tx) }

// withDatabase connects, calls do, and disconnects.
func (a *application) withDatabase(ctx context.Context, do func(*pgx.Conn, *statements) error) error {
	connection, err := a.connect(ctx)
	if err != nil {
		return interrupted(ctx, err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = connection.Close(ctx)
	}()
	if terminal(a.in) {
		administrator.Ask(connection, a.approve(connection))
	}
	return interrupted(ctx, explain(do(connection, newStatements(administrator.Connection{Conn: connection})), connection.Config().User))
}

// query is withDatabase for a single statement.
func (a *application) query(ctx context.Context, do func(*statements) error) error {
	return a.withDatabase(ctx, func(_ *pgx.Conn, queries *statements) error { return do(queries) })
}

// interrupted replaces the error if the user has interrupted the command, because the driver's error would not help
// then.
func interrupted(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return errors.New("interrupted")
	}
	return err
}

// explain adds what PostgreSQL cannot know: what a missing schema, function or privilege means for Postern.
func explain(err error, user string) error {
	var server *pgconn.PgError
	if !errors.As(err, &server) {
		return err
	}
	if required := administrator.Required(err); required != nil {
		return withHint(fmt.Errorf("this change needs the approval of its administrator, %s: %s", cmp.Or(required.Username, user), required.Message),
			"Run the command on a terminal, where it asks for the PIN.")
	}
	switch server.Code {
	case "3F000": // invalid_schema_name
		return errNotInstalled
	case "42P01", "42883": // undefined_table, undefined_function
		return fmt.Errorf(`Postern is not installed in this database, or in another version: see "%s status" (%s)`, program.Name(), server.Message)
	case "42501": // insufficient_privilege
		if server.Hint != "" {
			return err // Postern's own error; its hint names the statement that helps
		}
		explained := *server
		explained.Hint = fmt.Sprintf("Members of postern_admin may do this; to read the log, members of postern_auditor; to seal it, members of postern_sealer; to redact it, members of postern_redactor. "+
			"Have somebody who may grant it run: grant postern_admin to %[1]s; or: grant postern_auditor to %[1]s;", pgx.Identifier{user}.Sanitize())
		return &explained
	}
	return err
}

// arguments requires exactly these arguments, and names the first missing one in its error.
func arguments(names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, given []string) error {
		if len(given) < len(names) {
			return fmt.Errorf("%s is missing", names[len(given)])
		}
		if len(given) > len(names) {
			return fmt.Errorf("unexpected argument %q", given[len(names)])
		}
		return nil
	}
}

// optionalArgument allows one argument.
func optionalArgument(_ *cobra.Command, given []string) error {
	if len(given) > 1 {
		return fmt.Errorf("unexpected argument %q", given[1])
	}
	return nil
}

// optional returns an argument that may be omitted.
func optional(given []string) *string {
	if len(given) == 0 {
		return nil
	}
	return &given[0]
}

func addJSON(command *cobra.Command, asJSON *bool) {
	command.Flags().BoolVar(asJSON, "json", false, "print JSON")
}
