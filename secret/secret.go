// Package secret has the type of values that nobody should print: PINs, other responses, tokens and keys in the parameters and
// results of package db. fmt, log/slog and encoding/json show [redacted] in their place, in whatever struct they stand. Only
// pgx sends the value itself, as a parameter.
package secret

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/jackc/pgx/v5/pgtype"
)

// Redacted is what is shown instead of a secret.
const Redacted = "[redacted]"

// Text is a secret text. The conversion string(t) gives its value.
type Text string

// String is Redacted.
func (Text) String() string { return Redacted }

// Format writes Redacted for every verb.
func (Text) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, Redacted) }

// LogValue is Redacted.
func (Text) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalText is Redacted, also as JSON.
func (Text) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// TextValue gives pgx the value, which would otherwise take String.
func (t Text) TextValue() (pgtype.Text, error) {
	return pgtype.Text{String: string(t), Valid: true}, nil
}

// ScanText takes the value from pgx.
func (t *Text) ScanText(value pgtype.Text) error {
	if !value.Valid {
		return fmt.Errorf("a secret cannot be NULL")
	}
	*t = Text(value.String)
	return nil
}
