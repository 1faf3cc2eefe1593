package checkpointhttp_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// answer posts an answer and returns the ticket.
func (c *client) answer(challenge, pin string) string {
	c.t.Helper()
	return ticketOf(c.t, c.postJSON("/checkpoint/answer", map[string]string{"challenge": challenge, "username": c.user, "response": pin, "comment": "as ordered"}))
}

// ticketOf is the ticket in the response to an answer.
func ticketOf(t *testing.T, got reply) string {
	t.Helper()
	if got.StatusCode != http.StatusOK {
		t.Fatalf("got %d: %s", got.StatusCode, got.body)
	}
	accepted := struct{ Ticket string }{}
	if err := json.Unmarshal([]byte(got.body), &accepted); err != nil {
		t.Fatal(err)
	}
	return accepted.Ticket
}

func TestProgramGetsAChallengeAndSendsATicket(t *testing.T) {
	s := openShop(t)
	alice := s.program(t, "ALICE")
	asked := alice.pay("ACME", "12500")
	asked.want(t, http.StatusUnauthorized)
	want := `Postern error="insufficient_user_authentication", error_description="An approval is needed", acr_values="PIN"`
	if got := asked.Header.Get("WWW-Authenticate"); got != want {
		t.Errorf("got WWW-Authenticate: %s", got)
	}
	p := asked.problem(t)
	if p.Code != "PS101" || p.Gate != "SINWOF_PAY" || p.Message != "12500 paid to ACME" || *p.Username != "ALICE" || p.Schemes[0] != "PIN" ||
		p.Parameters["PAYEE"] != "ACME" || p.Rejected != nil || p.Detail != "This needs your approval." {
		t.Errorf("got %+v", p)
	}
	ticket := alice.answer(p.Challenge, pinOfAlice)
	alice.with("Postern-Ticket", ticket).pay("ACME", "12500").want(t, http.StatusCreated, "paid 12500 to ACME")
	s.want(t, "ACME 12500", "passed")
	again := alice.with("Postern-Ticket", ticket).pay("ACME", "12500")
	again.want(t, http.StatusConflict)
	if p := again.problem(t); p.Code != "PS103" || p.Reason != "used" || p.Challenge != "" {
		t.Errorf("the second use gives %+v", p)
	}
	s.want(t, "ACME 12500", "passed")
}

func TestProgramGetsANewChallengeAfterAWrongAnswer(t *testing.T) {
	s := openShop(t)
	alice := s.program(t, "ALICE").with("Accept-Language", "de")
	first := alice.pay("ACME", "12500").problem(t)
	denied := alice.with("Postern-Ticket", alice.answer(first.Challenge, typo)).pay("ACME", "12500")
	denied.want(t, http.StatusUnauthorized)
	p := denied.problem(t)
	if p.Code != "PS101" || p.Rejected == nil || p.Rejected.Code != "PS102" || !strings.Contains(p.Rejected.Detail, "Benutzername oder PIN") || p.Challenge == first.Challenge {
		t.Fatalf("got %+v", p)
	}
	alice.with("Postern-Ticket", alice.answer(p.Challenge, pinOfAlice)).pay("ACME", "12500").want(t, http.StatusCreated)
	s.want(t, "ACME 12500", "denied passed")
}

func TestProgramCancels(t *testing.T) {
	s := openShop(t)
	alice := s.program(t, "ALICE")
	p := alice.pay("ACME", "12500").problem(t)
	alice.postJSON("/checkpoint/cancel", map[string]string{"challenge": p.Challenge, "comment": "not ordered"}).want(t, http.StatusNoContent)
	s.want(t, "", "cancelled")
}

func TestProgramChangesThePIN(t *testing.T) {
	s := openShop(t)
	alice := s.program(t, "ALICE")
	change := func(response, pin string) reply {
		return alice.postJSON("/checkpoint/pin", map[string]string{"response": response, "new_pin": pin})
	}
	if p := change(typo, "205861").problem(t); p.Status != http.StatusForbidden || p.Code != "PS102" {
		t.Errorf("the wrong PIN gives %+v", p)
	}
	if p := change(pinOfAlice, "111111").problem(t); p.Status != http.StatusUnprocessableEntity || p.Reason != "repetition" {
		t.Errorf("an easy PIN gives %+v", p)
	}
	change(pinOfAlice, "205861").want(t, http.StatusNoContent)
	p := alice.pay("ACME", "5").problem(t)
	alice.with("Postern-Ticket", alice.answer(p.Challenge, "205861")).pay("ACME", "5").want(t, http.StatusCreated)
}

func TestRefusals(t *testing.T) {
	s := openShop(t)
	alice := s.program(t, "ALICE")
	challenge := alice.pay("ACME", "5").problem(t).Challenge
	for name, test := range map[string]struct {
		got    reply
		status int
		code   string
	}{
		"nobody signed in":      {s.program(t, "").pay("ACME", "5"), http.StatusUnauthorized, "PS401"},
		"nobody answers":        {s.program(t, "").postJSON("/checkpoint/answer", map[string]string{}), http.StatusUnauthorized, "PS401"},
		"unknown user":          {s.program(t, "NOBODY").pay("ACME", "5"), http.StatusUnauthorized, "PS402"},
		"malformed ticket":      {alice.with("Postern-Ticket", "x").pay("ACME", "5"), http.StatusConflict, "PS103"},
		"made-up ticket":        {alice.with("Postern-Ticket", "00000000-0000-4000-8000-000000000000").pay("ACME", "5"), http.StatusConflict, "PS103"},
		"made-up challenge":     {alice.postJSON("/checkpoint/answer", map[string]string{"challenge": "x", "username": "ALICE", "response": pinOfAlice}), http.StatusConflict, "PS103"},
		"made-up scheme":        {alice.postJSON("/checkpoint/answer", map[string]string{"challenge": challenge, "username": "ALICE", "response": pinOfAlice, "scheme": "x"}), http.StatusUnprocessableEntity, "PS107"},
		"unknown member":        {alice.postJSON("/checkpoint/answer", map[string]string{"pin": pinOfAlice}), http.StatusBadRequest, "PS107"},
		"two objects":           {alice.send("POST", "/checkpoint/answer", "application/json", strings.NewReader("{}{}")), http.StatusBadRequest, "PS107"},
		"no JSON":               {alice.send("POST", "/checkpoint/answer", "application/json", strings.NewReader("challenge=x")), http.StatusBadRequest, "PS107"},
		"a form":                {alice.post("/checkpoint/answer", payment("ACME", "5")), http.StatusUnsupportedMediaType, "PS107"},
		"the application's own": {alice.pay("", "5"), http.StatusUnprocessableEntity, ""},
		"a constraint":          {alice.pay("ACME", "-5"), http.StatusInternalServerError, ""},
	} {
		if test.got.StatusCode != test.status {
			t.Errorf("%s: got %d: %s", name, test.got.StatusCode, test.got.body)
			continue
		}
		if name == "the application's own" {
			if test.got.body != "Whom?\n" {
				t.Errorf("%s: got %s", name, test.got.body)
			}
			continue
		}
		if p := test.got.problem(t); p.Code != test.code || p.Detail == "" {
			t.Errorf("%s: got %+v", name, p)
		}
		if challenge := test.got.Header.Get("WWW-Authenticate"); (challenge != "") != (test.status == http.StatusUnauthorized) {
			t.Errorf("%s: got WWW-Authenticate: %q", name, challenge)
		}
	}
	if log := s.log.String(); !strings.Contains(log, `pattern="POST /pay"`) || !strings.Contains(log, "positive") || strings.Contains(log, "Whom") {
		t.Errorf("the log has %s", log)
	}
	s.want(t, "", "")
}

func TestPathsOfTheCheckpoints(t *testing.T) {
	s := openShop(t)
	alice := s.program(t, "ALICE")
	alice.get("/checkpoint/style.css").want(t, http.StatusOK, "main {")
	alice.get("/checkpoint/answer").want(t, http.StatusMethodNotAllowed)
	alice.send("PUT", "/checkpoint/pin", "", nil).want(t, http.StatusMethodNotAllowed)
	for _, path := range []string{"/checkpoint/", "/checkpoint/x", "/checkpoint/x/answer", "/checkpoint/page.html"} {
		alice.get(path).want(t, http.StatusNotFound)
	}
}

// A link to the style must be right wherever the application serves the Checkpoints.
func TestApplicationChoosesPathAndHome(t *testing.T) {
	s := openShop(t)
	s.checkpoints.Path, s.checkpoints.Home = "/approve/", "/start"
	s.mux.Handle("/approve/", s.checkpoints)
	alice := s.browser(t, "ALICE")
	page := alice.pay("ACME", "5")
	if !strings.Contains(page.body, `href="./approve/style.css"`) {
		t.Errorf("got %s", page.body)
	}
	alice.get("/approve/style.css").want(t, http.StatusOK)
	end := alice.post("/pay", set(page.answered(t, "", ""), "postern_choice", "cancel"))
	if !strings.Contains(end.body, `href="./start"`) {
		t.Errorf("got %s", end.body)
	}
}
