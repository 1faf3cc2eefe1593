package event

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/posternsql/postern/internal/query"
)

// webhook posts events to one URL, by the Standard Webhooks specification.
type webhook struct {
	client   *http.Client
	url      string
	signers  []*standardwebhooks.Webhook // the newest secret first; a rotation keeps several for a while
	template *Template                   // nil for the usual JSON
}

func newWebhook(action query.EventWorkerAction, client *http.Client, template *Template) (*webhook, error) {
	if err := CheckWebhook(action.Target, action.AllowInternal); err != nil {
		return nil, err
	}
	made := &webhook{client: client, url: action.Target, template: template}
	for _, secret := range action.Secrets {
		signer, err := standardwebhooks.NewWebhook(string(secret))
		if err != nil {
			return nil, errors.New("the webhook has no usable secret")
		}
		made.signers = append(made.signers, signer)
	}
	if len(made.signers) == 0 {
		return nil, errors.New("the webhook has no usable secret")
	}
	return made, nil
}

// newClient follows no redirects and uses no proxy, because both would connect to an address that nobody has checked.
func newClient(allowInternal bool, connections int) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext:            newDialer(allowInternal).DialContext,
			ForceAttemptHTTP2:      true,
			TLSHandshakeTimeout:    5 * time.Second,
			MaxIdleConnsPerHost:    connections,
			IdleConnTimeout:        time.Minute,
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (w *webhook) send(ctx context.Context, event *delivery, parameters map[string]any) error {
	body, contentType, err := w.body(event, parameters)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return permanent("the URL is not usable")
	}
	now := time.Now()
	signatures := make([]string, len(w.signers))
	for index, signer := range w.signers {
		if signatures[index], err = signer.Sign(event.DeliveryID.String(), now, body); err != nil {
			return permanent("sign: %w", err)
		}
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("User-Agent", "Postern")
	request.Header.Set(standardwebhooks.HeaderWebhookID, event.DeliveryID.String())
	request.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	request.Header.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	response, err := w.client.Do(request)
	if err != nil {
		// The URL may hold a token, and administrators see errors.
		if failed := (*url.Error)(nil); errors.As(err, &failed) {
			err = failed.Err
		}
		return err
	}
	defer response.Body.Close()
	// Read the answer, so that the connection can be used again. Do not keep it, because it may not be meant for the
	// administrator.
	_, _ = io.CopyN(io.Discard, response.Body, 64<<10)
	switch {
	case response.StatusCode >= 200 && response.StatusCode < 300:
		return nil
	case response.StatusCode == http.StatusGone:
		return &goneError{errors.New("the receiver wants no more: status 410")}
	}
	err = fmt.Errorf("the receiver answered with status %d", response.StatusCode)
	if after := retryAfter(response.Header.Get("Retry-After"), time.Now()); after > 0 {
		return &laterError{err, after}
	}
	return err
}

// longestRetryAfter bounds the pause that a receiver may ask for, because nobody sees a delivery that waits longer.
const longestRetryAfter = 24 * time.Hour

// retryAfter reads seconds or an HTTP date. It returns 0 if the header is neither, or a time in the past.
func retryAfter(header string, now time.Time) time.Duration {
	var after time.Duration
	if seconds, err := strconv.ParseUint(strings.TrimSpace(header), 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		after = time.Duration(min(seconds, uint64(longestRetryAfter/time.Second))) * time.Second
	} else if date, err := http.ParseTime(header); err == nil {
		after = date.Sub(now)
	}
	return min(max(after, 0), longestRetryAfter)
}

func (w *webhook) body(event *delivery, parameters map[string]any) (body []byte, contentType string, err error) {
	if w.template != nil {
		text, err := w.template.render(parameters)
		if err != nil {
			return nil, "", err
		}
		if json.Valid([]byte(text)) {
			return []byte(text), "application/json", nil
		}
		return []byte(text), "text/plain; charset=utf-8", nil
	}
	body, err = json.Marshal(map[string]any{
		"type":      parameters["event"],
		"timestamp": parameters["event_time"],
		"data":      parameters,
	})
	return body, "application/json", err
}
