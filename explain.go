package postern

import (
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/text/message/catalog"

	"github.com/posternsql/postern/internal/words"
)

// Explain says in a person's words what an error means, and what that person can do. locale is a language tag such as
// "de-AT", or the Accept-Language header of a request. English and German are built in; other languages get English.
//
// The words contain nothing of the server's message. They do not tell whether the user name or the answer was wrong.
func Explain(err error, locale string) string {
	return ExplainIn(nil, err, locale)
}

// ExplainIn is Explain with the application's catalog, made by [Words].
func ExplainIn(catalog catalog.Catalog, err error, locale string) string {
	return explain(words.Match(catalog, locale), err, time.Now())
}

// Words returns a new catalog with the sentences of [Explain] in English and German, and those of the dialog in package
// checkpointhttp. An application may replace sentences, or add a language, before it uses the catalog. The keys are in
// docs/errors.md. A sentence that a language does not have is said in English.
func Words() *catalog.Builder { return words.New() }

func explain(language words.Language, err error, now time.Time) string {
	if err == nil {
		return ""
	}
	if errors.Is(err, ErrCancelled) {
		return language.Say([]string{"cancelled"})
	}
	var server *pgconn.PgError
	if !errors.As(err, &server) {
		return language.Say([]string{words.Other})
	}
	keys := []string{server.Code}
	var argument any
	err = AsError(err)
	var (
		denied  *Denied
		invalid *TicketInvalid
		locked  *Locked
		policy  *CredentialPolicy
		limited *RateLimited
		refused *RowRefused
	)
	switch {
	case errors.As(err, &denied):
		keys = []string{"PS102." + denied.Scheme, "PS102"}
		if !denied.UnlocksAt.IsZero() {
			keys = []string{"PS102.locked", "PS102"}
		}
		argument = waitUntil(language, denied.UnlocksAt, now)
	case errors.As(err, &invalid):
		keys = []string{"PS103." + invalid.Reason, "PS103"}
	case errors.As(err, &locked):
		argument = waitUntil(language, locked.UnlocksAt, now)
	case errors.As(err, &policy):
		keys = []string{"PS109." + policy.Reason, "PS109"}
		argument = policy.MinimumLength
	case errors.As(err, &limited):
		argument = waitUntil(language, limited.AgainAt, now)
	case server.Code == "42501" && !errors.As(err, &refused): // a missing grant is the administrator's mistake
		keys = []string{words.Other}
	}
	if said := language.Say(keys, argument); said != "" {
		return said
	}
	return language.Say([]string{words.Other})
}

// waitUntil says when to try again; "later" if the time is not known.
func waitUntil(language words.Language, until, now time.Time) string {
	if until.IsZero() {
		return language.Say([]string{"wait.later"})
	}
	return language.Wait(until.Sub(now))
}
