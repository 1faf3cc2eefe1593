package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/internal/program"
	"github.com/posternsql/postern/internal/query"
	"github.com/posternsql/postern/internal/sessionkey"
)

func newSessionCommand(app *application) *cobra.Command {
	command := &cobra.Command{
		Use:   "session",
		Short: "Keys and tokens that tell the database who the end user is",
		Long: `An application server tells the database who its end user is with a signed token (JWT, HS256), which it
passes to postern.begin_session in each transaction. These commands make the keys for that.`,
		Example: `  $0 session key create erp-2026 --output erp-2026.key
  $0 session token --kid erp-2026 --secret-file erp-2026.key --user ALICE`,
	}
	key := &cobra.Command{
		Use:   "key",
		Short: "Keys that sign session tokens",
		Long: `A session key has an id (kid), which each token names, and a secret, which the application servers
share with the database. Whoever has the secret can speak for every user: keep it where the application keeps its
passwords.

These commands need the role postern_admin; list also works with postern_auditor.`,
		Example: `  $0 session key create erp-2026 --output erp-2026.key
  $0 session key rotate erp-2026 erp-2027 --output erp-2027.key
  $0 session key list`,
	}
	key.AddCommand(
		newSessionKeyCreateCommand(app),
		newSessionKeyListCommand(app),
		newSessionKeyRotateCommand(app),
		newSessionKeyRetireCommand(app),
	)
	command.AddCommand(key, newSessionTokenCommand(app))
	return command
}

// aboutSecrets is the part about the secret that the help of create and rotate share.
const aboutSecrets = `The secret is 32 random bytes, written as 43 characters of base64url. The application signs with those characters
as they are. --output writes them to a new file that only you can read, and overwrites nothing. --print writes them to
standard output, for a pipe into a secret store. --secret-file takes an existing secret of 32 to 1024 bytes (- is
standard input): the bytes of the file, without the last line end of a text file.`

// keySecret says where the secret of a new session key comes from and where it goes.
type keySecret struct {
	from  string
	to    string
	print bool
}

func (s *keySecret) addFlags(command *cobra.Command) {
	command.Flags().StringVarP(&s.to, "output", "o", "", "write a new secret to this file, which must not exist")
	command.Flags().BoolVar(&s.print, "print", false, "write a new secret to standard output")
	command.Flags().StringVar(&s.from, "secret-file", "", "take the secret from this file")
	command.MarkFlagsOneRequired("output", "print", "secret-file")
	command.MarkFlagsMutuallyExclusive("output", "print", "secret-file")
}

// createSessionKey creates a key, after also, in one transaction.
func (a *application) createSessionKey(ctx context.Context, kid string, source keySecret, also func(*statements) error) error {
	return a.withDatabase(ctx, func(connection *pgx.Conn, _ *statements) (err error) {
		secret := sessionkey.NewSecret()
		if source.from != "" {
			if secret, err = a.readSecret(source.from); err != nil {
				return err
			}
		}
		err = sessionkey.Create(ctx, connection, kid, secret, source.to, func(tx pgx.Tx) error { return also(newStatements(tx)) })
		if err != nil {
			return err
		}
		if source.print {
			a.printf("%s\n", secret)
			if a.out.failure != nil {
				return withHint(fmt.Errorf("the secret of session key %s is lost: %w", kid, a.out.failure), "Retire it: %s session key retire %s", program.Name(), shell(kid))
			}
		}
		return nil
	})
}

// sayKey reports a new key: on standard error if standard output carries the secret.
func (a *application) sayKey(source keySecret, format string, values ...any) {
	if source.print {
		a.warn(format, values...)
		return
	}
	a.printf(format, values...)
}

func newSessionKeyCreateCommand(app *application) *cobra.Command {
	var source keySecret
	command := &cobra.Command{
		Use:   "create KID",
		Short: "Create a key for session tokens",
		Long: `Creates a key for session tokens. A kid is never used again, not even after its key was retired.

` + aboutSecrets,
		Example: `  $0 session key create erp-2026 --output erp-2026.key
  $0 session key create erp-2026 --print | vault kv put secret/erp session_key=-
  $0 session key create erp-2026 --secret-file existing.key`,
		Args: arguments("KID"),
		RunE: func(command *cobra.Command, given []string) error {
			err := app.createSessionKey(command.Context(), given[0], source, func(*statements) error { return nil })
			if err != nil {
				return err
			}
			where := ""
			if source.to != "" {
				where = "; its secret is in " + source.to
			}
			app.sayKey(source, "Session key %s created%s. Next: give kid and secret to the application.\n", given[0], where)
			return nil
		},
	}
	source.addFlags(command)
	return command
}

func newSessionKeyListCommand(app *application) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "list",
		Short: "List the keys for session tokens",
		Long:  `Lists the keys for session tokens, without their secrets: nobody can read those from the database.`,
		Example: `  $0 session key list
  $0 session key list --json | jq -r '.[] | select(.retired_at == null) | .kid'`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			var keys []query.SessionKey
			err := app.query(command.Context(), func(queries *statements) (err error) {
				keys, err = queries.ListSessionKeys(command.Context())
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				return app.printJSON(keys)
			}
			rows := make([][]string, len(keys))
			for index, key := range keys {
				state := "active"
				if key.RetiredAt != nil {
					state = "retired"
				}
				rows[index] = []string{key.KeyID, state, stamp(key.CreatedAt), key.CreatedBy, stampOrDash(key.RetiredAt)}
			}
			app.printTable([]string{"kid", "state", "created_at", "created_by", "retired_at"}, rows)
			if len(keys) == 0 {
				app.warn("There are no session keys. Next: $0 session key create KID --output FILE\n")
			}
			return nil
		},
	}
	addJSON(command, &asJSON)
	return command
}

func newSessionKeyRotateCommand(app *application) *cobra.Command {
	var (
		source    keySecret
		retireOld bool
	)
	command := &cobra.Command{
		Use:   "rotate OLD NEW",
		Short: "Create a key that replaces another",
		Long: `Creates the key NEW, which is to replace OLD. OLD stays valid, so that nothing stops while application
servers change over one by one. When all of them sign with NEW, retire OLD. If the secret of OLD has leaked,
--retire-old retires it at once, in the same transaction.

` + aboutSecrets,
		Example: `  $0 session key rotate erp-2026 erp-2027 --output erp-2027.key
  $0 session key rotate erp-2026 erp-2027 --output erp-2027.key --retire-old`,
		Args: arguments("OLD", "NEW"),
		RunE: func(command *cobra.Command, given []string) error {
			ctx, oldKey, newKey := command.Context(), given[0], given[1]
			err := app.createSessionKey(ctx, newKey, source, func(queries *statements) error {
				keys, err := queries.ListSessionKeys(ctx)
				if err != nil {
					return err
				}
				known := slices.IndexFunc(keys, func(key query.SessionKey) bool { return key.KeyID == oldKey })
				if known < 0 {
					return fmt.Errorf("there is no session key %q; see \"%s session key list\"", oldKey, program.Name())
				}
				if keys[known].RetiredAt != nil {
					return fmt.Errorf("session key %q was retired at %s; to add one, use \"%s session key create\"", oldKey, stamp(*keys[known].RetiredAt), program.Name())
				}
				if retireOld {
					return queries.RetireSessionKey(ctx, oldKey)
				}
				return nil
			})
			if err != nil {
				return err
			}
			if retireOld {
				app.sayKey(source, "Session key %s created, and %s retired: tokens signed with it are refused. Next: give %[1]s to the application.\n",
					newKey, oldKey)
				return nil
			}
			app.sayKey(source, "Session key %s created; %s stays valid. Next: have all application servers sign with %[1]s, then: $0 session key retire %[3]s\n",
				newKey, oldKey, shell(oldKey))
			return nil
		},
	}
	source.addFlags(command)
	command.Flags().BoolVar(&retireOld, "retire-old", false, "refuse tokens signed with OLD from now on")
	return command
}

func newSessionKeyRetireCommand(app *application) *cobra.Command {
	return &cobra.Command{
		Use:   "retire KID",
		Short: "Refuse tokens that a key has signed",
		Long: `Refuses tokens that this key has signed, from the commit on and for good. Transactions that have begun
continue. Retiring a key again changes nothing.`,
		Example: `  $0 session key retire erp-2025`,
		Args:    arguments("KID"),
		RunE: func(command *cobra.Command, given []string) error {
			err := app.query(command.Context(), func(queries *statements) error {
				return queries.RetireSessionKey(command.Context(), given[0])
			})
			if err != nil {
				return err
			}
			app.printf("Session key %s is retired: tokens signed with it are refused.\n", given[0])
			return nil
		},
	}
}

func newSessionTokenCommand(app *application) *cobra.Command {
	var kid, secretFile, userid string
	command := &cobra.Command{
		Use:   "token",
		Short: "Make a session token, to try things out with psql",
		Long: `Makes a token that begins a session of a user in the database of --database-url, for one minute, as an
application server would. It does not connect: only postern.begin_session checks whether user and key exist.`,
		Example: `  token=$($0 session token --kid erp-2026 --secret-file erp-2026.key --user ALICE)
  psql -v token="$token" <<'SQL'
  begin;
  select postern.begin_session(:'token');
  select fnd_session_api.get_fnd_user();
  commit;
  SQL`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			config, err := app.config()
			if err != nil {
				return err
			}
			secret, err := app.readSecret(secretFile)
			if err != nil {
				return err
			}
			database := config.Database
			if database == "" {
				database = config.User // the server's default too
			}
			signer, err := postern.NewSigner(kid, secret, database)
			if err != nil {
				return err
			}
			token, err := signer.Token(userid)
			if err != nil {
				return err
			}
			app.printf("%s\n", token)
			return nil
		},
	}
	command.Flags().StringVar(&kid, "kid", "", "id of the key (required)")
	command.Flags().StringVar(&secretFile, "secret-file", "", "file with its secret, - for standard input (required)")
	command.Flags().StringVar(&userid, "user", "", "user id of the end user (required)")
	for _, name := range []string{"kid", "secret-file", "user"} {
		_ = command.MarkFlagRequired(name)
	}
	return command
}
