package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/mdp/qrterminal/v3"
	"github.com/pquerna/otp"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/unlogged"
)

func newUserEnrolTOTPCommand(app *application) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "enrol-totp",
		Short: "Enrol your own authenticator app, with a QR code",
		Long: `Makes the secret of an authenticator app (TOTP, RFC 6238), and shows it once, as a QR code for the app. You
approve that with your PIN, and then confirm the app with the first code that it shows. From then on, its codes
approve at gates that accept the scheme TOTP. Who has an app already needs an administrator to remove it.

You are the end user to whom your database role is mapped (--db-role of "$0 user create"); the role needs postern_user.
An administrator enables the scheme first: $0 scheme enable TOTP.

If standard input is not a terminal, it must be one line, the PIN. The app is then confirmed with "$0 user
confirm-totp". With --json the output is the secret as an otpauth:// URI.`,
		Example: `  $0 user enrol-totp
  pass show erp/alice | $0 user enrol-totp --json | jq -r .uri | qrencode -o app.png`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			ctx := command.Context()
			return app.withDatabase(ctx, func(connection *pgx.Conn, _ *statements) error {
				if err := unlogged.Connection(ctx, connection); err != nil {
					return err
				}
				var uri string
				err := postern.Do(ctx, connection, postern.RoleSession(), app.prompt("PIN"), func(tx pgx.Tx) error {
					enrolled, err := db.New(tx).EnrolTOTP(ctx)
					uri = string(enrolled)
					return err
				})
				if err != nil {
					return err
				}
				if asJSON {
					return app.printJSON(map[string]string{"uri": uri})
				}
				key, err := otp.NewKeyFromURL(uri)
				if err != nil {
					return fmt.Errorf("read the secret: %w", err)
				}
				app.printf("Scan this with your authenticator app. It is not shown again.\n\n")
				qrterminal.GenerateHalfBlock(uri, qrterminal.M, app.out)
				app.printf("\nWithout a camera, type this secret: %s\n", key.Secret())
				if !terminal(app.in) {
					app.printf("Next: $0 user confirm-totp, with the first code.\n")
					return nil
				}
				return app.confirmTOTP(ctx, connection)
			})
		},
	}
	addJSON(command, &asJSON)
	return command
}

func newUserConfirmTOTPCommand(app *application) *cobra.Command {
	return &cobra.Command{
		Use:   "confirm-totp",
		Short: "Confirm your own authenticator app with its first code",
		Long: `Confirms the authenticator app that "$0 user enrol-totp" began to enrol. On a terminal you are asked for the first
code; otherwise standard input must be one line, the code.`,
		Example: `  $0 user confirm-totp`,
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			ctx := command.Context()
			return app.withDatabase(ctx, func(connection *pgx.Conn, _ *statements) error {
				if err := unlogged.Connection(ctx, connection); err != nil {
					return err
				}
				return app.confirmTOTP(ctx, connection)
			})
		},
	}
}

func (a *application) confirmTOTP(ctx context.Context, connection *pgx.Conn) error {
	err := postern.Do(ctx, connection, postern.RoleSession(), a.prompt("Code"), func(tx pgx.Tx) error {
		return db.New(tx).ConfirmTOTP(ctx)
	})
	if err == nil {
		a.printf("The authenticator app is confirmed. Each of its codes approves once.\n")
	}
	return err
}

// prompt asks for the answer at a gate that accepts one scheme. Standard input that is no terminal has one answer.
func (a *application) prompt(what string) postern.Prompt {
	return func(ctx context.Context, required *postern.CheckpointRequired) (answer postern.Answer, err error) {
		if len(required.Schemes) != 1 || required.CommentRequired || required.Username == "" {
			return answer, errors.New("this server asks for more than a PIN or a code: use the application's dialog")
		}
		answer.Scheme = required.Schemes[0]
		if !terminal(a.in) {
			if required.Rejected != nil {
				return answer, required.Rejected
			}
			answer.Response, err = a.readLine(what)
			return answer, err
		}
		if required.Rejected != nil {
			a.warn("%s\n", postern.Explain(required.Rejected, "en"))
		}
		answer.Response, err = a.ask(ctx, what+": ")
		return answer, err
	}
}

func newUserRemoveTOTPCommand(app *application) *cobra.Command {
	return &cobra.Command{
		Use:   "remove-totp USERID",
		Short: "Remove the authenticator app of a user",
		Long: `Removes the authenticator app of a user who has lost it or gets another one, and ends the approvals that the
user has not used yet. The user can then enrol another app with the PIN.`,
		Example: `  $0 user remove-totp ALICE`,
		Args:    arguments("USERID"),
		RunE: func(command *cobra.Command, given []string) error {
			err := app.query(command.Context(), func(queries *statements) error {
				return queries.RemoveTOTP(command.Context(), given[0])
			})
			if err != nil {
				return err
			}
			app.printf("User %s has no authenticator app.\n", given[0])
			return nil
		},
	}
}
