package checkpointhttp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/checkpointhttp"
	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/testdb"
)

// A handler that approves invoices reaches a gate. A program answers with Alice's PIN, and sends its request again.
func ExampleCheckpoints() {
	pool, done := openExample()
	defer done()

	checkpoints := &checkpointhttp.Checkpoints{Pool: pool, Session: func(*http.Request) (postern.Session, bool) {
		return postern.TrustedSession("ALICE"), true // here: who has signed in to the application
	}}
	mux := http.NewServeMux()
	mux.Handle("/checkpoint/", checkpoints)
	mux.Handle("POST /approve", checkpoints.Handler(func(w http.ResponseWriter, r *http.Request, tx pgx.Tx) error {
		_, err := tx.Exec(r.Context(), "select postern.checkpoint('SINWOF_APPROVE', jsonb_build_object('INVOICE', $1::text))", r.PostFormValue("invoice"))
		if err != nil {
			return err
		}
		_, err = fmt.Fprint(w, "Approved.")
		return err
	}))
	server := httptest.NewServer(mux)
	defer server.Close()

	const form = "application/x-www-form-urlencoded"
	question := struct{ Message, Challenge string }{}
	fmt.Println(post(server.URL+"/approve", form, "invoice=1041", "", &question), question.Message)

	answer, err := json.Marshal(map[string]string{"challenge": question.Challenge, "username": "ALICE", "response": "482913"})
	if err != nil {
		panic(err)
	}
	accepted := struct{ Ticket string }{}
	fmt.Println(post(server.URL+"/checkpoint/answer", "application/json", string(answer), "", &accepted))
	fmt.Println(post(server.URL+"/approve", form, "invoice=1041", accepted.Ticket, nil))
	// Output:
	// 401 Unauthorized Invoice 1041 approved
	// 200 OK
	// 200 OK
}

// post sends a request, and reads the response into a value.
func post(address, contentType, body, ticket string, into any) (status string) {
	request, err := http.NewRequest(http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set(checkpointhttp.TicketHeader, ticket)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && into != nil {
		err = json.NewDecoder(bytes.NewReader(text)).Decode(into)
	}
	if err != nil {
		panic(err)
	}
	return response.Status
}

// openExample makes a database with a gate, and Alice with a PIN.
func openExample() (pool *pgxpool.Pool, done func()) {
	t := &testdb.Example{}
	ctx := context.Background()
	database := testdb.New(t)
	administrator := db.New(database.Pool)
	pool = database.Login(t, "postern_trusted_app").Pool
	first := func(_ context.Context, required *postern.CheckpointRequired) (postern.Answer, error) {
		return postern.Answer{Response: "739146"}, required.Rejected
	}
	err := errors.Join(
		administrator.RegisterGate(ctx, db.RegisterGateParams{
			GateID: "SINWOF_APPROVE", Description: "Approve an invoice", Message: "Invoice &INVOICE approved", Parameters: []string{"INVOICE"}, Active: true,
		}),
		administrator.CreateUser(ctx, "ALICE", "Alice", nil),
		administrator.ResetPIN(ctx, "ALICE", "739146"),
		postern.ChangePIN(ctx, pool, postern.TrustedSession("ALICE"), first, "482913"))
	if err != nil {
		panic(err)
	}
	return pool, t.Close
}
