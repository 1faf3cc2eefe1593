package db_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/testdb"
)

// office is what the examples take for granted: an application, and Alice, who is a user of company 10.
type office struct {
	administrator *db.Queries
	asAlice       func(work func(ctx context.Context, queries *db.Queries) error) error
	close         func()
}

func openOffice() office {
	ctx, example := context.Background(), &testdb.Example{}
	database := testdb.New(example)
	administrator := db.New(database.Pool)
	if err := errors.Join(
		administrator.CreateUser(ctx, "ALICE", "Alice", nil),
		administrator.CreateCompany(ctx, "10", "Nordic Paper"),
		administrator.CreateCompany(ctx, "20", "Baltic Timber"),
		administrator.GrantCompany(ctx, "ALICE", "10", true),
	); err != nil {
		panic(err)
	}
	application := database.Login(example, "postern_trusted_app").Pool
	return office{administrator: administrator, close: example.Close, asAlice: func(work func(context.Context, *db.Queries) error) error {
		return postern.Do(ctx, application, postern.TrustedSession("ALICE"), nil, func(tx pgx.Tx) error { return work(ctx, db.New(tx)) })
	}}
}

// A gate is registered and reached as Sec_Checkpoint_Gate_API.Register and Security_SYS.Security_Checkpoint do it, with
// IFS Messages.
func ExampleQueries_SecurityCheckpoint() {
	office := openOffice()
	defer office.close()
	ctx := context.Background()

	gate := message(ctx, office.administrator, "GATE",
		"DESCRIPTION", "Approve an invoice",
		"MESSAGE", "Invoice &INVOICE approved",
		"ACTIVE", "TRUE",
		"PARAMETERS", message(ctx, office.administrator, "PARAMETERS", "INVOICE", ""))
	fmt.Println("registered:", office.administrator.RegisterGateMessage(ctx, "SINWOF_APPROVE", gate))

	err := office.asAlice(func(ctx context.Context, queries *db.Queries) error {
		parameters := message(ctx, queries, "SECURITY_CHECKPOINT", "INVOICE", "1041")
		return queries.SecurityCheckpoint(ctx, "SINWOF_APPROVE", &parameters)
	})
	var required *postern.CheckpointRequired
	if errors.As(err, &required) {
		fmt.Println(required.Description + ": " + required.Message)
	}
	// Output:
	// registered: <nil>
	// Approve an invoice: Invoice 1041 approved
}

// message makes an IFS Message of names and values in turn.
func message(ctx context.Context, queries *db.Queries, name string, attributes ...string) string {
	made, err := queries.ConstructMessage(ctx, name)
	for index := 0; err == nil && index < len(attributes); index += 2 {
		made, err = queries.AddMessageAttribute(ctx, made, attributes[index], attributes[index+1])
	}
	if err != nil {
		panic(err)
	}
	return made
}

// IFS Messages are texts: each function takes one, and gives what it became.
func ExampleQueries_MessageAttributes() {
	office := openOffice()
	defer office.close()
	ctx, queries := context.Background(), office.administrator

	invoice := message(ctx, queries, "INVOICE", "NO", "1041", "AMOUNT", "17250", "REMARK", "urgent")
	invoice, err := queries.SetMessageAttribute(ctx, invoice, "AMOUNT", "17000")
	if err != nil {
		panic(err)
	}
	if invoice, err = queries.RemoveMessageAttribute(ctx, invoice, "REMARK"); err != nil {
		panic(err)
	}
	name, err := queries.MessageName(ctx, invoice)
	fmt.Println(name, err)
	attributes, err := queries.MessageAttributes(ctx, invoice)
	for _, attribute := range attributes {
		fmt.Println(attribute.Position, attribute.Name, attribute.Value)
	}
	fmt.Println(err)
	currency, err := queries.FindMessageAttribute(ctx, invoice, "CURRENCY", "EUR")
	fmt.Println(currency, err)
	// Output:
	// INVOICE <nil>
	// 1 NO 1041
	// 2 AMOUNT 17000
	// <nil>
	// EUR <nil>
}

// Whether the current user is a user of a company, in each of the ways of User_Finance_API. The first two raise PS201.
func ExampleQueries_UserFinanceIsAllowed() {
	office := openOffice()
	defer office.close()

	for _, company := range []string{"10", "20"} {
		err := office.asAlice(func(ctx context.Context, queries *db.Queries) error {
			user, err := queries.GetFndUser(ctx)
			if err != nil {
				return err
			}
			authorized, err := queries.IsCompanyAuthorized(ctx, company)
			if err != nil {
				return err
			}
			userAuthorized, err := queries.UserFinanceIsUserAuthorized(ctx, company)
			if err != nil {
				return err
			}
			allowed, err := queries.UserFinanceIsAllowed(ctx, company)
			if err != nil {
				return err
			}
			fmt.Println(user, company, authorized, userAuthorized, allowed)
			if err := queries.RequireCompanyUser(ctx, company, user); err != nil {
				return err
			}
			return queries.RequireCompany(ctx, company)
		})
		var refused *postern.CompanyNotAuthorized
		fmt.Println("refused:", errors.As(err, &refused))
	}
	// Output:
	// ALICE 10 true true TRUE
	// refused: false
	// ALICE 20 false false FALSE
	// refused: true
}

// Whether the current user may see rows of a ledger: of the general one by posting combination or by code string, of an
// internal one by posting combination.
func ExampleQueries_AuthorizeCombIsAllowed() {
	office := openOffice()
	defer office.close()
	ctx, administrator, class := context.Background(), office.administrator, "SALES"

	if err := errors.Join(
		administrator.CreateAuthorityClass(ctx, "10", class),
		administrator.SetUserAuthorityClass(ctx, "10", "ALICE", &class),
		administrator.SetRowLevelSecurity(ctx, "10", true),
		administrator.CreateLedger(ctx, "10", "IFRS"),
		administrator.GrantLedger(ctx, "10", "IFRS", "ALICE"),
	); err != nil {
		panic(err)
	}
	if _, err := administrator.AddAuthorityCombination(ctx, db.AddAuthorityCombinationParams{
		Company: "10", Class: class, Allowed: true, CodeA: "3%",
		CodeB: "%", CodeC: "%", CodeD: "%", CodeE: "%", CodeF: "%", CodeG: "%", CodeH: "%", CodeI: "%", CodeJ: "%",
	}); err != nil {
		panic(err)
	}
	for _, account := range []string{"3000", "4000"} {
		combination, err := administrator.PostingCombinationID(ctx, db.PostingCombinationIDParams{Company: "10", CodeA: account})
		if err != nil {
			panic(err)
		}
		err = office.asAlice(func(ctx context.Context, queries *db.Queries) error {
			general, err := queries.AuthorizeCombIsAllowed(ctx, "10", combination)
			if err != nil {
				return err
			}
			codeString, err := queries.AuthorizeCombIsAllowedCodestring(ctx, db.AuthorizeCombIsAllowedCodestringParams{Company: "10", CodeA: account})
			if err != nil {
				return err
			}
			internal, err := queries.IntLedAuthCombIsAllowed(ctx, "10", "IFRS", combination)
			fmt.Println(account, general, codeString, internal)
			return err
		})
		if err != nil {
			panic(err)
		}
	}
	// Output:
	// 3000 TRUE TRUE TRUE
	// 4000 FALSE FALSE TRUE
}
