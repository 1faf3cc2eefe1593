package checkpointhttp_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/net/html"
	"golang.org/x/text/language"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/db"
)

func TestPageAsksAndOKPays(t *testing.T) {
	s := openShop(t)
	alice := s.browser(t, "ALICE")
	page := alice.pay("ACME", "12500")
	page.want(t, http.StatusUnauthorized, "Pay a supplier", "12500 paid to ACME", "User name", "PIN", "Comment", "OK", "Cancel", "Answer within")
	if page.Header.Get("WWW-Authenticate") == "" || page.Header.Get("X-Paid") != "" {
		t.Errorf("got headers %v", page.Header)
	}
	form := page.form(t)
	if form.Get("postern_username") != "ALICE" || form.Get("postern_pin") != "" || form.Has("payee") {
		t.Errorf("the page has %v", form)
	}
	s.want(t, "", "")
	paid := alice.post("/pay", page.answered(t, pinOfAlice, "as\r\nordered"))
	paid.want(t, http.StatusCreated, "paid 12500 to ACME")
	if paid.Header.Get("X-Paid") != "12500" || paid.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("got headers %v", paid.Header)
	}
	s.want(t, "ACME 12500", "passed")
	var comment string
	if err := s.Pool.QueryRow(t.Context(), "select comment from postern.checkpoint_log where outcome = 'passed' and gate_id = 'SINWOF_PAY'").Scan(&comment); err != nil || comment != "as\nordered" {
		t.Errorf("the comment is %q, %v", comment, err)
	}
}

func TestPageKeepsWhatWasTypedButNoPIN(t *testing.T) {
	s := openShop(t)
	alice := s.browser(t, "ALICE")
	page := alice.pay("ACME", "12500")
	again := alice.post("/pay", set(page.answered(t, typo, "as ordered"), "postern_username", "alice"))
	again.want(t, http.StatusUnauthorized, "12500 paid to ACME", "The user name or the PIN is wrong.", "Change your PIN")
	const link = `<a href="./checkpoint/pin"`
	if strings.Contains(page.body, link) || !strings.Contains(again.body, link) {
		t.Errorf("the link to change the PIN is not on the second page only: %s", again.body)
	}
	form := again.form(t)
	if form.Get("postern_comment") != "as ordered" || form.Get("postern_username") != "alice" || form.Get("postern_pin") != "" || strings.Contains(again.body, typo) {
		t.Errorf("the page has %v", form)
	}
	s.want(t, "", "denied")
	alice.post("/pay", again.answered(t, pinOfAlice, "as ordered")).want(t, http.StatusCreated)
	s.want(t, "ACME 12500", "denied passed")
}

func TestPageCancels(t *testing.T) {
	s := openShop(t)
	alice := s.browser(t, "ALICE")
	form := alice.pay("ACME", "12500").answered(t, "", "not ordered")
	alice.post("/pay", set(form, "postern_choice", "cancel")).want(t, http.StatusOK, "You cancelled. Nothing was changed.")
	s.want(t, "", "cancelled")
}

func TestPageSaysWhenThePINIsLocked(t *testing.T) {
	s := openShop(t)
	alice := s.browser(t, "ALICE").with("Accept-Language", "de-AT")
	page := alice.pay("ACME", "12500")
	for range 4 {
		page = alice.post("/pay", page.answered(t, typo, ""))
		page.want(t, http.StatusUnauthorized, "Benutzername oder PIN ist falsch.")
	}
	page = alice.post("/pay", page.answered(t, typo, ""))
	page.want(t, http.StatusUnauthorized, "Benutzername oder Antwort war zu oft falsch. Versuchen Sie es in 30 Minuten wieder.")
	if got := page.Header.Get("Content-Language"); got != "de" {
		t.Errorf("the language is %q", got)
	}
	locked := alice.post("/pay", page.answered(t, pinOfAlice, ""))
	locked.want(t, http.StatusForbidden, "Es gab zu viele falsche Antworten. Versuchen Sie es in 30 Minuten wieder.")
	if locked.Header.Get("Retry-After") == "" {
		t.Error("there is no Retry-After")
	}
	s.want(t, "", "denied denied denied denied denied denied")
}

func TestPageRequiresAComment(t *testing.T) {
	s := openShop(t)
	s.exec(t, "select postern.set_setting('comment_required', 'true'), postern.set_setting('username_prefilled', 'false')")
	alice := s.browser(t, "ALICE")
	page := alice.pay("ACME", "12500")
	page.want(t, http.StatusUnauthorized, "Comment (required)")
	if form := page.form(t); form.Get("postern_username") != "" {
		t.Errorf("the page fills in %v", form)
	}
	again := alice.post("/pay", set(page.answered(t, pinOfAlice, "  "), "postern_username", "ALICE"))
	again.want(t, http.StatusUnauthorized, "Say why in the comment.")
	s.want(t, "", "")
	alice.post("/pay", again.answered(t, pinOfAlice, "as ordered")).want(t, http.StatusCreated)
	s.want(t, "ACME 12500", "passed")
}

func TestPageAsksAgainAfterTheTimeIsOver(t *testing.T) {
	s := openShop(t)
	alice := s.browser(t, "ALICE")
	s.exec(t, "update postern_internal.setting set value = '-1' where name = 'challenge_seconds'")
	page := alice.pay("ACME", "12500")
	s.exec(t, "update postern_internal.setting set value = '300' where name = 'challenge_seconds'")
	again := alice.post("/pay", page.answered(t, pinOfAlice, ""))
	again.want(t, http.StatusUnauthorized, "The time to approve is over.")
	alice.post("/pay", again.answered(t, pinOfAlice, "")).want(t, http.StatusCreated)
	s.want(t, "ACME 12500", "passed")
}

// Somebody else changes the price while the person reads the page.
func TestPageShowsWhatChangedMeanwhile(t *testing.T) {
	s := openShop(t)
	s.exec(t, "create table public.price (amount numeric); insert into public.price values (100); grant select on public.price to public")
	s.mux.Handle("POST /order", s.checkpoints.Handler(func(w http.ResponseWriter, r *http.Request, tx pgx.Tx) error {
		var amount string
		if err := tx.QueryRow(r.Context(), "select amount::text from public.price").Scan(&amount); err != nil {
			return err
		}
		return reach(r.Context(), tx, "SINWOF_PAY", map[string]string{"PAYEE": "ACME", "AMOUNT": amount})
	}))
	alice := s.browser(t, "ALICE")
	page := alice.post("/order", nil)
	page.want(t, http.StatusUnauthorized, "100 paid to ACME")
	s.exec(t, "update public.price set amount = 999")
	again := alice.post("/order", page.answered(t, pinOfAlice, ""))
	again.want(t, http.StatusUnauthorized, "999 paid to ACME", "Something has changed since you were asked.")
	s.want(t, "", "")
	alice.post("/order", again.answered(t, pinOfAlice, "")).want(t, http.StatusOK)
}

// After a rejected answer nothing happens without another OK, even if nobody asks any more.
func TestRejectedAnswerPaysNothingIfTheGateIsSwitchedOff(t *testing.T) {
	s := openShop(t)
	alice := s.browser(t, "ALICE")
	page := alice.pay("ACME", "12500")
	if err := db.New(s.Pool).SetGateActive(t.Context(), "SINWOF_PAY", false); err != nil {
		t.Fatal(err)
	}
	alice.post("/pay", page.answered(t, typo, "")).want(t, http.StatusForbidden, "The user name or the PIN is wrong.")
	s.want(t, "", "denied")
}

func TestEachExclusiveGateHasItsPage(t *testing.T) {
	s := openShop(t)
	err := db.New(s.Pool).RegisterGate(t.Context(), db.RegisterGateParams{
		GateID: "BANK_SEND", Description: "Send money", Message: "&NO sent", Parameters: []string{"NO"}, Active: true, Exclusive: new(true),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.mux.Handle("POST /send", s.checkpoints.Handler(func(w http.ResponseWriter, r *http.Request, tx pgx.Tx) error {
		for _, number := range []string{"1", "2"} {
			if err := reach(r.Context(), tx, "BANK_SEND", map[string]string{"NO": number}); err != nil {
				return err
			}
		}
		return nil
	}))
	alice := s.browser(t, "ALICE")
	first := alice.post("/send", nil)
	first.want(t, http.StatusUnauthorized, "1 sent")
	second := alice.post("/send", first.answered(t, pinOfAlice, "the first"))
	second.want(t, http.StatusUnauthorized, "2 sent")
	if comment := second.form(t).Get("postern_comment"); comment != "" {
		t.Errorf("the second page starts with the comment %q", comment)
	}
	// A typo at the second question does not spoil the first approval.
	again := alice.post("/send", second.answered(t, typo, ""))
	again.want(t, http.StatusUnauthorized, "2 sent", "wrong")
	alice.post("/send", again.answered(t, pinOfAlice, "")).want(t, http.StatusOK)
	s.want(t, "", "denied passed passed")
}

// A page is a request that the browser sends again: its bytes must not change on the way.
func TestPageCarriesTheRequestUnchanged(t *testing.T) {
	s := openShop(t)
	var got []string
	s.mux.Handle("/echo", s.checkpoints.Handler(func(w http.ResponseWriter, r *http.Request, tx pgx.Tx) error {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		got = append(got, fmt.Sprintf("%s %s %s %q", r.Method, r.URL, r.Header.Get("Content-Type"), body))
		return reach(r.Context(), tx, "SINWOF_PAY", map[string]string{"PAYEE": "ACME", "AMOUNT": "1"})
	}))
	file := bytes.Buffer{}
	parts := multipart.NewWriter(&file)
	part, err := parts.CreateFormFile("invoice", "invoice\".pdf")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write([]byte("%PDF\x00\xff\r\n\n</form>"))
	_ = parts.Close()
	alice := s.browser(t, "ALICE")
	for name, send := range map[string]func() reply{
		"form": func() reply {
			return alice.send("POST", "/echo?a=1&a=2", "application/x-www-form-urlencoded; charset=utf-8", strings.NewReader("b=1&a=%0A%0d&b=2&_charset_=x&=&postern_pin=%22%3E"))
		},
		"empty form": func() reply {
			return alice.send("POST", "/echo", "application/x-www-form-urlencoded", strings.NewReader(""))
		},
		"file": func() reply {
			return alice.send("POST", "/echo", parts.FormDataContentType(), bytes.NewReader(file.Bytes()))
		},
		"text":         func() reply { return alice.send("POST", "/echo", "text/plain", strings.NewReader("a=\n\r")) },
		"no form: GET": func() reply { return alice.get("/echo?a=1") },
	} {
		got = nil
		page := send()
		page.want(t, http.StatusUnauthorized)
		path := page.Request.URL.RequestURI()
		again := alice.post(path, page.answered(t, typo, ""))
		alice.post(path, again.answered(t, pinOfAlice, "")).want(t, http.StatusOK)
		for _, request := range got {
			if request != got[0] {
				t.Errorf("%s: work got %s, then %s", name, got[0], request)
			}
		}
		if len(got) != 3 { // a wrong PIN is found out before work runs
			t.Errorf("%s: work ran %d times", name, len(got))
		}
	}
	// What no page can send again gets a challenge as a program does.
	alice.send("POST", "/echo", "application/xml", strings.NewReader("<a/>")).problem(t)
	alice.send("DELETE", "/echo", "", nil).problem(t)
}

func TestMiddlewareThatParsesFormsMayStandBefore(t *testing.T) {
	s := openShop(t)
	var seen url.Values
	outer := http.NewServeMux()
	outer.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseMultipartForm(1 << 20)
		s.mux.ServeHTTP(w, r)
	})
	s.mux.Handle("POST /look", s.checkpoints.Handler(func(w http.ResponseWriter, r *http.Request, tx pgx.Tx) error {
		if err := r.ParseForm(); err != nil {
			return err
		}
		seen = r.Form
		return s.pay(w, r, tx)
	}))
	s.mux.Handle("GET /read", s.checkpoints.Handler(func(w http.ResponseWriter, r *http.Request, _ pgx.Tx) error {
		_, err := io.WriteString(w, r.FormValue("a"))
		return err
	}))
	s.Server.Config.Handler = outer
	s.browser(t, "ALICE").get("/read?a=b").want(t, http.StatusOK, "b") // nothing to parse
	alice := s.browser(t, "ALICE")
	page := alice.post("/look", payment("ACME", "5"))
	alice.post("/look", page.answered(t, pinOfAlice, "")).want(t, http.StatusCreated)
	if len(seen) != 2 || seen.Get("payee") != "ACME" {
		t.Errorf("work saw %v", seen)
	}
	parts := &bytes.Buffer{}
	writer := multipart.NewWriter(parts)
	_ = writer.WriteField("payee", "ACME")
	_ = writer.Close()
	alice.send("POST", "/look", writer.FormDataContentType(), parts).want(t, http.StatusInternalServerError)
	if !strings.Contains(s.log.String(), "another middleware has read the body") {
		t.Errorf("the log has %s", s.log)
	}
}

func TestPageChangesThePIN(t *testing.T) {
	s := openShop(t)
	alice := s.browser(t, "ALICE")
	const path, next = "/checkpoint/pin", "205861"
	page := alice.get(path)
	page.want(t, http.StatusOK, "Change your PIN", "Current PIN", "New PIN, again")
	if page.form(t).Get("postern_username") != "ALICE" {
		t.Errorf("got %s", page.body)
	}
	fill := func(page reply, old, first, second string) url.Values {
		return set(set(page.answered(t, old, "because"), "postern_new_pin", first), "postern_new_pin_again", second)
	}
	page = alice.post(path, fill(page, pinOfAlice, next, "205816"))
	page.want(t, http.StatusUnprocessableEntity, "The two new PINs are not the same.")
	page = alice.post(path, fill(page, pinOfAlice, "123456", "123456"))
	page.want(t, http.StatusUnprocessableEntity, "only counts up or down")
	page = alice.post(path, fill(page, typo, next, next))
	page.want(t, http.StatusForbidden, "The user name or the PIN is wrong.")
	if strings.Contains(page.body, next) || strings.Contains(page.body, typo) || page.form(t).Get("postern_comment") != "because" {
		t.Errorf("the page shows %s", page.body)
	}
	page = alice.post(path, fill(page, pinOfAlice, pinOfAlice, pinOfAlice))
	page.want(t, http.StatusUnprocessableEntity, "This is your old PIN.")
	alice.post(path, fill(page, pinOfAlice, next, next)).want(t, http.StatusOK, "Your PIN is changed.")
	form := alice.pay("ACME", "5").answered(t, next, "")
	alice.post("/pay", form).want(t, http.StatusCreated)
}

func TestPageSpeaksTheLanguageOfTheApplication(t *testing.T) {
	s := openShop(t)
	catalog := postern.Words()
	if err := catalog.SetString(language.French, "dialog.ok", "D'accord"); err != nil {
		t.Fatal(err)
	}
	s.checkpoints.Words = catalog
	page := s.browser(t, "ALICE").with("Accept-Language", "fr-CH, de;q=0.5").pay("ACME", "5")
	page.want(t, http.StatusUnauthorized, "D'accord", "Cancel")
	if lang := attribute(page.document(t).FirstChild.NextSibling, "lang"); lang != "fr" {
		t.Errorf("the page is in %q", lang)
	}
}

// A person who uses a screen reader needs a label for each field, and hears why an answer was rejected.
func TestPageHasLabels(t *testing.T) {
	s := openShop(t)
	alice := s.browser(t, "ALICE")
	page := alice.post("/pay", alice.pay("ACME", "5").answered(t, typo, ""))
	labels, alerts := map[string]bool{}, 0
	for node := range page.document(t).Descendants() {
		if node.Data == "label" {
			labels[attribute(node, "for")] = true
		}
		if attribute(node, "role") == "alert" {
			alerts++
		}
	}
	for node := range page.document(t).Descendants() {
		isField := node.Type == html.ElementNode && (node.Data == "input" || node.Data == "textarea") && attribute(node, "type") != "hidden"
		if isField && !labels[attribute(node, "id")] {
			t.Errorf("no label for %s", attribute(node, "name"))
		}
	}
	if len(labels) != 3 || alerts != 1 {
		t.Errorf("there are %d labels and %d alerts: %s", len(labels), alerts, page.body)
	}
}
