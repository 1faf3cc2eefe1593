package cli

import (
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/query"
)

func newLoginCommand(app *application) *cobra.Command {
	command := &cobra.Command{
		Use:   "login",
		Short: "Logins that may use their memberships in this database",
		Long: `Roles and their members belong to the whole cluster. So a membership of postern_trusted_app,
postern_admin, postern_sealer, postern_redactor or postern_event_worker counts in a database only for logins that this
database allows. The login that installed Postern is allowed; superusers need no entry. Sessions with a token, passing
gates and reading need no entry either.

allow and disallow need the role postern_admin; list also works with postern_auditor.`,
		Example: `  $0 login allow erp_web
  $0 login list
  $0 login disallow erp_web`,
	}
	command.AddCommand(newLoginAllowCommand(app), newLoginDisallowCommand(app), newLoginListCommand(app))
	return command
}

func newLoginAllowCommand(app *application) *cobra.Command {
	return &cobra.Command{
		Use:   "allow ROLE",
		Short: "Let a login use its memberships here",
		Long: `Lets a login use its memberships of postern_trusted_app, postern_admin, postern_sealer, postern_redactor
and postern_event_worker in this database. It grants no membership: do that in SQL. What counts is the role that logs
in, and not a role that it becomes with SET ROLE.`,
		Example: `  $0 login allow erp_web`,
		Args:    arguments("ROLE"),
		RunE: func(command *cobra.Command, given []string) error {
			err := app.query(command.Context(), func(queries *statements) error {
				return queries.AllowLogin(command.Context(), given[0])
			})
			if err != nil {
				return err
			}
			app.printf("Login %s is allowed.\n", given[0])
			return nil
		},
	}
}

func newLoginDisallowCommand(app *application) *cobra.Command {
	return &cobra.Command{
		Use:     "disallow ROLE",
		Short:   "Stop a login from using its memberships here",
		Long:    `Undoes "login allow". The login keeps its memberships, which count in other databases.`,
		Example: `  $0 login disallow erp_web`,
		Args:    arguments("ROLE"),
		RunE: func(command *cobra.Command, given []string) error {
			err := app.query(command.Context(), func(queries *statements) error {
				return queries.DisallowLogin(command.Context(), given[0])
			})
			if err != nil {
				return err
			}
			app.printf("Login %s is no longer allowed.\n", given[0])
			return nil
		},
	}
}

func newLoginListCommand(app *application) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "list",
		Short: "List the logins that are allowed",
		Long: `Lists the logins that are allowed. An entry whose role was dropped has no effect, even if another role
has the name now.`,
		Example: `  $0 login list
  $0 login list --json | jq -r '.[] | select(.state != "allowed") | .db_role'`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			var logins []query.AllowedLogin
			err := app.query(command.Context(), func(queries *statements) (err error) {
				logins, err = queries.ListAllowedLogins(command.Context())
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				return app.printJSON(logins)
			}
			if len(logins) == 0 {
				app.warn("No login is allowed: only superusers administer. Next: $0 login allow ROLE\n")
			}
			rows := make([][]string, len(logins))
			for index, login := range logins {
				rows[index] = []string{login.DBRole, login.State, stamp(login.AllowedAt), login.AllowedBy}
			}
			app.printTable([]string{"login", "state", "allowed_at", "allowed_by"}, rows)
			return nil
		},
	}
	addJSON(command, &asJSON)
	return command
}
