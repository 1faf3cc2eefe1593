package client

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/db"
)

// An application asks through the bindings what its user may see, and gets typed errors.
func TestApplicationAsksAboutCompaniesAndLedgers(t *testing.T) {
	o := newOffice(t)
	ctx, admin := t.Context(), db.New(o.Pool)
	class, cost := "SALES", "900"
	id := func(codeA string, codeB *string) int64 {
		t.Helper()
		created, err := admin.PostingCombinationID(ctx, db.PostingCombinationIDParams{Company: "10", CodeA: codeA, CodeB: codeB})
		if err != nil {
			t.Fatal(err)
		}
		return created
	}
	for _, err := range []error{
		admin.CreateCompany(ctx, "10", "Nordic Paper"),
		admin.CreateCompany(ctx, "20", "Baltic Timber"),
		admin.GrantCompany(ctx, "ALICE", "10", true),
		admin.CreateAuthorityClass(ctx, "10", class),
		admin.SetUserAuthorityClass(ctx, "10", "ALICE", &class),
		admin.SetRowLevelSecurity(ctx, "10", true),
		admin.CreateLedger(ctx, "10", "IFRS"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	sales := db.AddAuthorityCombinationParams{
		Company: "10", Class: class, Allowed: true,
		CodeA: "3%", CodeB: " ", CodeC: "%", CodeD: "%", CodeE: "%", CodeF: "%", CodeG: "%", CodeH: "%", CodeI: "%", CodeJ: "%",
	}
	if _, err := admin.AddAuthorityCombination(ctx, sales); err != nil {
		t.Fatal(err)
	}
	shown, hidden := id("3000", nil), id("3000", &cost)

	err := postern.Do(ctx, o.application.Pool, o.alice, nil, func(tx pgx.Tx) error {
		queries := db.New(tx)
		own, err := queries.ListOwnCompanies(ctx)
		if err != nil || len(own) != 1 || own[0] != (db.OwnCompany{Company: "10", UserID: "ALICE", IsDefault: true}) {
			t.Errorf("the user's companies are %v; error: %v", own, err)
		}
		if err := queries.RequireCompany(ctx, "10"); err != nil {
			t.Error(err)
		}
		if err := queries.RequireCompanyUser(ctx, "10", "ALICE"); err != nil {
			t.Error(err)
		}
		for question, ask := range map[string]struct {
			do   func() (bool, error)
			want bool
		}{
			"company":       {func() (bool, error) { return queries.IsCompanyAuthorized(ctx, "10") }, true},
			"other company": {func() (bool, error) { return queries.IsCompanyAuthorized(ctx, "20") }, false},
			"shown":         {func() (bool, error) { return queries.IsCombinationAllowed(ctx, "10", shown) }, true},
			"hidden":        {func() (bool, error) { return queries.IsCombinationAllowed(ctx, "10", hidden) }, false},
			"not connected": {func() (bool, error) { return queries.IsLedgerCombinationAllowed(ctx, "10", "IFRS", shown) }, false},
			"code string": {func() (bool, error) {
				return queries.IsCodeStringAllowed(ctx, db.IsCodeStringAllowedParams{Company: "10", CodeA: "3999"})
			}, true},
			"other code string": {func() (bool, error) {
				return queries.IsCodeStringAllowed(ctx, db.IsCodeStringAllowedParams{Company: "10", CodeA: "3999", CodeB: &cost})
			}, false},
		} {
			if got, err := ask.do(); err != nil || got != ask.want {
				t.Errorf("%s: got %v and %v, want %v", question, got, err, ask.want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	err = postern.Do(ctx, o.application.Pool, o.alice, nil, func(tx pgx.Tx) error { return db.New(tx).RequireCompany(ctx, "20") })
	if refused, ok := err.(*postern.CompanyNotAuthorized); !ok || refused.Server.Hint == "" {
		t.Errorf("another user's company: got %v, want a *CompanyNotAuthorized", err)
	}
	err = postern.Do(ctx, o.application.Pool, o.alice, nil, func(tx pgx.Tx) error {
		_, err := db.New(tx).IsCodeStringAllowed(ctx, db.IsCodeStringAllowedParams{Company: "10"})
		return err
	})
	if refused, ok := err.(*postern.RuleInvalid); !ok || refused.Server.Hint == "" {
		t.Errorf("a code string without code part A: %v", err)
	}
}
