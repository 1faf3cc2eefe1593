package checkpointhttp

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/posternsql/postern/internal/words"
)

//go:embed style.css
var style []byte

// elementScript is made of the files in the folder element by make generate-element.
//
//go:embed element/element.js
var elementScript []byte

// passkeyScript is made in the same way. Only pages that enrol passkeys need it.
//
//go:embed element/passkey.js
var passkeyScript []byte

// totpScript is for pages that enrol authenticator apps.
//
//go:embed element/totp.js
var totpScript []byte

// serveFile serves a file that changes with a new version of this package only. Browsers ask for it once an hour, and
// get it again only if it has changed.
func serveFile(w http.ResponseWriter, r *http.Request, contentType string, content []byte) {
	digest := sha256.Sum256(content)
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Cache-Control", "max-age=3600")
	header.Set("ETag", `"`+hex.EncodeToString(digest[:8])+`"`)
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// elementWords are the keys that the element needs. The refusals come with each answer.
var elementWords = []string{
	"dialog.title", "dialog.username", "dialog.scheme", "dialog.comment", "dialog.comment_required",
	"dialog.ok", "dialog.cancel", "dialog.close", "dialog.sending", "dialog.time_left", "dialog.change_pin",
	"dialog.PIN", "dialog.TOTP", "dialog.PASSKEY", "PS103.expired", "offline", "no_passkey", words.Other,
}

// serveWords serves the labels of the element.
func (c *Checkpoints) serveWords(w http.ResponseWriter, r *http.Request) {
	language := c.language(r)
	said := map[string]string{}
	for _, key := range elementWords {
		said[strings.TrimPrefix(key, "dialog.")] = language.Say([]string{key})
	}
	content := map[string]any{"language": language.Tag.String(), "direction": language.Direction(), "said": said}
	if c.PasskeyDomain != "" {
		content["domain"] = c.PasskeyDomain
	}
	text, err := json.Marshal(content)
	if err != nil {
		c.log().ErrorContext(r.Context(), "checkpointhttp: write the words", "error", err)
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	w.Header().Add("Vary", "Accept-Language")
	w.Header().Set("Content-Language", language.Tag.String())
	serveFile(w, r, jsonType, text)
}
