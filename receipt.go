package postern

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Receipt is what a client can show if an entry of the log is ever changed or missing, also when that happened before
// the log was sealed. "postern log prove --receipt" takes its text.
type Receipt struct {
	LogID  int64
	GateID string
	// Asked tells whether the user was shown this gate with these values; false where the approval of something else opened
	// it along.
	Asked bool
	// LeafHash is the hash of the entry's leaf in the log's Merkle tree, of 32 octets.
	LeafHash []byte
}

// String is LOG_ID:HASH, the hash in hexadecimal.
func (r Receipt) String() string {
	return fmt.Sprintf("%d:%s", r.LogID, hex.EncodeToString(r.LeafHash))
}

// Receipts gives the receipts of the checkpoints that tx has passed so far. Call it at the end of the work of [Do]; they
// are worth something once tx has committed.
func Receipts(ctx context.Context, tx pgx.Tx) ([]Receipt, error) {
	rows, err := queries(tx).Receipts(ctx)
	if err != nil {
		return nil, AsError(err)
	}
	receipts := make([]Receipt, len(rows))
	for index, row := range rows {
		receipts[index] = Receipt{LogID: row.LogID, GateID: row.GateID, Asked: row.Asked, LeafHash: row.LeafHash}
	}
	return receipts, nil
}

// WaitSealed waits until an entry of the log is under a signed head, so that it can be proven; false where that took
// longer than timeout, of at most an hour. It needs a sealer that runs ("postern log seal --every 1s").
func WaitSealed(ctx context.Context, pool Pool, logID int64, timeout time.Duration) (sealed bool, err error) {
	err = pgx.BeginTxFunc(ctx, pool, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		sealed, err = queries(tx).WaitSealed(ctx, logID, timeout.Seconds())
		return err
	})
	return sealed, AsError(err)
}
