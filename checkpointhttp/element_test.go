package checkpointhttp_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/text/language"

	"github.com/posternsql/postern"
)

// carry is the form that the element sends after the dialog.
func carry(payee, amount, ticket string) url.Values {
	return url.Values{
		"postern_ticket": {ticket}, "postern_method": {"POST"}, "postern_type": {"application/x-www-form-urlencoded;charset=UTF-8"},
		"postern_body": {base64.RawURLEncoding.EncodeToString([]byte(payment(payee, amount).Encode()))},
	}
}

func TestRehearsalChangesNothing(t *testing.T) {
	s := openShop(t)
	alice := s.program(t, "ALICE").with("Postern-Rehearsal", "1")
	asked := alice.pay("ACME", "5")
	asked.want(t, http.StatusUnauthorized)
	if asked.Header.Get("Postern-Rehearsal") == "" {
		t.Error("the response does not say that it was a rehearsal")
	}
	denied := alice.with("Postern-Ticket", alice.answer(asked.problem(t).Challenge, typo)).pay("ACME", "5")
	if p := denied.problem(t); p.Challenge == "" || p.Rejected.Code != "PS102" {
		t.Errorf("got %+v", p)
	}
	ticket := alice.answer(denied.problem(t).Challenge, pinOfAlice)
	approved := alice.with("Postern-Ticket", ticket)
	changed := approved.pay("MALLORY", "5")
	if p := changed.problem(t); p.Rejected.Reason != "changed" || p.Message != "5 paid to MALLORY" {
		t.Errorf("got %+v", p)
	}
	for range 2 {
		got := approved.pay("ACME", "5")
		got.want(t, http.StatusNoContent)
		if got.body != "" || got.Header.Get("X-Paid") != "" {
			t.Errorf("a rehearsal gives %v, %q", got.Header, got.body)
		}
	}
	s.want(t, "", "denied")
	// The browser shows a refusal of the application's own as usual.
	alice.pay("", "5").want(t, http.StatusNoContent)
	s.program(t, "").with("Postern-Rehearsal", "1").pay("ACME", "5").want(t, http.StatusUnauthorized)

	browser := s.browser(t, "ALICE")
	browser.post("/pay", carry("MALLORY", "5", ticket)).want(t, http.StatusUnauthorized, "5 paid to MALLORY", "Something has changed")
	s.want(t, "", "denied")
	browser.post("/pay", carry("ACME", "5", ticket)).want(t, http.StatusCreated, "paid 5 to ACME")
	browser.post("/pay", carry("ACME", "5", ticket)).want(t, http.StatusConflict, "This approval has been used already.") // a reload
	browser.post("/pay", carry("ACME", "6", "")).want(t, http.StatusUnauthorized, "6 paid to ACME")
	browser.with("Sec-Fetch-Site", "same-site").post("/pay", carry("ACME", "6", ticket)).want(t, http.StatusForbidden)
	s.want(t, "ACME 5", "denied passed")
}

func TestElementIsServedForEveryStrictPage(t *testing.T) {
	s := openShop(t)
	nobody := s.browser(t, "")
	script := nobody.get("/checkpoint/element.js")
	script.want(t, http.StatusOK, "postern-checkpoint")
	if len(script.body) > 12<<10 {
		t.Errorf("the script has %d bytes", len(script.body))
	}
	for _, name := range []string{"passkey.js", "totp.js"} {
		if enrols := nobody.get("/checkpoint/" + name); enrols.StatusCode != http.StatusOK || !strings.Contains(enrols.body, `from"./element.js"`) {
			t.Errorf("%s is %s", name, enrols.body)
		}
	}
	for header, want := range map[string]string{
		"Content-Type": "text/javascript; charset=utf-8", "X-Content-Type-Options": "nosniff", "Cache-Control": "max-age=3600",
		"Cross-Origin-Resource-Policy": "same-origin",
	} {
		if got := script.Header.Get(header); got != want {
			t.Errorf("%s is %q", header, got)
		}
	}
	tag := script.Header.Get("ETag")
	if again := nobody.with("If-None-Match", tag).get("/checkpoint/element.js"); tag == "" || again.StatusCode != http.StatusNotModified {
		t.Errorf("with ETag %s got %d", tag, again.StatusCode)
	}
	for _, unsafe := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "import("} {
		if strings.Contains(script.body, unsafe) {
			t.Errorf("the script has %s", unsafe)
		}
	}
}

func TestWordsOfTheElement(t *testing.T) {
	s := openShop(t)
	catalog := postern.Words()
	if err := catalog.SetString(language.Arabic, "dialog.cancel", "إلغاء"); err != nil {
		t.Fatal(err)
	}
	s.checkpoints.Words = catalog
	for locale, want := range map[string]string{
		"de-AT": `"language":"de"`, "fr": `"cancel":"Cancel"`, "": `"direction":"ltr"`, "ar-EG": `"direction":"rtl"`,
	} {
		got := s.browser(t, "").with("Accept-Language", locale).get("/checkpoint/words")
		got.want(t, http.StatusOK, want)
		if got.Header.Get("Vary") != "Accept-Language" {
			t.Errorf("%s: got Vary: %s", locale, got.Header.Get("Vary"))
		}
		if strings.Contains(got.body, `""`) {
			t.Errorf("%s: a sentence is missing: %s", locale, got.body)
		}
	}
	s.browser(t, "ALICE").with("Accept-Language", "ar").pay("ACME", "5").want(t, http.StatusUnauthorized, "إلغاء")
}

func TestProblemHasTheMessageForPeople(t *testing.T) {
	s := openShop(t)
	p := s.program(t, "ALICE").pay("A\u202eB\n<b>", "5").problem(t)
	if p.Message != "5 paid to A\u202eB\n<b>" || p.Shown.Message != `5 paid to A\u202eB\n<b>` || p.Shown.Description != "Pay a supplier" {
		t.Errorf("got %+v", p)
	}
	if p.ExpiresIn < 200 || p.ExpiresIn > 300 {
		t.Errorf("it expires in %d seconds", p.ExpiresIn)
	}
}
