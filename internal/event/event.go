// Package event delivers what happened at checkpoints, and who changed what the database allows, as signed webhooks, mails, calls of SQL functions, and
// notifications. It delivers each event at least once. Repeated deliveries have the same ID.
package event

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// delivery is an entry of the log that one action must deliver.
type delivery struct {
	DeliveryID      uuid.UUID  `json:"delivery_id"`
	Attempts        int        `json:"attempts"` // including this one
	DueAt           time.Time  `json:"due_at"`
	LogID           int64      `json:"log_id"`
	IsLogged        bool       `json:"is_logged"` // false if the entry was dropped from the log in the meantime
	Event           string     `json:"event"`     // the event of the entry; the event of the action may have changed since
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

	// The rest is empty, except in events of the administration.
	SessionRole     string   `json:"session_role"`
	ApplicationName string   `json:"application_name"`
	Kinds           []string `json:"kinds"`
	Changes         []string `json:"changes"` // the first ones
	ChangeCount     int64    `json:"change_count"`
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

// parameters are all that conditions, templates, webhooks and functions learn of an event. Missing texts are empty.
// Times are RFC 3339, in UTC.
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
		"session_role":     d.SessionRole,
		"application_name": d.ApplicationName,
		"kinds":            d.Kinds,
		"changes":          d.Changes,
		"change_count":     d.ChangeCount,
		"log_id":           d.LogID,
		"delivery_id":      d.DeliveryID.String(),
	}
}

// sample is an event for checking conditions and templates.
func sample() map[string]any {
	return (&delivery{EventTime: &time.Time{}, Kinds: []string{}, Changes: []string{}}).parameters()
}

// permanentError says that another attempt would not help.
type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

// goneError says that the receiver wants no further events, and not only that it rejects this one.
type goneError struct{ error }

// laterError says how long the receiver wants a pause.
type laterError struct {
	error
	after time.Duration
}

func permanent(format string, arguments ...any) error {
	return &permanentError{fmt.Errorf(format, arguments...)}
}
