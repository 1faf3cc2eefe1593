package postern

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Refusal is the common part of all errors of Postern: the server's error.
type Refusal struct {
	// Server has SQLSTATE, MESSAGE, DETAIL (the values) and HINT (what to do next).
	Server *pgconn.PgError
	cause  error
}

// Error returns the message of the original error.
func (r *Refusal) Error() string { return r.cause.Error() }

// Unwrap returns the original error, and through it the *pgconn.PgError.
func (r *Refusal) Unwrap() error { return r.cause }

// CheckpointRequired (PS101): the transaction reached an active gate, and rolled back. It has everything that a dialog
// has to show.
type CheckpointRequired struct {
	Refusal `json:"-"`

	// Gate and Description name the gate that was reached, Action the projection action through which, if any.
	Gate        string `json:"gate"`
	Action      string `json:"action"`
	Description string `json:"description"`
	// Message is what the log will say; show it to the user.
	Message string `json:"message"`
	// Parameters are the gate's, as one JSON object.
	Parameters json.RawMessage `json:"parameters"`
	// Username is the user to ask; empty if the user has to type it again.
	Username string `json:"username"`
	// Schemes are the ways to authenticate, the usual one first.
	Schemes []string `json:"schemes"`
	// CommentRequired reports that the answer needs a comment.
	CommentRequired bool `json:"comment_required"`
	// Challenge is what [Resume] and [Cancel] take until ExpiresAt. It also carries the tickets of earlier approvals
	// for the same work, if that reaches several gates that need their own approval.
	Challenge string    `json:"challenge"`
	ExpiresAt time.Time `json:"expires_at"`

	// Rejected tells a prompt why the previous answer was rejected, with a *Denied or a *CommentRequired; nil the first
	// time.
	Rejected error `json:"-"`
}

// Denied (PS102): the user name or the response was wrong.
type Denied struct {
	Refusal `json:"-"`

	// Scheme is how the person authenticated, such as "PIN".
	Scheme string `json:"scheme"`
	// UnlocksAt is when the credential unlocks if this answer has locked it; otherwise zero.
	UnlocksAt time.Time `json:"unlocks_at"`
}

// TicketInvalid (PS103): a ticket or challenge is unknown, expired, used, or was made for something else. A field is
// zero if DETAIL does not contain it.
type TicketInvalid struct {
	Refusal `json:"-"`

	// Reason is one word, such as "expired", "changed" or "used"; docs/errors.md has all of them.
	Reason string `json:"reason"`
	// Explanation says the same in a sentence.
	Explanation string `json:"explanation"`
	// Gate is the gate that was reached but not opened, Action the action that could not begin.
	Gate   string `json:"gate"`
	Action string `json:"action"`
	// ExpiresAt is when the ticket or challenge expires.
	ExpiresAt time.Time `json:"expires_at"`
}

// Locked (PS104): there were too many wrong responses.
type Locked struct {
	Refusal `json:"-"`

	// UnlocksAt is when the credential unlocks; zero if DETAIL cannot be read.
	UnlocksAt time.Time `json:"unlocks_at"`
}

// Unhandled (PS105): an action that needed no approval reached an enabled gate that it does not reference. Server.Hint
// has the statement that references it. The fields are empty if DETAIL cannot be read.
type Unhandled struct {
	Refusal `json:"-"`

	// Gate and Description name the gate that was reached, Action the action in which.
	Gate        string `json:"gate"`
	Action      string `json:"action"`
	Description string `json:"description"`
	// Message is what the log would have said, with the gate's Parameters.
	Message    string          `json:"message"`
	Parameters json.RawMessage `json:"parameters"`
}

// GateUnknown (PS106): there is no such gate or action.
type GateUnknown struct{ Refusal }

// MessageInvalid (PS107): an IFS Message, a parameter or another argument is not acceptable.
type MessageInvalid struct{ Refusal }

// CommentRequired (PS108): the answer needs a comment.
type CommentRequired struct{ Refusal }

// CredentialPolicy (PS109): the new PIN is not acceptable. The fields are zero if DETAIL cannot be read.
type CredentialPolicy struct {
	Refusal `json:"-"`

	// Reason is one word, such as "too_short", "date" or "old"; docs/errors.md has all of them.
	Reason string `json:"reason"`
	// Explanation says the same in a sentence.
	Explanation string `json:"explanation"`
	// MinimumLength is how many characters a PIN needs.
	MinimumLength int `json:"minimum_length"`
}

// RateLimited (PS110): the user's sessions have had too many denied attempts, or cancels, lately. It says nothing about
// the response, which was not checked.
type RateLimited struct {
	Refusal `json:"-"`

	// Setting is the limit that was reached, denials_per_hour or cancels_per_hour, and Allowed its value.
	Setting string `json:"setting"`
	Allowed int    `json:"allowed"`
	// AgainAt is when the next attempt is accepted. The fields are zero if DETAIL cannot be read.
	AgainAt time.Time `json:"again_at"`
}

// CompanyNotAuthorized (PS201): the user is not a user of the company, or the user or the company does not exist.
type CompanyNotAuthorized struct{ Refusal }

// RuleInvalid (PS301): an authority class, authority combination, internal ledger or code string is not acceptable.
type RuleInvalid struct{ Refusal }

// SessionMissing (PS401): no end user is known for the transaction.
type SessionMissing struct{ Refusal }

// SessionInvalid (PS402): the session token or the session's user is not valid.
type SessionInvalid struct{ Refusal }

// LogTampered (PS501): the log is not what was sealed.
type LogTampered struct{ Refusal }

// RowRefused (42501): row security does not let the user write this row, which belongs to another company or to a
// posting combination that the user may not see. Other errors with 42501, such as a missing grant, do not have this
// type.
type RowRefused struct {
	Refusal

	// Table and Policy are those that the server's message names; empty if the message is not in English.
	Table  string
	Policy string
}

// ErrCancelled is what a prompt returns when the user refuses. [Do] then returns a *Cancelled.
var ErrCancelled = errors.New("the user cancelled")

// Cancelled reports that the user refused to approve. The refusal is in the log, and the transaction was rolled back.
type Cancelled struct {
	// Required is what the user was asked.
	Required *CheckpointRequired
}

// Error names the gate.
func (c *Cancelled) Error() string {
	return fmt.Sprintf("the user refused to approve at gate %s", c.Required.Gate)
}

// Is matches ErrCancelled.
func (c *Cancelled) Is(target error) bool { return target == ErrCancelled }

// AsError converts an error raised by Postern into its Go type, a pointer, for errors.As; it returns any other error
// unchanged. The result wraps err, so errors.As for *pgconn.PgError still works. [Do] has already done it.
func AsError(err error) error {
	var server *pgconn.PgError
	if !errors.As(err, &server) {
		return err
	}
	refusal := Refusal{Server: server, cause: err}
	switch server.Code {
	case "PS101":
		return newCheckpointRequired(refusal)
	case "PS102":
		return readDetail(refusal, func(r Refusal) *Denied { return &Denied{Refusal: r} })
	case "PS103":
		return readDetail(refusal, func(r Refusal) *TicketInvalid { return &TicketInvalid{Refusal: r} })
	case "PS104":
		return readDetail(refusal, func(r Refusal) *Locked { return &Locked{Refusal: r} })
	case "PS105":
		return readDetail(refusal, func(r Refusal) *Unhandled { return &Unhandled{Refusal: r} })
	case "PS106":
		return &GateUnknown{refusal}
	case "PS107":
		return &MessageInvalid{refusal}
	case "PS108":
		return &CommentRequired{refusal}
	case "PS109":
		return readDetail(refusal, func(r Refusal) *CredentialPolicy { return &CredentialPolicy{Refusal: r} })
	case "PS110":
		return readDetail(refusal, func(r Refusal) *RateLimited { return &RateLimited{Refusal: r} })
	case "PS201":
		return &CompanyNotAuthorized{refusal}
	case "PS301":
		return &RuleInvalid{refusal}
	case "PS401":
		return &SessionMissing{refusal}
	case "PS402":
		return &SessionInvalid{refusal}
	case "PS501":
		return &LogTampered{refusal}
	case "42501":
		if server.Routine != rowSecurityRoutine {
			return err
		}
		return newRowRefused(refusal)
	default:
		return err
	}
}

// rowSecurityRoutine is the function of the server that checks new rows against policies. In every language only its
// name tells its errors from others with the same SQLSTATE: they name no table except in the message.
const rowSecurityRoutine = "ExecWithCheckOptions"

// rowSecurityMessage is the message of that function; some policies have no name in it.
var rowSecurityMessage = regexp.MustCompile(`(?s)^(?:new|target) row violates row-level security policy (?:"(.*)" )?(?:\(USING expression\) )?for table "(.*)"$`)

func newRowRefused(refusal Refusal) error {
	refused := &RowRefused{Refusal: refusal}
	if found := rowSecurityMessage.FindStringSubmatch(refusal.Server.Message); found != nil {
		refused.Policy, refused.Table = found[1], found[2]
	}
	return refused
}

// readDetail returns a typed error with the fields of DETAIL; without them if DETAIL cannot be read.
func readDetail[T error](refusal Refusal, create func(Refusal) T) error {
	typed := create(refusal)
	if err := readObject([]byte(refusal.Server.Detail), typed); err != nil {
		return create(refusal)
	}
	return typed
}

func newCheckpointRequired(refusal Refusal) error {
	required := &CheckpointRequired{Refusal: refusal}
	err := readObject([]byte(refusal.Server.Detail), required)
	if err == nil {
		err = required.readChallenge()
	}
	if err != nil {
		return fmt.Errorf("%w; its DETAIL cannot be read: %w", refusal.cause, err)
	}
	return required
}

// readChallenge reads what the user bases the decision on from the challenge, which authenticate accepts only as the
// server has signed it. The rest of DETAIL may come from anybody's code, for example a trigger on a business table: it
// could show one thing and have another one approved.
func (c *CheckpointRequired) readChallenge() error {
	if strings.Contains(c.Challenge, ticketSeparator) {
		return errors.New("its challenge carries tickets, which only this package adds")
	}
	content, _, _ := strings.Cut(c.Challenge, ".")
	text, err := base64.RawURLEncoding.DecodeString(content)
	if err != nil {
		return fmt.Errorf("its challenge: %w", err)
	}
	signed := struct {
		Gate, Description, Action, Message string
		Parameters                         json.RawMessage
	}{}
	if err := readObject(text, &signed); err != nil {
		return fmt.Errorf("its challenge: %w", err)
	}
	c.Gate, c.Description, c.Action, c.Message, c.Parameters = signed.Gate, signed.Description, signed.Action, signed.Message, signed.Parameters
	return nil
}

// readObject is json.Unmarshal for an object that has only one possible reading. If two members have the same name,
// encoding/json keeps the last, ignoring case; another program that shows DETAIL to the user may keep the first.
func readObject(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return cmp.Or(err, errors.New("it is not a JSON object"))
	}
	seen := map[string]bool{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return err
		}
		folded := strings.ToLower(strings.ToUpper(name.(string))) // as in encoding/json: ſ is s
		if seen[folded] {
			return fmt.Errorf("it has two members %q", name)
		}
		seen[folded] = true
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return err
		}
	}
	return json.Unmarshal(text, into)
}
