package client

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern"
)

func TestReceiptIsOfTheEntry(t *testing.T) {
	o := newOffice(t)
	var receipts, before []postern.Receipt
	err := postern.Do(t.Context(), o.application.Pool, o.alice, answers(pin), func(tx pgx.Tx) (err error) {
		if before, err = postern.Receipts(t.Context(), tx); err != nil {
			return err
		}
		for invoice := range 2 {
			if _, err := tx.Exec(t.Context(), "select postern.checkpoint($1, jsonb_build_object('INVOICE', $2::integer))", gate, invoice); err != nil {
				return err
			}
		}
		receipts, err = postern.Receipts(t.Context(), tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(before) != 0 || len(receipts) != 2 || receipts[0].GateID != gate || receipts[0].LogID >= receipts[1].LogID {
		t.Fatalf("the receipts are %v, then %v", before, receipts)
	}
	for _, receipt := range receipts {
		var text string
		err := o.Pool.QueryRow(t.Context(), `
select e.log_id || ':' || encode(postern_internal.leaf_hash(e), 'hex') from postern_internal.checkpoint_entry as e where e.log_id = $1`, receipt.LogID).Scan(&text)
		if err != nil || receipt.String() != text {
			t.Errorf("the receipt is %s, the entry %s, %v", receipt, text, err)
		}
	}
	// Nothing seals the log here.
	if sealed, err := postern.WaitSealed(t.Context(), o.application.Pool, receipts[0].LogID, 80*time.Millisecond); sealed || err != nil {
		t.Errorf("it is sealed: %v, %v", sealed, err)
	}
	if _, err := postern.WaitSealed(t.Context(), o.application.Pool, receipts[0].LogID, 2*time.Hour); !isInvalid(err) {
		t.Errorf("waiting for two hours: %v", err)
	}
}

func isInvalid(err error) bool {
	_, ok := err.(*postern.MessageInvalid)
	return ok
}
