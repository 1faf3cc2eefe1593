// Package secret has a type for values that nobody should print: PINs, other responses, tokens and keys in the
// parameters and results of package db. fmt, log/slog and encoding/json print [redacted] instead, even inside other
// structs. Only pgx sends the value itself, as a parameter.
package secret

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/jackc/pgx/v5/pgtype"
)

// Redacted is printed instead of a secret.
const Redacted = "[redacted]"

// Text is a secret text. The conversion string(t) returns its value.
type Text string

// String returns Redacted.
func (Text) String() string { return Redacted }

// Format writes Redacted for every verb.
func (Text) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, Redacted) }

// LogValue returns Redacted.
func (Text) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalText returns Redacted, also for JSON.
func (Text) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// TextValue returns the value to pgx, which would otherwise call String.
func (t Text) TextValue() (pgtype.Text, error) {
	return pgtype.Text{String: string(t), Valid: true}, nil
}

// ScanText reads the value from pgx.
func (t *Text) ScanText(value pgtype.Text) error {
	if !value.Valid {
		return fmt.Errorf("a secret cannot be NULL")
	}
	*t = Text(value.String)
	return nil
}
