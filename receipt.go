package postern

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Receipt is a client's evidence if an entry of the log is ever changed or missing, even if that happened before the
// log was sealed. "postern log prove --receipt" accepts its text.
type Receipt struct {
	LogID  int64
	GateID string
	// Asked reports whether the user was shown this gate with these values. It is false if the approval of something
	// else opened the gate.
	Asked bool
	// LeafHash is the hash of the entry's leaf in the log's Merkle tree, 32 bytes.
	LeafHash []byte
}

// String returns LOG_ID:HASH, with the hash in hexadecimal.
func (r Receipt) String() string {
	return fmt.Sprintf("%d:%s", r.LogID, hex.EncodeToString(r.LeafHash))
}

// Receipts returns the receipts of the checkpoints that tx has passed so far. Call it at the end of the work of [Do];
// they prove something only once tx has committed.
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

// WaitSealed waits until an entry of the log is under a signed head, so that it can be proved. It returns false if that
// takes longer than timeout, which is at most an hour. It needs a running sealer ("postern log seal --every 1s").
func WaitSealed(ctx context.Context, pool Pool, logID int64, timeout time.Duration) (sealed bool, err error) {
	err = pgx.BeginTxFunc(ctx, pool, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		sealed, err = queries(tx).WaitSealed(ctx, logID, timeout.Seconds())
		return err
	})
	return sealed, AsError(err)
}
