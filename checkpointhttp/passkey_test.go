package checkpointhttp_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"

	"github.com/posternsql/postern/db"
)

// withPasskeys lets a shop accept passkeys. Browsers make none for an address without a name.
func (s *shop) withPasskeys(t *testing.T) {
	t.Helper()
	s.Server.URL = strings.Replace(s.Server.URL, "127.0.0.1", "localhost", 1)
	s.checkpoints.PasskeyDomain = "localhost"
	admin := db.New(s.Pool)
	for name, value := range map[string]string{"passkey_domain": "localhost", "passkey_origins": s.Server.URL, "denials_per_hour": "1000"} {
		if err := admin.SetSetting(t.Context(), name, value); err != nil {
			t.Fatal(err)
		}
	}
	s.exec(t, "select postern.set_scheme_enabled('PASSKEY', true)")
	s.mux.HandleFunc("GET /enrol.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write([]byte(`
import {enrolPasskey} from '/checkpoint/passkey.js'
const result = document.getElementById('result')
document.getElementById('enrol').addEventListener('click', async () => {
	result.textContent = ''
	result.textContent = await enrolPasskey('telephone').then(() => 'enrolled', String)
})
`))
	})
	s.mux.HandleFunc("GET /enrol", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", strict)
		_, _ = w.Write([]byte(`<!doctype html><html lang="en"><title>Enrol</title><script type="module" src="/enrol.js"></script>
<p><button id="enrol">Enrol a passkey</button></p><p id="result" role="status"></p>`))
	})
}

// device is an authenticator of a tab.
type device struct {
	*tab
	id webauthn.AuthenticatorID
}

// withDevice gives a tab an authenticator that always finds its person.
func (b *tab) withDevice() *device {
	b.Helper()
	call(b, webauthn.Enable, webauthn.EnableParams{})
	added := call(b, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
	}})
	return &device{b, added.AuthenticatorID}
}

func (d *device) credentials() []*webauthn.Credential {
	d.Helper()
	return call(d.tab, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: d.id}).Credentials
}

// keep makes the credential the only one of the device.
func (d *device) keep(credential *webauthn.Credential) {
	d.Helper()
	call(d.tab, webauthn.ClearCredentials, webauthn.ClearCredentialsParams{AuthenticatorID: d.id})
	// The library's own type has members that this authenticator refuses.
	add := cdp.Command[map[string]any, cdp.Empty]{Method: webauthn.CommandAddCredential}
	call(d.tab, add, map[string]any{"authenticatorId": d.id, "credential": map[string]any{
		"credentialId": credential.CredentialID, "isResidentCredential": true, "rpId": credential.RpID, "privateKey": credential.PrivateKey,
		"userHandle": credential.UserHandle, "signCount": credential.SignCount,
	}})
}

// enrol enrols a passkey with the PIN.
func (d *device) enrol(pin string) *webauthn.Credential {
	d.Helper()
	d.open("/enrol")
	d.click("#enrol")
	d.until("the question for the PIN", func(v view) bool {
		return v.Open && !v.Sending && strings.HasPrefix(v.Message, "Passkey telephone enrolled (") && v.Focus == "pin"
	})
	d.answer(pin)
	d.until("the end", func(v view) bool { return !v.Open && v.Result == "enrolled" })
	credentials := d.credentials()
	if len(credentials) != 1 {
		d.Fatalf("the device has %d credentials", len(credentials))
	}
	d.open("/")
	return credentials[0]
}

// denied waits until the dialog asks again.
func (b *tab) denied() {
	b.Helper()
	if v := b.refused("The user name or the passkey is wrong."); v.Link != "" {
		b.Errorf("the dialog offers %q", v.Link)
	}
	b.click("[part~=cancel]")
	b.until("no dialog", func(v view) bool { return !v.Open })
}

const onlyPasskey = "select postern.set_gate_schemes('SINWOF_PAY', '{PASSKEY}')"

func TestPasskeyPaysWithoutAnythingTyped(t *testing.T) {
	t.Parallel()
	for _, way := range ways {
		t.Run(way, func(t *testing.T) {
			s := openShop(t)
			s.withPasskeys(t)
			s.exec(t, onlyPasskey)
			b := s.openTab(t, "ALICE")
			d := b.withDevice()
			d.enrol(pinOfAlice)
			b.click("#" + way)
			if v := b.asked("5 paid to ACME"); v.Focus != "button ok" {
				t.Errorf("the focus is on %s", v.Focus)
			}
			if evaluate[bool](b, "document.querySelector('postern-checkpoint').shadowRoot.querySelector('#pin').checkVisibility()") {
				t.Error("the dialog asks for a PIN")
			}
			b.click("[part~=ok]")
			b.shows("paid 5 to ACME")
			s.want(t, "ACME 5", "passed")
		})
	}
}

// What was enrolled with the PIN approves further devices. The first passkey signs, and the PIN is not asked for.
func TestAnotherPasskeyIsEnrolledWithTheFirst(t *testing.T) {
	s := openShop(t)
	s.withPasskeys(t)
	b := s.openTab(t, "ALICE")
	d := b.withDevice()
	d.enrol(pinOfAlice)
	b.open("/enrol")
	b.click("#enrol")
	v := b.until("the question", func(v view) bool { return v.Open && !v.Sending && v.OK != "" })
	if v.Focus != "button ok" || !strings.HasPrefix(v.Message, "Passkey telephone enrolled") {
		t.Errorf("the dialog shows %+v", v)
	}
	// The device has the new one already, which approves nothing yet: the person would choose the old one.
	if got := len(d.credentials()); got != 2 {
		t.Errorf("the device has %d passkeys: the new one has replaced the old one", got)
	}
	b.click("[part~=cancel]")
	b.until("the refusal", func(v view) bool { return !v.Open && strings.HasPrefix(v.Result, "Error: ") })
	s.browser(t, "ALICE").with("Accept", "application/json").postJSON("/checkpoint/passkey", map[string]string{"passkey_id": "!", "public_key": "", "name": "x"}).
		want(t, http.StatusUnprocessableEntity)
}

// Who has enrolled a passkey in this browser is not asked for the PIN first. Another scheme that is right takes its place.
func TestDialogBeginsWithTheUsualScheme(t *testing.T) {
	s := openShop(t)
	s.withPasskeys(t)
	s.exec(t, "select postern.set_gate_schemes('SINWOF_PAY', '{PIN,PASSKEY}')")
	b := s.openTab(t, "ALICE")
	d := b.withDevice()
	b.click("#fetch")
	if v := b.asked("5 paid to ACME"); v.Focus != "pin" {
		t.Errorf("without a passkey: %+v", v)
	}
	b.click("[part~=cancel]")
	b.until("no dialog", func(v view) bool { return !v.Open })
	d.enrol(pinOfAlice)
	b.click("#fetch")
	if v := b.asked("5 paid to ACME"); v.Focus != "button ok" {
		t.Errorf("with a passkey: %+v", v)
	}
	b.choose("PIN")
	b.answer(pinOfAlice)
	b.shows("paid 5 to ACME")
	b.click("#fetch")
	if v := b.asked("5 paid to ACME"); v.Focus != "pin" {
		t.Errorf("after the PIN: %+v", v)
	}
	s.want(t, "ACME 5", "cancelled passed")
	b.choose("PASSKEY")
	b.requireAccessible(axe(t), "a passkey")
}

// The device forgets a passkey whose enrolment was not approved, and keeps the others.
func TestPasskeyThatWasNotApprovedIsForgotten(t *testing.T) {
	s := openShop(t)
	s.withPasskeys(t)
	b := s.openTab(t, "ALICE")
	d := b.withDevice()
	has := func(count int) {
		t.Helper()
		b.until("the passkeys of the device", func(view) bool { return len(d.credentials()) == count })
	}
	refuse := func() {
		t.Helper()
		b.open("/enrol")
		b.click("#enrol")
		b.until("the question", func(v view) bool { return v.Open && !v.Sending && v.OK != "" })
		b.click("[part~=cancel]")
		b.until("the end", func(v view) bool { return !v.Open && strings.HasPrefix(v.Result, "Error: ") })
	}
	refuse()
	has(0)
	kept := d.enrol(pinOfAlice)
	refuse()
	has(1)
	if got := d.credentials()[0].CredentialID; !slices.Equal(got, kept.CredentialID) {
		t.Errorf("the device has %s, want %s", got, kept.CredentialID)
	}

	// The browser may not have that function.
	b.open("/enrol")
	evaluate[bool](b, "delete PublicKeyCredential.signalUnknownCredential")
	b.click("#enrol")
	b.until("the question", func(v view) bool { return v.Open && !v.Sending && v.OK != "" })
	b.click("[part~=cancel]")
	b.until("the end", func(v view) bool { return !v.Open && strings.HasPrefix(v.Result, "Error: ") })
	has(2)
}

// choose chooses a scheme in the dialog.
func (b *tab) choose(scheme string) {
	b.Helper()
	evaluate[bool](b, `(() => {
		const select = document.querySelector('postern-checkpoint').shadowRoot.querySelector('#scheme')
		select.value = '`+scheme+`'
		return select.dispatchEvent(new Event('change'))
	})()`)
}

func TestPasskeyThatDoesNotAnswerIsAskedAgain(t *testing.T) {
	s := openShop(t)
	s.withPasskeys(t)
	s.exec(t, "select postern.set_gate_schemes('SINWOF_PAY', '{PASSKEY,PIN}')")
	b := s.openTab(t, "ALICE")
	d := b.withDevice()
	d.enrol(pinOfAlice)
	call(b, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: d.id})
	b.click("#fetch")
	b.asked("5 paid to ACME")
	b.click("[part~=ok]")
	b.refused("No passkey has answered.")
	s.want(t, "", "") // nothing was counted
	b.choose("PIN")
	b.answer(pinOfAlice)
	b.shows("paid 5 to ACME")
	s.want(t, "ACME 5", "passed")
}

// The browser and the device are real. Each attack first approves what it was made for.
func TestPasskeyOfADeviceApprovesNothingElse(t *testing.T) {
	s := openShop(t)
	s.withPasskeys(t)
	s.exec(t, onlyPasskey)
	s.addUser(t, "BOB", pinOfBob)
	b := s.openTab(t, "ALICE")
	d := b.withDevice()
	credential := d.enrol(pinOfAlice)
	pay := func(b *tab) {
		b.Helper()
		b.click("#fetch")
		b.asked("5 paid to ACME")
		b.click("[part~=ok]")
	}
	paid := func() {
		t.Helper()
		pay(b)
		b.shows("paid 5 to ACME")
		s.want(t, "ACME 5", "passed")
		s.exec(t, "truncate public.payment")
		clearLog(t, s)
	}

	// Replayed: a script of the page keeps what the device has signed for one payment, and sends it for the next one.
	evaluate[bool](b, `(() => {
		const get = navigator.credentials.get.bind(navigator.credentials)
		navigator.credentials.get = async (options) => window.kept ??= await get(options)
		return true
	})()`)
	paid()
	pay(b)
	b.denied()
	s.want(t, "", "denied cancelled")
	clearLog(t, s)

	// For another transaction: the script has the device sign what another payment needs.
	b.open("/")
	other := s.program(t, "ALICE").pay("MALLORY", "5000").problem(t).Challenge
	quoted, err := json.Marshal(other)
	if err != nil {
		t.Fatal(err)
	}
	evaluate[bool](b, `(() => {
		const get = navigator.credentials.get.bind(navigator.credentials)
		navigator.credentials.get = async ({publicKey}) => get({publicKey: {...publicKey,
			challenge: await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`+string(quoted)+`))}})
		return true
	})()`)
	pay(b)
	b.denied()
	s.want(t, "", "denied cancelled")
	clearLog(t, s)

	// On another origin, whose page asks for the same domain.
	b.open("/")
	elsewhere := httptest.NewServer(s.mux)
	t.Cleanup(elsewhere.Close)
	here := s.Server.URL
	s.Server.URL = strings.Replace(elsewhere.URL, "127.0.0.1", "localhost", 1)
	b.signIn("ALICE")
	b.open("/")
	pay(b)
	b.denied()
	s.want(t, "", "denied cancelled")
	clearLog(t, s)
	s.Server.URL = here
	b.open("/")

	// Alice's device in Bob's session.
	bob := s.openTab(t, "BOB")
	stolen := bob.withDevice()
	stolen.enrol(pinOfBob)
	pay(bob)
	bob.shows("paid 5 to ACME")
	s.exec(t, "truncate public.payment")
	clearLog(t, s)
	bob.open("/")
	stolen.keep(credential)
	pay(bob)
	bob.denied()
	s.want(t, "", "denied cancelled")
	clearLog(t, s)

	// A copy of the device, which has signed less often.
	paid()
	copied := *credential
	copied.SignCount = 0
	d.keep(&copied)
	pay(b)
	b.denied()
	s.want(t, "", "denied cancelled")
}

// clearLog begins a new log, so that a test says what one case adds.
func clearLog(t *testing.T, s *shop) {
	t.Helper()
	s.exec(t, "set session_replication_role = replica; truncate postern_internal.checkpoint_entry; reset session_replication_role")
}

// The page without JavaScript calls each scheme what it asks for, and does not ask for what it cannot get.
func TestPageNamesWhatItAsksFor(t *testing.T) {
	s := openShop(t)
	s.withPasskeys(t)
	s.exec(t, "select postern.set_scheme_enabled('TOTP', true)")
	alice := s.browser(t, "ALICE")
	for schemes, want := range map[string]struct {
		form    bool
		texts   []string
		refused string
	}{
		"{PIN}":         {true, []string{"PIN"}, "The user name or the PIN is wrong."},
		"{TOTP}":        {true, []string{"Code of your app"}, "The user name or the code is wrong, or the code has been used."},
		"{TOTP,PIN}":    {true, []string{"Answer", "PIN", "Code of your app"}, "The user name or the code is wrong, or the code has been used."},
		"{PASSKEY,PIN}": {true, []string{"PIN"}, "The user name or the PIN is wrong."},
		"{PASSKEY}":     {false, []string{"This approval needs a passkey, which needs JavaScript."}, ""},
	} {
		if _, err := s.Pool.Exec(t.Context(), "select postern.set_gate_schemes('SINWOF_PAY', $1::text[])", schemes); err != nil {
			t.Fatal(err)
		}
		page := alice.pay("ACME", "5")
		page.want(t, http.StatusUnauthorized, append(want.texts, "5 paid to ACME")...)
		if strings.Contains(page.body, "<form") != want.form || strings.Contains(page.body, "PASSKEY") {
			t.Errorf("%s: the page is %s", schemes, page.body)
		}
		if want.form {
			again := alice.post("/pay", page.answered(t, typo, ""))
			again.want(t, http.StatusUnauthorized, want.refused)
			if offers, is := strings.Contains(again.body, "Change your PIN"), strings.Contains(want.refused, "PIN"); offers != is {
				t.Errorf("%s: the page offers to change the PIN: %t", schemes, offers)
			}
		}
	}
}
