// Package event delivers what happened at checkpoints: as signed webhooks, mails, calls of SQL functions and
// notifications, at least once each, with an id that stays the same when a delivery is repeated.
package event

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// delivery is an entry of the log that one action has to tell of.
type delivery struct {
	DeliveryID      uuid.UUID  `json:"delivery_id"`
	Attempts        int        `json:"attempts"` // this one included
	DueAt           time.Time  `json:"due_at"`
	LogID           int64      `json:"log_id"`
	IsLogged        bool       `json:"is_logged"` // false where the entry was dropped from the log meanwhile
	Event           string     `json:"event"`     // that of the entry: an action may be one of another event meanwhile
	EventTime       *time.Time `json:"event_time"`
	UserID          string     `json:"userid"`
	UserDescription string     `json:"user_description"`
	AuthenticatedBy string     `json:"authenticated_by"`
	GateID          string     `json:"gate_id"`
	Message         string     `json:"message"`
	Comment         string     `json:"comment"`
	Asked           bool       `json:"asked"`
	Approval        string     `json:"approval"`
	ApprovedGateID  string     `json:"approved_gate_id"`
	ApprovedMessage string     `json:"approved_message"`
}

func readDelivery(document json.RawMessage) (*delivery, error) {
	read := &delivery{}
	if err := json.Unmarshal(document, read); err != nil {
		return nil, fmt.Errorf("read a delivery: %w", err)
	}
	if read.EventTime == nil {
		read.EventTime = &time.Time{}
	}
	return read, nil
}

// parameters are what conditions, templates, webhooks and functions get to know of an event; there is nothing else.
// Texts that are missing are empty. A time is RFC 3339, in UTC.
func (d *delivery) parameters() map[string]any {
	return map[string]any{
		"event":            d.Event,
		"event_time":       d.EventTime.UTC().Format(time.RFC3339Nano),
		"userid":           d.UserID,
		"user_description": d.UserDescription,
		"authenticated_by": d.AuthenticatedBy,
		"gate_id":          d.GateID,
		"message":          d.Message,
		"comment":          d.Comment,
		"asked":            d.Asked,
		"approval":         d.Approval,
		"approved_gate_id": d.ApprovedGateID,
		"approved_message": d.ApprovedMessage,
		"log_id":           d.LogID,
		"delivery_id":      d.DeliveryID.String(),
	}
}

// sample is an event as conditions and templates are checked against.
func sample() map[string]any {
	return (&delivery{EventTime: &time.Time{}}).parameters()
}

// permanentError tells that trying again would not help.
type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

// goneError tells that the receiver wants no event any more, not only not this one.
type goneError struct{ error }

// laterError tells how long the receiver wants to be left alone.
type laterError struct {
	error
	after time.Duration
}

func permanent(format string, arguments ...any) error {
	return &permanentError{fmt.Errorf(format, arguments...)}
}
