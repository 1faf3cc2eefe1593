package checkpointhttp

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"rsc.io/qr"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/db"
)

// authenticatorApp is what an authenticator app needs to show codes. It is in one response and nowhere else.
type authenticatorApp struct {
	URI string `json:"uri"`
	// Secret is for those who cannot scan the image: groups of four characters.
	Secret string `json:"secret"`
	Image  qrCode `json:"image"`
	// Said are the words of the dialog that shows it.
	Said map[string]string `json:"said"`
}

// qrCode is an image of black squares, as the path of an SVG. A strict Content-Security-Policy lets a page draw that, but
// load no image from a data: address.
type qrCode struct {
	// Size is the width of the image, with the white border that scanners need.
	Size int    `json:"size"`
	Path string `json:"path"`
}

// quietZone is the width of that border (ISO/IEC 18004).
const quietZone = 4

func newQRCode(text string) (qrCode, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return qrCode{}, err
	}
	path := strings.Builder{}
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			if start := x; code.Black(x, y) {
				for x++; code.Black(x, y); x++ { // outside of the code nothing is black
				}
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", start+quietZone, y+quietZone, x-start, x-start)
			}
		}
	}
	return qrCode{code.Size + 2*quietZone, path.String()}, nil
}

func (e *exchange) newAuthenticatorApp(uri string) (app authenticatorApp, err error) {
	parsed, err := url.Parse(uri)
	if err != nil {
		return app, errors.New("checkpointhttp: the address of an authenticator app cannot be read") // err has the secret
	}
	image, err := newQRCode(uri)
	if err != nil {
		return app, fmt.Errorf("checkpointhttp: make a QR code: %w", err)
	}
	groups := slices.Collect(slices.Chunk([]byte(parsed.Query().Get("secret")), 4))
	words := make([]string, len(groups))
	for index, group := range groups {
		words[index] = string(group)
	}
	app = authenticatorApp{URI: uri, Secret: strings.Join(words, " "), Image: image, Said: map[string]string{}}
	for _, key := range []string{"enrol_totp", "scan", "qr_code", "secret", "continue", "cancel"} {
		app.Said[key] = e.language.Say([]string{"dialog." + key})
	}
	app.Said["cancelled"] = e.language.Say([]string{"cancelled"})
	return app, nil
}

// within is the exchange of a work that shows pages of ours. What it writes waits for the commit.
func (c *Checkpoints) within(w http.ResponseWriter, r *http.Request) *exchange {
	return &exchange{Checkpoints: c, w: w, r: r, language: c.language(r), page: wantsPage(r.Header)}
}

// enrolTOTP begins to enrol an authenticator app of the user. The gate in front of it asks for the PIN.
func (c *Checkpoints) enrolTOTP(w http.ResponseWriter, r *http.Request, tx pgx.Tx) error {
	e := c.within(w, r)
	uri, err := db.New(tx).EnrolTOTP(r.Context())
	if err != nil {
		return e.refuseTOTP(err)
	}
	app, err := e.newAuthenticatorApp(string(uri))
	switch {
	case err != nil:
		return err
	case e.page:
		p := e.newPage("dialog.enrol_totp")
		p.Heading, p.Message, p.App, p.Next = p.Title, p.Say("dialog.scan"), &app, "totp-confirm"
		e.show(http.StatusOK, p)
	default:
		e.sendJSON(http.StatusOK, jsonType, app)
	}
	return nil
}

// confirmTOTP confirms the app. The gate in front of it asks for its first code.
func (c *Checkpoints) confirmTOTP(w http.ResponseWriter, r *http.Request, tx pgx.Tx) error {
	e := c.within(w, r)
	if err := db.New(tx).ConfirmTOTP(r.Context()); err != nil {
		return e.refuseTOTP(err)
	}
	if e.page {
		e.showEnd(http.StatusOK, "dialog.enrol_totp", e.language.Say([]string{"totp_confirmed"}))
	} else {
		e.noContent()
	}
	return nil
}

var errTOTPRefused = errors.New("no authenticator app can be enrolled or confirmed")

// refuseTOTP says in words what PS107 means here.
func (e *exchange) refuseTOTP(err error) error {
	var invalid *postern.MessageInvalid
	if !errors.As(postern.AsError(err), &invalid) {
		return err
	}
	e.refuse(http.StatusUnprocessableEntity, "totp_refused")
	return errTOTPRefused
}

// showTOTP shows the page with which a person without JavaScript begins.
func (e *exchange) showTOTP() {
	p := e.newPage("dialog.enrol_totp")
	p.Heading, p.Message, p.Next = p.Title, p.Say("dialog.begin_totp"), "totp"
	e.show(http.StatusOK, p)
}
