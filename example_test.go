package postern_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern"
)

// A gate stops the approval of an invoice until Alice has entered her PIN. At the first attempt she mistypes it.
func ExampleDo() {
	ctx := context.Background()
	office := openOffice()
	defer office.close()

	typed := []string{"482931", "482913"}
	prompt := func(_ context.Context, required *postern.CheckpointRequired) (postern.Answer, error) {
		if required.Rejected != nil {
			fmt.Println("Wrong user name or PIN. Once more:")
		}
		fmt.Printf("%s: %s\n", required.Description, required.Message)
		answer := postern.Answer{Username: required.Username, Response: typed[0], Comment: "as ordered"}
		typed = typed[1:]
		return answer, nil
	}
	session := postern.TokenSession(office.signer, "ALICE")
	err := postern.Do(ctx, office.pool, session, prompt, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `select postern.checkpoint('SINWOF_APPROVE', '{"INVOICE": 1041}')`)
		return err
	})
	fmt.Println("error:", err)
	// Output:
	// Approve an invoice: Invoice 1041 approved
	// Wrong user name or PIN. Once more:
	// Approve an invoice: Invoice 1041 approved
	// error: <nil>
}

// A web application's user answers in another request: the first one ends with the question.
func ExampleResume() {
	ctx := context.Background()
	office := openOffice()
	defer office.close()
	session := postern.TokenSession(office.signer, "ALICE")
	approve := func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `select postern.checkpoint('SINWOF_APPROVE', '{"INVOICE": 1041}')`)
		return err
	}

	var required *postern.CheckpointRequired
	if err := postern.Do(ctx, office.pool, session, nil, approve); errors.As(err, &required) {
		fmt.Printf("%s, user name %s\n", required.Message, required.Username)
	}
	answer := postern.Answer{Username: "ALICE", Response: "482913"}
	fmt.Println("error:", postern.Resume(ctx, office.pool, session, required.Challenge, answer, approve))
	// Output:
	// Invoice 1041 approved, user name ALICE
	// error: <nil>
}
