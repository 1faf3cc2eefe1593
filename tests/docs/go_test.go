package docs

import (
	"context"
	"errors"
	"strings"
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
end;
create schema shop;
create table shop.invoice (invoice_no integer primary key, approved boolean);
insert into shop.invoice values (3, false);
select postern.register_gate('SHOP_APPROVE', 'Approve an invoice', 'Invoice &INVOICE approved', '{INVOICE}', active => true);
select postern.protect_gate('shop.invoice', 'SHOP_APPROVE', columns => '{approved}', parameters => '{"INVOICE": "invoice_no"}');
select postern.register_gate('APP_PAY', 'Pay', 'Paid', active => true);
select postern.set_user_db_role('ALICE', session_user::name);
begin;
select postern_internal.lift_administration_gate('test');
select postern.set_setting('administration_gate', 'all');
commit`)
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
		err := postern.Do(ctx, pool, session, prompt, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, "update shop.invoice set approved = true where invoice_no = $1", 3)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var message string
		if err := pool.QueryRow(ctx, "select l.message from postern.checkpoint_log as l join shop.invoice as i on i.approved where l.gate_id = 'SHOP_APPROVE'").Scan(&message); err != nil || message != "Invoice 3 approved" {
			t.Errorf("the log has %q, %v", message, err)
		}
	}
	{
		err := postern.Do(ctx, pool, postern.RoleSession(), prompt, func(tx pgx.Tx) error {
			return db.New(tx).SetGateActive(ctx, "APP_PAY", false)
		})
		if err != nil {
			t.Fatal(err)
		}
		var message string
		if err := pool.QueryRow(ctx, "select l.message from postern.checkpoint_log as l where l.gate_id = 'POSTERN_ADMINISTRATION'").Scan(&message); err != nil || !strings.HasPrefix(message, "Gate APP_PAY switched off ") {
			t.Errorf("the log has %q, %v", message, err)
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
