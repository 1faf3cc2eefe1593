package checkpointhttp

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/http"
)

// response keeps what work writes until the transaction has committed.
type response struct {
	limit  int64
	header http.Header
	status int
	body   bytes.Buffer
	// err is why the response cannot be sent; it rolls the transaction back.
	err error
}

var errResponseTooLarge = errors.New("checkpointhttp: the response is larger than MaxBytes")

func (r *response) Header() http.Header {
	if r.header == nil {
		r.header = http.Header{}
	}
	return r.header
}

// WriteHeader panics as that of net/http does. It must not wait for the commit with that. Informational responses are
// ignored.
func (r *response) WriteHeader(status int) {
	if status < 100 || status > 999 {
		panic(fmt.Sprintf("invalid WriteHeader code %v", status))
	}
	if r.status == 0 && status >= 200 {
		r.status = status
	}
}

func (r *response) Write(text []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	if int64(r.body.Len()+len(text)) > r.limit {
		r.err = errResponseTooLarge
	}
	if r.err != nil {
		return 0, r.err
	}
	return r.body.Write(text)
}

// refuses reports that work has written a refusal of its own, and returned err.
func (r *response) refuses(err error) bool {
	return err != nil && r != nil && r.status >= 400 && r.err == nil && !isPostern(err)
}

// send sends the response. It is about one user, so caches keep it only if work says so.
func (r *response) send(w http.ResponseWriter) {
	if _, ok := r.Header()["Cache-Control"]; !ok {
		r.Header().Set("Cache-Control", "no-store")
	}
	vary := w.Header()["Vary"]
	maps.Copy(w.Header(), r.Header())
	if _, ok := r.Header()["Vary"]; ok {
		w.Header()["Vary"] = append(vary, r.Header()["Vary"]...)
	}
	if r.status != 0 {
		w.WriteHeader(r.status)
	}
	_, _ = w.Write(r.body.Bytes()) // fails if the client has gone
}
