package checkpointhttp_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/db"
)

// ways are how a page sends a request: as a form, which opens another page, and with fetch.
var ways = []string{"form", "fetch"}

func inBothWays(t *testing.T, test func(t *testing.T, s *shop, b *tab, way string)) {
	for _, way := range ways {
		t.Run(way, func(t *testing.T) {
			s := openShop(t)
			test(t, s, s.openTab(t, "ALICE"), "#"+way)
		})
	}
}

func TestDialogAsksAndOKPays(t *testing.T) {
	t.Parallel()
	inBothWays(t, func(t *testing.T, s *shop, b *tab, way string) {
		b.click(way)
		v := b.asked("5 paid to ACME")
		if v.Heading != "Pay a supplier" || v.Username != "ALICE" || v.Focus != "pin" || v.PIN != "" || v.Refusal != "" || v.Link != "" ||
			v.OK != "OK" || v.Cancel != "Cancel" || v.CommentLabel != "Comment" || !strings.HasPrefix(v.Time, "Time left 4:") || v.Path != "/" {
			t.Errorf("the dialog shows %+v", v)
		}
		s.want(t, "", "")
		b.click("#comment")
		b.enter("as ordered")
		b.answer(pinOfAlice)
		v = b.shows("paid 5 to ACME")
		if want := map[string]string{"#form": "/pay", "#fetch": "/"}[way]; v.Path != want {
			t.Errorf("the page is now %s", v.Path)
		}
		s.want(t, "ACME 5", "passed")
		var comment string
		if err := s.Pool.QueryRow(t.Context(), "select comment from postern.checkpoint_log where outcome = 'passed' and gate_id = 'SINWOF_PAY'").Scan(&comment); err != nil || comment != "as ordered" {
			t.Errorf("the comment is %q, %v", comment, err)
		}
	})
}

func TestDialogKeepsWhatWasTypedButNoPIN(t *testing.T) {
	t.Parallel()
	inBothWays(t, func(t *testing.T, s *shop, b *tab, way string) {
		b.click(way)
		b.asked("5 paid to ACME")
		b.click("#comment")
		b.enter("as ordered")
		b.answer(typo)
		v := b.refused("The user name or the PIN is wrong.")
		if v.PIN != "" || v.Comment != "as ordered" || v.Username != "ALICE" || v.Focus != "pin" || v.Link != "Change your PIN" {
			t.Errorf("the dialog shows %+v", v)
		}
		s.want(t, "", "denied")
		b.answer(pinOfAlice)
		b.shows("paid 5 to ACME")
		s.want(t, "ACME 5", "denied passed")
	})
}

func TestDialogSaysWhenThePINIsLocked(t *testing.T) {
	s := openShop(t)
	b := s.openTab(t, "ALICE")
	b.click("#form")
	b.asked("5 paid to ACME")
	for range 4 {
		b.answer(typo)
		b.refused("is wrong")
		b.asked("5 paid to ACME")
	}
	b.answer(typo)
	b.refused("The user name or the answer was wrong too often. Try again in 30 minutes.")
	b.answer(pinOfAlice)
	v := b.refused("There were too many wrong answers. Try again in 30 minutes.")
	if v.OK != "" || v.Cancel != "Close" || v.PIN != "" || v.Focus != "button cancel" {
		t.Errorf("the dialog shows %+v", v)
	}
	b.click("[part~=cancel]")
	if v := b.shows("Shop"); v.Path != "/" {
		t.Errorf("the page is now %s", v.Path)
	}
	s.want(t, "", strings.Repeat("denied ", 5)+"denied")
}

func TestDialogCancelsWithAReason(t *testing.T) {
	t.Parallel()
	inBothWays(t, func(t *testing.T, s *shop, b *tab, way string) {
		b.click(way)
		b.asked("5 paid to ACME")
		b.click("#comment")
		b.enter("not ordered")
		b.click("[part~=cancel]")
		v := b.shows("Shop")
		if v.Path != "/" || v.Focus != strings.TrimPrefix(way, "#") {
			t.Errorf("the page shows %+v", v)
		}
		if way == "#fetch" {
			b.shows(`401 {"type"`)
		}
		s.want(t, "", "cancelled")
		var comment string
		if err := s.Pool.QueryRow(t.Context(), "select comment from postern.checkpoint_log where outcome = 'cancelled'").Scan(&comment); err != nil || comment != "not ordered" {
			t.Errorf("the comment is %q, %v", comment, err)
		}
	})
}

func TestDialogRequiresACommentAndAUserName(t *testing.T) {
	s := openShop(t)
	s.exec(t, "select postern.set_setting('comment_required', 'true'), postern.set_setting('username_prefilled', 'false')")
	b := s.openTab(t, "ALICE")
	b.click("#fetch")
	v := b.asked("5 paid to ACME")
	if v.CommentLabel != "Comment (required)" || v.Username != "" || v.Focus != "username" {
		t.Errorf("the dialog shows %+v", v)
	}
	b.answer(pinOfAlice) // the browser does not accept it without the other fields
	if v, _ := b.look(); !v.Open || v.Sending || v.PIN != pinOfAlice || v.Focus != "username" {
		t.Errorf("the dialog shows %+v", v)
	}
	b.enter("alice")
	b.click("#comment")
	b.enter("  ")
	b.click("[part~=ok]")
	v = b.refused("Say why in the comment.")
	if v.Username != "alice" || v.PIN != "" {
		t.Errorf("the dialog shows %+v", v)
	}
	s.want(t, "", "")
	b.click("#comment")
	b.enter("as ordered")
	b.answer(pinOfAlice)
	b.shows("paid 5 to ACME")
	s.want(t, "ACME 5", "passed")
}

func TestDialogAsksAgainAfterTheTimeIsOver(t *testing.T) {
	t.Parallel()
	inBothWays(t, func(t *testing.T, s *shop, b *tab, way string) {
		s.exec(t, "update postern_internal.setting set value = '-1' where name = 'challenge_seconds'")
		b.click(way)
		b.asked("5 paid to ACME")
		if v := b.refused("The time to approve is over."); v.Time != "Time left 0:00" {
			t.Errorf("the dialog shows %+v", v)
		}
		s.exec(t, "update postern_internal.setting set value = '300' where name = 'challenge_seconds'")
		b.answer(pinOfAlice)
		b.until("a new question", func(v view) bool {
			return v.Open && !v.Sending && strings.HasPrefix(v.Time, "Time left 4:") && strings.Contains(v.Refusal, "The time to approve is over.")
		})
		s.want(t, "", "")
		b.answer(pinOfAlice)
		b.shows("paid 5 to ACME")
		s.want(t, "ACME 5", "passed")
	})
}

// order is a handler whose amount is in the database, where others may change it.
func (s *shop) order(t *testing.T) {
	s.exec(t, "create table public.price (amount numeric); insert into public.price values (100); grant select on public.price to public")
	s.mux.Handle("POST /order", s.checkpoints.Handler(func(w http.ResponseWriter, r *http.Request, tx pgx.Tx) error {
		var amount string
		if err := tx.QueryRow(r.Context(), "select amount::text from public.price").Scan(&amount); err != nil {
			return err
		}
		if err := reach(r.Context(), tx, "SINWOF_PAY", map[string]string{"PAYEE": "ACME", "AMOUNT": amount}); err != nil {
			return err
		}
		_, err := fmt.Fprintf(w, "ordered for %s", amount)
		return err
	}))
}

// goes makes form and fetch send to another path.
func (b *tab) goes(path string) {
	b.Helper()
	evaluate[bool](b, fmt.Sprintf("(window.payPath = document.querySelector('form').action = %q, true)", path))
}

func TestDialogShowsWhatChangedMeanwhile(t *testing.T) {
	t.Parallel()
	inBothWays(t, func(t *testing.T, s *shop, b *tab, way string) {
		s.order(t)
		b.goes("/order")
		b.click(way)
		b.asked("100 paid to ACME")
		b.click("#comment")
		b.enter("as ordered")
		s.exec(t, "update public.price set amount = 999")
		b.answer(pinOfAlice)
		v := b.asked("999 paid to ACME")
		if !strings.Contains(v.Refusal, "Something has changed since you were asked.") || v.PIN != "" || v.Comment != "as ordered" {
			t.Errorf("the dialog shows %+v", v)
		}
		s.want(t, "", "")
		b.answer(pinOfAlice)
		b.shows("ordered for 999")
		s.want(t, "", "passed")
	})
}

func TestDialogAsksOnceForTwoGates(t *testing.T) {
	t.Parallel()
	inBothWays(t, func(t *testing.T, s *shop, b *tab, way string) {
		s.twoGates(t, false)
		b.goes("/two")
		b.click(way)
		b.asked("5 paid to ACME")
		b.answer(pinOfAlice)
		b.shows("sent")
		s.want(t, "", "passed passed")
	})
}

func TestDialogAsksAgainForAnExclusiveGate(t *testing.T) {
	t.Parallel()
	inBothWays(t, func(t *testing.T, s *shop, b *tab, way string) {
		s.twoGates(t, true)
		b.goes("/two")
		b.click(way)
		b.asked("5 paid to ACME")
		b.click("#comment")
		b.enter("the first")
		b.answer(pinOfAlice)
		v := b.asked("7 sent")
		if v.Comment != "" || v.PIN != "" || v.Refusal != "" || v.Heading != "Send money" {
			t.Errorf("the dialog shows %+v", v)
		}
		b.answer(typo)
		b.refused("is wrong")
		b.asked("7 sent")
		b.answer(pinOfAlice)
		b.shows("sent")
		s.want(t, "", "denied passed passed")
	})
}

// twoGates is a handler that reaches two gates.
func (s *shop) twoGates(t *testing.T, exclusive bool) {
	err := db.New(s.Pool).RegisterGate(t.Context(), db.RegisterGateParams{
		GateID: "BANK_SEND", Description: "Send money", Message: "&NO sent", Parameters: []string{"NO"}, Active: true, Exclusive: &exclusive,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.mux.Handle("POST /two", s.checkpoints.Handler(func(w http.ResponseWriter, r *http.Request, tx pgx.Tx) error {
		if err := reach(r.Context(), tx, "SINWOF_PAY", map[string]string{"PAYEE": "ACME", "AMOUNT": "5"}); err != nil {
			return err
		}
		if err := reach(r.Context(), tx, "BANK_SEND", map[string]string{"NO": "7"}); err != nil {
			return err
		}
		_, err := fmt.Fprint(w, "sent")
		return err
	}))
}

// The second click of a double click neither answers nor cancels, and a form is sent once.
func TestDoubleClickInTheDialogPaysOnce(t *testing.T) {
	t.Parallel()
	inBothWays(t, func(t *testing.T, s *shop, b *tab, way string) {
		if way == "#form" {
			b.click(way, 1, 2)
		} else {
			b.click(way)
		}
		b.asked("5 paid to ACME")
		b.click("[part~=cancel]", 2)
		b.click("#pin")
		b.enter(pinOfAlice)
		b.click("[part~=ok]", 1, 2, 1)
		b.shows("paid 5 to ACME")
		s.want(t, "ACME 5", "passed")
	})
}

// A person reads one question at a time.
func TestTwoRequestsAskOneAfterTheOther(t *testing.T) {
	s := openShop(t)
	b := s.openTab(t, "ALICE")
	evaluate[bool](b, "(pay(), document.getElementById('amount').value = '6', pay(), true)")
	first := b.until("a question", func(v view) bool { return v.Open && !v.Sending && v.OK != "" })
	b.answer(pinOfAlice)
	other := map[string]string{"5 paid to ACME": "6 paid to ACME", "6 paid to ACME": "5 paid to ACME"}[first.Message]
	if v := b.asked(other); v.PIN != "" || v.Refusal != "" {
		t.Errorf("the dialog shows %+v", v)
	}
	b.click("[part~=cancel]")
	b.shows("401")
	s.want(t, "ACME "+first.Message[:1], "passed cancelled")
}

func TestEnterHeldDownConfirmsNothingUnseen(t *testing.T) {
	s := openShop(t)
	s.twoGates(t, true)
	b := s.openTab(t, "ALICE")
	b.goes("/two")
	evaluate[bool](b, "(document.getElementById('form').focus(), true)")
	b.hold('\r')
	b.asked("5 paid to ACME")
	b.hold('\r') // without a PIN
	b.enter(pinOfAlice)
	b.hold('\r')
	b.asked("7 sent")
	b.hold('\r')
	if v, _ := b.look(); !v.Open || v.Sending || v.Message != "7 sent" {
		t.Errorf("the dialog shows %+v", v)
	}
	b.enter(pinOfAlice)
	b.hold('\r')
	b.shows("sent")
	s.want(t, "", "passed passed")
}

// What is typed while a request is on its way is no answer to the next question.
func TestTypingAheadAnswersNothing(t *testing.T) {
	s := openShop(t)
	s.twoGates(t, true)
	b := s.openTab(t, "ALICE")
	b.goes("/two")
	b.click("#fetch")
	b.asked("5 paid to ACME")
	b.network(network.Conditions{Latency: 2000, DownloadThroughput: -1, UploadThroughput: -1}) // more than typing takes
	b.enter(pinOfAlice + "\r")
	b.enter(pinOfAlice + "\r")
	v := b.asked("7 sent")
	if v.PIN != "" || v.Status != "" {
		t.Errorf("the dialog shows %+v", v)
	}
	b.click("[part~=cancel]")
	b.shows("401")
	s.want(t, "", "cancelled")
}

func TestTwoTabsAskForThemselves(t *testing.T) {
	s := openShop(t)
	s.addUser(t, "BOB", pinOfBob)
	first := s.openTab(t, "ALICE")
	second := first.another()
	first.click("#form")
	first.asked("5 paid to ACME")
	second.click("#form")
	second.asked("5 paid to ACME")
	second.answer(pinOfAlice)
	second.shows("paid 5 to ACME")
	second.signIn("BOB")
	first.answer(pinOfAlice)
	v := first.refused("Somebody else was asked for this approval.")
	if v.OK != "" || v.Cancel != "Close" {
		t.Errorf("the dialog shows %+v", v)
	}
	first.click("[part~=cancel]")
	first.shows("Shop")
	s.want(t, "ACME 5", "passed")
}

func TestBackAndReloadPayNothingAgain(t *testing.T) {
	s := openShop(t)
	b := s.openTab(t, "ALICE")
	b.click("#form")
	b.asked("5 paid to ACME")
	b.do(chromedp.Reload())
	b.shows("Shop")
	s.want(t, "", "")
	b.click("#form")
	b.asked("5 paid to ACME")
	b.answer(pinOfAlice)
	b.shows("paid 5 to ACME")
	evaluate[bool](b, "(setTimeout(() => location.reload()), true)") // sends the same form again
	b.shows("This approval has been used already.")
	evaluate[bool](b, "(setTimeout(() => history.back()), true)")
	b.shows("Shop")
	s.want(t, "ACME 5", "passed")
}

func TestOfflineWhileAnsweringKeepsTheQuestion(t *testing.T) {
	s := openShop(t)
	b := s.openTab(t, "ALICE", "ERR_INTERNET_DISCONNECTED")
	b.click("#fetch")
	b.asked("5 paid to ACME")
	b.click("#comment")
	b.enter("as ordered")
	b.offline(true)
	b.answer(pinOfAlice)
	v := b.refused("There is no connection. Try again.")
	if v.PIN != "" || v.Comment != "as ordered" || v.OK != "OK" {
		t.Errorf("the dialog shows %+v", v)
	}
	b.offline(false)
	b.answer(pinOfAlice)
	b.shows("paid 5 to ACME")
	s.want(t, "ACME 5", "passed")
}

// The connection breaks after the answer has arrived: with the ticket the request is sent again without a PIN.
func TestOfflineWhileResendingAsksForNoPINAgain(t *testing.T) {
	t.Parallel()
	inBothWays(t, func(t *testing.T, s *shop, b *tab, way string) {
		b.allowed = []string{"ERR_"}
		breaks := s.breaksConnections(false)
		b.click(way)
		b.asked("5 paid to ACME")
		breaks.Store(true)
		b.answer(pinOfAlice)
		v := b.refused("There is no connection. Try again.")
		if v.Username != "" || v.OK != "OK" || v.Focus != "button ok" {
			t.Errorf("the dialog shows %+v", v)
		}
		breaks.Store(false)
		b.click("[part~=ok]")
		b.shows("paid 5 to ACME")
		s.want(t, "ACME 5", "passed")
	})
}

// breaksConnections makes the server break the connections of requests with a ticket, before or after it has done what
// they want. Browsers repeat some of them.
func (s *shop) breaksConnections(after bool) *atomic.Bool {
	breaks := &atomic.Bool{}
	s.Server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if breaks.Load() && r.Header.Get("Postern-Ticket") != "" {
			if after {
				s.mux.ServeHTTP(discard{http.Header{}}, r)
			}
			panic(http.ErrAbortHandler)
		}
		s.mux.ServeHTTP(w, r)
	})
	return breaks
}

// If the response got lost, the ticket is used: the person is told to look, and nothing happens twice.
func TestLostResponsePaysOnce(t *testing.T) {
	s := openShop(t)
	breaks := s.breaksConnections(true)
	b := s.openTab(t, "ALICE", "ERR_")
	b.click("#fetch")
	b.asked("5 paid to ACME")
	breaks.Store(true)
	b.answer(pinOfAlice)
	b.refused("There is no connection. Try again.")
	s.want(t, "ACME 5", "passed")
	breaks.Store(false)
	b.click("[part~=ok]")
	b.refused("This approval has been used already. Check whether everything is done before you start again.")
	b.click("[part~=cancel]")
	b.shows("409")
	s.want(t, "ACME 5", "passed")
}

// discard is a response that never arrives.
type discard struct{ header http.Header }

func (d discard) Header() http.Header            { return d.header }
func (d discard) Write(text []byte) (int, error) { return len(text), nil }
func (d discard) WriteHeader(int)                {}

func TestSessionEndsMeanwhile(t *testing.T) {
	t.Parallel()
	inBothWays(t, func(t *testing.T, s *shop, b *tab, way string) {
		b.click(way)
		b.asked("5 paid to ACME")
		b.signIn("")
		b.answer(pinOfAlice)
		v := b.refused("You are not signed in. Sign in, and try again.")
		if v.OK != "" || v.Cancel != "Close" {
			t.Errorf("the dialog shows %+v", v)
		}
		b.click("[part~=cancel]")
		b.shows("Shop")
		s.want(t, "", "")
	})
}

func TestDialogNeedsNoMouse(t *testing.T) {
	t.Parallel()
	inBothWays(t, func(t *testing.T, s *shop, b *tab, way string) {
		evaluate[bool](b, "(document.querySelector('"+way+"').focus(), true)")
		b.enter("\r")
		b.asked("5 paid to ACME")
		var order []string
		for range 8 { // in a circle, apart from the browser's own controls
			b.enter("\t")
			v, _ := b.look()
			order = append(order, v.Focus)
		}
		if got := strings.Join(order, " "); !strings.HasPrefix(got, "comment button ok button cancel ") || strings.Contains(got, "payee") || strings.Contains(got, "fetch") {
			t.Errorf("the tabulator goes to %s", got)
		}
		b.enter(kb.Escape)
		if v := b.shows("Shop"); v.Focus != strings.TrimPrefix(way, "#") {
			t.Errorf("afterwards the focus is on %s", v.Focus)
		}
		s.want(t, "", "cancelled")
		b.enter("\r")
		b.asked("5 paid to ACME")
		b.enter(pinOfAlice + "\r")
		b.shows("paid 5 to ACME")
		s.want(t, "ACME 5", "cancelled passed")
	})
}

func TestSlowNetworkShowsThatItIsSending(t *testing.T) {
	s := openShop(t)
	b := s.openTab(t, "ALICE")
	b.network(network.Conditions{Latency: 400, DownloadThroughput: 50_000, UploadThroughput: 20_000})
	b.click("#form")
	b.asked("5 paid to ACME")
	b.answer(pinOfAlice)
	v := b.until("that it is sending", func(v view) bool { return v.Sending })
	if v.Status != "Sending …" || v.PIN != "" || !v.Open {
		t.Errorf("the dialog shows %+v", v)
	}
	b.shows("paid 5 to ACME")
	s.want(t, "ACME 5", "passed")
}

func TestPageWithoutScriptsPays(t *testing.T) {
	s := openShop(t)
	b := s.emptyTab(t)
	b.signIn("ALICE")
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.open("/")
	b.do(chromedp.Click(chromedp.CSS("#form")), chromedp.WaitVisible(chromedp.CSS("#pin")),
		chromedp.SendKeys(chromedp.CSS("#pin"), pinOfAlice), chromedp.Click(chromedp.CSS("button[value=ok]")))
	b.do(chromedp.WaitNotPresent(chromedp.CSS("#pin")))
	s.want(t, "ACME 5", "passed")
}
