package postern_test

import (
	"bytes"
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/testdb"
)

// office is what the examples take for granted: a gate, Alice with a PIN, an application that signs tokens.
type office struct {
	pool   *pgxpool.Pool
	signer postern.Signer
	close  func()
}

func openOffice() office {
	t := &testdb.Example{}
	ctx := context.Background()
	database := testdb.New(t)
	secret := bytes.Repeat([]byte("secret__"), 4)
	administrator := db.New(database.Pool)
	signer, err := postern.NewSigner("example", secret, database.Name)
	err = errors.Join(err,
		administrator.CreateSessionKey(ctx, "example", secret),
		administrator.RegisterGate(ctx, db.RegisterGateParams{
			GateID: "SINWOF_APPROVE", Description: "Approve an invoice", Message: "Invoice &INVOICE approved", Parameters: []string{"INVOICE"}, Active: true,
		}),
		administrator.CreateUser(ctx, "ALICE", "Alice", nil),
		administrator.ResetPIN(ctx, "ALICE", "739146"))
	if err != nil {
		t.Fatal(err)
	}
	made := office{pool: database.Login(t, "postern_app").Pool, signer: signer, close: t.Close}
	first := func(context.Context, *postern.CheckpointRequired) (postern.Answer, error) {
		return postern.Answer{Response: "739146"}, nil
	}
	err = postern.Do(ctx, made.pool, postern.TokenSession(signer, "ALICE"), first, func(tx pgx.Tx) error {
		return db.New(tx).SetPIN(ctx, "482913")
	})
	if err != nil {
		t.Fatal(err)
	}
	return made
}
