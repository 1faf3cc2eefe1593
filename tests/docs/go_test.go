package docs

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/text/language"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/secret"
)

// TestGoBlocksRun contains the Go blocks of the documentation, word for word.
func TestGoBlocksRun(t *testing.T) {
	database := testdb.New(t)
	ctx, pool, session, pin, invoice := t.Context(), database.Pool, postern.TrustedSession("ALICE"), "739154", "INV-1007"
	admin := db.New(pool)
	for _, err := range []error{
		admin.CreateUser(ctx, "ALICE", "Alice", nil),
		admin.ResetPIN(ctx, "ALICE", secret.Text(pin)),
		admin.RegisterGate(ctx, db.RegisterGateParams{
			GateID: "SINWOF_APPROVE", Description: "Approve an invoice", Message: "Invoice &INVOICE_NO approved",
			Parameters: []string{"INVOICE_NO"}, Active: true,
		}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := pool.Exec(ctx, `
create schema erp;
create function erp.approve_invoice(invoice_no text) returns void
language sql
begin atomic
  select postern.checkpoint('SINWOF_APPROVE', jsonb_build_object('INVOICE_NO', invoice_no));
end;`)
	if err != nil {
		t.Fatal(err)
	}
	config := pool.Config().Copy()
	config.ConnConfig.RuntimeParams["search_path"] = "erp"
	if pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		t.Fatal(err)
	}
	defer pool.Close()

	prompt := func(ctx context.Context, required *postern.CheckpointRequired) (postern.Answer, error) {
		if required.Rejected != nil {
			return postern.Answer{}, required.Rejected
		}
		return postern.Answer{Username: "ALICE", Response: pin, Comment: "Checked: " + required.Message}, nil
	}

	// The PIN that an administrator has set opens only its own change.
	if err := postern.Do(ctx, pool, session, prompt, func(tx pgx.Tx) error { return db.New(tx).SetPIN(ctx, "846205") }); err != nil {
		t.Fatal(err)
	}
	// The old PIN is refused, after one attempt.
	var denied *postern.Denied
	if err := postern.Do(ctx, pool, session, prompt, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "select approve_invoice($1)", invoice)
		return err
	}); !errors.As(err, &denied) {
		t.Errorf("with the old PIN: %v", err)
	}
	pin = "846205"

	{
		err := postern.Do(ctx, pool, session, prompt, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, "select approve_invoice($1)", invoice)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	{
		var receipts []postern.Receipt
		err := postern.Do(ctx, pool, session, prompt, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, "select approve_invoice($1)", invoice); err != nil {
				return err
			}
			receipts, err = postern.Receipts(ctx, tx)
			return err
		})
		if err != nil || len(receipts) != 1 {
			t.Fatal(receipts, err)
		}
	}
	{
		err := error(&pgconn.PgError{Code: "PS104"})
		words := postern.Explain(err, "de-AT, de;q=0.9")
		if words != "Es gab zu viele falsche Antworten. Versuchen Sie es später wieder." {
			t.Error(words)
		}
		extend := func() error {
			french := postern.Words()
			if err := french.SetString(language.French, "PS104", "Trop de réponses fausses. Réessayez %[1]s."); err != nil {
				return err
			}
			words = postern.ExplainIn(french, err, "fr")
			return nil
		}
		if err := extend(); err != nil || words != "Trop de réponses fausses. Réessayez later." {
			t.Error(words, err)
		}
	}
	var comment string
	err = database.Pool.QueryRow(ctx, "select comment from postern.checkpoint_log where gate_id = 'SINWOF_APPROVE' and outcome = 'passed'").Scan(&comment)
	if err != nil || comment != "Checked: Invoice INV-1007 approved" {
		t.Errorf("the log has %q, %v", comment, err)
	}
}
