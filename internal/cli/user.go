package cli

import (
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/query"
	"github.com/posternsql/postern/internal/unlogged"
	"github.com/posternsql/postern/secret"
)

func newUserCommand(app *application) *cobra.Command {
	command := &cobra.Command{
		Use:   "user",
		Short: "End users, their PINs and companies",
		Long: `End users are the people who work through the application, and not database roles. Each has at most one
PIN, which approves at checkpoints. Users are never deleted, because the log names them: disable them instead.

These commands need the role postern_admin; access and history also work with postern_auditor. enrol-totp and
confirm-totp need postern_user: they are for the people themselves.`,
		Example: `  $0 user create ALICE --description "Alice Adams, accounts payable"
  $0 user reset-pin ALICE
  $0 user list
  $0 user access ALICE`,
	}
	command.AddCommand(
		newUserCreateCommand(app),
		newUserListCommand(app),
		newUserCompaniesCommand(app),
		newUserAccessCommand(app),
		newUserHistoryCommand(app),
		newUserResetPINCommand(app),
		newUserUnlockCommand(app),
		newUserEnrolTOTPCommand(app),
		newUserConfirmTOTPCommand(app),
		newUserRemoveTOTPCommand(app),
		newUserActiveCommand(app, "enable", true),
		newUserActiveCommand(app, "disable", false),
	)
	return command
}

func newUserCreateCommand(app *application) *cobra.Command {
	var description, role string
	command := &cobra.Command{
		Use:   "create USERID",
		Short: "Add an end user",
		Long: `Adds an end user, who has no PIN yet. User ids that differ only in upper and lower case name the same user.

--db-role names the database role that is this person if no session was begun, for people who log in to the database
themselves. A user who works through the application needs none.`,
		Example: `  $0 user create ALICE --description "Alice Adams, accounts payable"
  $0 user create BOB --description "Bob Brown, controller" --db-role bob`,
		Args: arguments("USERID"),
		RunE: func(command *cobra.Command, given []string) error {
			var dbRole *string
			if command.Flags().Changed("db-role") {
				dbRole = &role
			}
			err := app.query(command.Context(), func(queries *statements) error {
				return queries.CreateUser(command.Context(), given[0], description, dbRole)
			})
			if err != nil {
				return err
			}
			app.printf("User %s created. Next: $0 user reset-pin %s\n", given[0], shell(given[0]))
			return nil
		},
	}
	command.Flags().StringVar(&description, "description", "", "who this is, for people (required)")
	command.Flags().StringVar(&role, "db-role", "", "database role of this person")
	_ = command.MarkFlagRequired("description")
	return command
}

func newUserListCommand(app *application) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "list",
		Short: "List the end users, with the state of their PINs",
		Long: `Lists the end users. pin: none; must_change (an administrator has set it: it opens only its own
change); set; or locked, after too many wrong responses. failures: wrong responses since the last right one. totp: the
authenticator app: none, not_confirmed, or set.`,
		Example: `  $0 user list
  $0 user list --json | jq -r '.[] | select(.pin == "none") | .userid'`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			var users []query.User
			err := app.query(command.Context(), func(queries *statements) (err error) {
				users, err = queries.ListUsers(command.Context())
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				return app.printJSON(users)
			}
			rows := make([][]string, len(users))
			for index, user := range users {
				pin, lockedUntil := user.PIN, "-"
				if user.LockedUntil != nil && user.LockedUntil.After(time.Now()) {
					pin, lockedUntil = "locked", stamp(*user.LockedUntil)
				}
				rows[index] = []string{
					user.UserID, user.Description, valueOrDash(user.DBRole), activity(user.Active), pin,
					strconv.Itoa(int(user.Failures)), lockedUntil, user.TOTP,
				}
			}
			app.printTable([]string{"userid", "description", "db_role", "state", "pin", "failures", "locked_until", "totp"}, rows)
			if len(users) == 0 {
				app.warn("There are no users. Next: $0 user create USERID --description TEXT\n")
			}
			return nil
		},
	}
	addJSON(command, &asJSON)
	return command
}

func newUserCompaniesCommand(app *application) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "companies USERID",
		Short: "List the companies of a user",
		Long: `Lists the companies of a user. default: the company in which the user works by default. class: the
authority class that decides which ledger rows the user sees there, if row-level security is on. To change it: "$0
company grant" and "revoke", "$0 ledger class assign" and "unassign".`,
		Example: `  $0 user companies ALICE`,
		Args:    arguments("USERID"),
		RunE: func(command *cobra.Command, given []string) error {
			return app.listCompanyUsers(command.Context(), nil, &given[0], asJSON)
		},
	}
	addJSON(command, &asJSON)
	return command
}

func activity(active bool) string {
	if active {
		return "active"
	}
	return "inactive"
}

func newUserResetPINCommand(app *application) *cobra.Command {
	var fromInput bool
	command := &cobra.Command{
		Use:   "reset-pin USERID",
		Short: "Give a user a new PIN, and unlock the user",
		Long: `Gives a user a new PIN, and ends a lock-out. The PIN opens only its own change: the user has to replace
it in the application before approving anything. So whoever set it cannot approve in the user's name unnoticed.

On a terminal you are asked twice, without an echo; otherwise standard input must be one line, the PIN. It is never an
argument, because the process list would show it.

The PIN is sent as a bound value. If the server writes bound values to its log (log_statement = all, or a
log_min_duration_statement below a second), this command switches that off for its own transaction. If the role may
not do so, the command refuses.`,
		Example: `  $0 user reset-pin ALICE
  pass show erp/alice | $0 user reset-pin ALICE --pin-stdin`,
		Args: arguments("USERID"),
		RunE: func(command *cobra.Command, given []string) error {
			ctx := command.Context()
			err := app.withDatabase(ctx, func(connection *pgx.Conn, _ *statements) error {
				pin, err := app.readPIN(ctx, given[0], fromInput)
				if err != nil {
					return err
				}
				return unlogged.Begin(ctx, connection, func(tx pgx.Tx) error {
					return newStatements(tx).ResetPIN(ctx, given[0], secret.Text(pin))
				})
			})
			if err != nil {
				return err
			}
			app.printf("PIN of %[1]s reset, and %[1]s is not locked. Next: %[1]s changes it in the application; until then it approves nothing.\n", given[0])
			return nil
		},
	}
	command.Flags().BoolVar(&fromInput, "pin-stdin", false, "read the PIN from standard input, never ask")
	return command
}

func newUserUnlockCommand(app *application) *cobra.Command {
	return &cobra.Command{
		Use:   "unlock USERID",
		Short: "End a user's lock-out",
		Long: `Ends a lock-out early, and resets the count of wrong responses. The PIN stays. First find out who typed
those responses: $0 log list --user USERID --outcome denied.`,
		Example: `  $0 log list --user ALICE --outcome denied --since 24h
  $0 user unlock ALICE`,
		Args: arguments("USERID"),
		RunE: func(command *cobra.Command, given []string) error {
			err := app.query(command.Context(), func(queries *statements) error {
				return queries.UnlockUser(command.Context(), given[0])
			})
			if err != nil {
				return err
			}
			app.printf("User %s is not locked.\n", given[0])
			return nil
		},
	}
}

func newUserActiveCommand(app *application, verb string, active bool) *cobra.Command {
	command := &cobra.Command{
		Use:     verb + " USERID",
		Short:   "Activate a user again",
		Long:    `Lets a user who was disabled begin sessions and approve again, with the PIN from before.`,
		Example: `  $0 user enable ALICE`,
		Args:    arguments("USERID"),
		RunE: func(command *cobra.Command, given []string) error {
			err := app.query(command.Context(), func(queries *statements) error {
				return queries.SetUserActive(command.Context(), given[0], active)
			})
			if err != nil {
				return err
			}
			if active {
				app.printf("User %s is enabled.\n", given[0])
			} else {
				app.printf("User %s is disabled: no new session, no approval. Undo: $0 user enable %s\n", given[0], shell(given[0]))
			}
			return nil
		},
	}
	if !active {
		command.Short = "Deactivate a user, who stays in the log"
		command.Long = `Deactivates a user from the commit on: no new session, no approval. Transactions that have begun continue.
Database roles are unchanged: if the user logs in to the database, revoke that too.`
		command.Example = `  $0 user disable MALLORY`
	}
	return command
}
