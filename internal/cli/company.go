package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/program"
	"github.com/posternsql/postern/internal/query"
	"github.com/posternsql/postern/internal/userid"
)

func newCompanyCommand(app *application) *cobra.Command {
	command := &cobra.Command{
		Use:   "company",
		Short: "Companies, their users, and the tables that are protected",
		Long: `A user works in the companies that an administrator grants. On a protected table, a user reads and
changes only rows of these companies, whatever the application asks for. See docs/company.md.

These commands need the role postern_admin; the lists also work with postern_auditor.`,
		Example: `  $0 company create 10 --name "Nordic Paper"
  $0 company grant ALICE 10 --default
  $0 company protect accounting.voucher`,
	}
	command.AddCommand(
		newCompanyCreateCommand(app),
		newCompanyListCommand(app),
		newCompanyGrantCommand(app),
		newCompanyRevokeCommand(app),
		newCompanyUsersCommand(app),
		newCompanyProtectCommand(app),
		newCompanyUnprotectCommand(app),
		newCompanyProtectedCommand(app),
	)
	return command
}

func newCompanyCreateCommand(app *application) *cobra.Command {
	var name string
	command := &cobra.Command{
		Use:   "create COMPANY",
		Short: "Add a company",
		Long: `Adds a company, which has no users yet. COMPANY is the value in the company column of the application's
tables: 1 to 36 characters, in which upper and lower case differ. Row-level security is off in a new company, and it
has the authority class MAX, which allows everything.`,
		Example: `  $0 company create 10 --name "Nordic Paper"`,
		Args:    arguments("COMPANY"),
		RunE: func(command *cobra.Command, given []string) error {
			err := app.query(command.Context(), func(queries *statements) error {
				return queries.CreateCompany(command.Context(), given[0], name)
			})
			if err != nil {
				return err
			}
			app.printf("Company %s created. Next: $0 company grant USERID %s\n", given[0], shell(given[0]))
			return nil
		},
	}
	command.Flags().StringVar(&name, "name", "", "what people call it (required)")
	_ = command.MarkFlagRequired("name")
	return command
}

func newCompanyListCommand(app *application) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "list",
		Short: "List the companies",
		Long: `Lists the companies. row_level_security: whether authority classes decide which ledger rows a user of the
company sees (see "$0 ledger --help").`,
		Example: `  $0 company list
  $0 company list --json | jq -r '.[] | select(.row_level_security) | .company'`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			var companies []query.Company
			err := app.query(command.Context(), func(queries *statements) (err error) {
				companies, err = queries.ListCompanies(command.Context())
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				return app.printJSON(companies)
			}
			rows := make([][]string, len(companies))
			for index, company := range companies {
				rows[index] = []string{company.Company, company.Name, onOff(company.RowLevelSecurity), stamp(company.CreatedAt)}
			}
			app.printTable([]string{"company", "name", "row_level_security", "created_at"}, rows)
			if len(companies) == 0 {
				app.warn("There are no companies. Next: $0 company create COMPANY --name NAME\n")
			}
			return nil
		},
	}
	addJSON(command, &asJSON)
	return command
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

func newCompanyGrantCommand(app *application) *cobra.Command {
	var isDefault bool
	command := &cobra.Command{
		Use:   "grant USERID COMPANY",
		Short: "Make a user a user of a company",
		Long: `Makes a user a user of a company, from the commit on. Granting twice is harmless. With --default the
company becomes the user's only default company; without it the default is unchanged.`,
		Example: `  $0 company grant ALICE 10 --default
  $0 company grant ALICE 20`,
		Args: arguments("USERID", "COMPANY"),
		RunE: func(command *cobra.Command, given []string) error {
			ctx, userid, company := command.Context(), given[0], given[1]
			return app.query(ctx, func(queries *statements) error {
				if err := queries.GrantCompany(ctx, userid, company, isDefault); err != nil {
					return err
				}
				app.printf("%s is a user of company %s.\n", userid, company)
				return app.warnOfMissingClass(ctx, queries, userid, company)
			})
		},
	}
	command.Flags().BoolVar(&isDefault, "default", false, "make it the user's default company")
	return command
}

// warnOfMissingClass warns if a user without a class will see no ledger rows. Without the warning, the ledger looks
// empty.
func (a *application) warnOfMissingClass(ctx context.Context, queries *statements, userid, company string) error {
	companies, err := queries.ListCompanies(ctx)
	if err != nil {
		return err
	}
	users, err := queries.ListCompanyUsers(ctx, &company, &userid)
	if err != nil {
		return err
	}
	secured := slices.ContainsFunc(companies, func(c query.Company) bool { return c.Company == company && c.RowLevelSecurity })
	if secured && slices.ContainsFunc(users, func(user query.CompanyUser) bool { return user.Class == nil }) {
		a.printf("Row-level security is on there, and without an authority class %s sees no ledger rows. Next: $0 ledger class assign %s %s CLASS\n",
			userid, shell(company), shell(userid))
	}
	return nil
}

func newCompanyRevokeCommand(app *application) *cobra.Command {
	return &cobra.Command{
		Use:   "revoke USERID COMPANY",
		Short: "End a user's membership of a company",
		Long: `Ends a user's membership of a company, for all statements that begin after the commit. The user's
authority class there and the connections to its internal ledgers end too, and a later grant does not restore them.
Revoking what was not granted is harmless.`,
		Example: `  $0 company revoke ALICE 20`,
		Args:    arguments("USERID", "COMPANY"),
		RunE: func(command *cobra.Command, given []string) error {
			err := app.query(command.Context(), func(queries *statements) error {
				return queries.RevokeCompany(command.Context(), given[0], given[1])
			})
			if err != nil {
				return err
			}
			app.printf("%s is not a user of company %s. Running statements continue as they began.\n", given[0], given[1])
			return nil
		},
	}
}

func newCompanyUsersCommand(app *application) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "users [COMPANY]",
		Short: "List the users of companies",
		Long: `Lists the users of all companies, or of the one given. default: the user's default company. class: the
authority class that decides which ledger rows the user sees there, if row-level security is on.`,
		Example: `  $0 company users 10
  $0 company users --json | jq -r '.[] | select(.class == null) | .userid'`,
		Args: optionalArgument,
		RunE: func(command *cobra.Command, given []string) error {
			return app.listCompanyUsers(command.Context(), optional(given), nil, asJSON)
		},
	}
	addJSON(command, &asJSON)
	return command
}

// listCompanyUsers lists the users of each company; company and userid limit the list if they are not nil.
func (a *application) listCompanyUsers(ctx context.Context, company, userid *string, asJSON bool) error {
	var users []query.CompanyUser
	err := a.query(ctx, func(queries *statements) (err error) {
		if err = requireListed(ctx, queries, company, userid); err != nil {
			return err
		}
		users, err = queries.ListCompanyUsers(ctx, company, userid)
		return err
	})
	if err != nil {
		return err
	}
	if asJSON {
		return a.printJSON(users)
	}
	rows := make([][]string, len(users))
	for index, user := range users {
		rows[index] = []string{user.Company, user.UserID, yesNo(user.IsDefault), valueOrDash(user.Class)}
	}
	a.printTable([]string{"company", "userid", "default", "class"}, rows)
	if len(users) == 0 {
		a.warn("There are none. Next: $0 company grant USERID COMPANY\n")
	}
	return nil
}

// requireListed returns an error if the wanted company or user does not exist, since the list of one without entries is
// empty too.
func requireListed(ctx context.Context, queries *statements, company, wanted *string) error {
	if company != nil {
		companies, err := queries.ListCompanies(ctx)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(companies, func(c query.Company) bool { return c.Company == *company }) {
			return withHint(fmt.Errorf("there is no company %q", *company), "See %s company list.", program.Name())
		}
	}
	if wanted != nil {
		users, err := queries.ListUsers(ctx)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(users, func(user query.User) bool { return userid.Same(user.UserID, *wanted) }) {
			return withHint(fmt.Errorf("there is no user %q", *wanted), "See %s user list.", program.Name())
		}
	}
	return nil
}
