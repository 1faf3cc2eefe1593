package postern

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/text/language"

	"github.com/posternsql/postern/internal/words"
)

var noon = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

func say(locale string, err error) string { return explain(words.Match(nil, locale), err, noon) }

func refusal(code, detail string) error {
	return fmt.Errorf("pay: %w", &pgconn.PgError{Code: code, Message: "MESSAGE-OF-SERVER", Detail: detail, Hint: "HINT-OF-SERVER"})
}

// withoutWords returns the codes for which nobody has written a sentence in a language.
func withoutWords(locale string, codes []string) (missing []string) {
	for _, code := range codes {
		said := say(locale, refusal(code, `{}`))
		if said == "" || said == say(locale, errors.New("other")) || locale != "en" && said == say("en", refusal(code, `{}`)) {
			missing = append(missing, code)
		}
	}
	return missing
}

func TestEveryErrorHasWordsInEveryLanguage(t *testing.T) {
	// A check that cannot fail is no check.
	if missing := withoutWords("de", []string{"PS999", "PS102"}); len(missing) != 1 || missing[0] != "PS999" {
		t.Fatalf("of PS999 and PS102 it misses %v", missing)
	}
	raised := map[string]bool{}
	for _, code := range append(codesRaised(t), codesDocumented(t)...) {
		raised[code] = true
	}
	if len(raised) < 15 {
		t.Fatalf("found only %v", raised)
	}
	var codes []string
	for code := range raised {
		codes = append(codes, code)
	}
	tags := Words().Languages()
	if len(tags) < 2 {
		t.Fatalf("the languages are %v", tags)
	}
	for _, tag := range tags {
		if missing := withoutWords(tag.String(), codes); missing != nil {
			t.Errorf("there are no words in %s for %v", tag, missing)
		}
	}
}

// codesRaised are the SQLSTATEs in the SQL source.
func codesRaised(t *testing.T) (codes []string) {
	t.Helper()
	err := filepath.WalkDir("sql/functions", func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		source, err := os.ReadFile(path)
		for _, found := range regexp.MustCompile(`'(PS\d{3})'`).FindAllSubmatch(source, -1) {
			codes = append(codes, string(found[1]))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return codes
}

// codesDocumented are the SQLSTATEs in docs/errors.md.
func codesDocumented(t *testing.T) (codes []string) {
	t.Helper()
	source, err := os.ReadFile("docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range regexp.MustCompile(`(?m)^\| (PS\d{3}) \|`).FindAllSubmatch(source, -1) {
		codes = append(codes, string(found[1]))
	}
	return codes
}

// The reasons of PS109 come from the function that raises it.
func TestEachReasonToRefuseAPINHasItsOwnWords(t *testing.T) {
	source, err := os.ReadFile("sql/functions/credential/refuse_pin.sql")
	if err != nil {
		t.Fatal(err)
	}
	reasons := regexp.MustCompile(`when '(\w+)' then`).FindAllSubmatch(source, -1)
	if len(reasons) < 9 {
		t.Fatalf("found only %d reasons", len(reasons))
	}
	for _, locale := range []string{"en", "de"} {
		seen := map[string]string{say(locale, refusal("PS109", `{}`)): "PS109"}
		for _, found := range reasons {
			reason := string(found[1])
			said := say(locale, refusal("PS109", fmt.Sprintf(`{"reason": %q, "minimum_length": 6}`, reason)))
			if other, repeated := seen[said]; repeated {
				t.Errorf("in %s %s has the words of %s", locale, reason, other)
			}
			seen[said] = reason
		}
	}
}

func TestExplainSaysWhatToDoNext(t *testing.T) {
	for name, test := range map[string]struct {
		locale string
		err    error
		want   string
	}{
		"wrong PIN":        {"en", refusal("PS102", `{"scheme": "PIN", "unlocks_at": null}`), "The user name or the PIN is wrong. If somebody else has chosen your PIN, change it first."},
		"wrong code":       {"en", refusal("PS102", `{"scheme": "TOTP", "unlocks_at": null}`), "The user name or the code is wrong, or the code has been used. Wait for the next code."},
		"wrong passkey":    {"de", refusal("PS102", `{"scheme": "PASSKEY", "unlocks_at": null}`), "Benutzername oder Passkey ist falsch. Versuchen Sie es mit einem anderen Passkey."},
		"own scheme":       {"de", refusal("PS102", `{"scheme": "BADGE", "unlocks_at": null}`), "Benutzername oder Antwort ist falsch."},
		"locked by it":     {"en", refusal("PS102", `{"scheme": "PIN", "unlocks_at": "2026-11-29T12:29:10Z"}`), "The user name or the answer was wrong too often. Try again in 30 minutes."},
		"locked":           {"de-AT,de;q=0.9,en;q=0.8", refusal("PS104", `{"unlocks_at": "2026-11-29T12:01:00Z"}`), "Es gab zu viele falsche Antworten. Versuchen Sie es in einer Minute wieder."},
		"locked for hours": {"de", refusal("PS104", `{"unlocks_at": "2026-11-29T14:00:01Z"}`), "Es gab zu viele falsche Antworten. Versuchen Sie es in 3 Stunden wieder."},
		"unlocked by now":  {"en", refusal("PS104", `{"unlocks_at": "2026-11-29T11:00:00Z"}`), "There were too many wrong answers. Try again in a minute."},
		"locked, unread":   {"en", refusal("PS104", `not JSON`), "There were too many wrong answers. Try again later."},
		"rate":             {"en", refusal("PS110", `{"again_at": "2026-11-29T12:20:00Z"}`), "There were too many attempts. Try again in 20 minutes."},
		"short PIN":        {"en", refusal("PS109", `{"reason": "too_short", "minimum_length": 6}`), "The new PIN is too short: it needs at least 6 characters."},
		"unknown reason":   {"en", refusal("PS103", `{"reason": "second_answer"}`), "This approval cannot be used. Start again."},
		"changed":          {"de", refusal("PS103", `{"reason": "changed"}`), "Seit der Frage hat sich etwas geändert. Sehen Sie es sich noch einmal an, bevor Sie es freigeben."},
		"cancelled":        {"en", &Cancelled{Required: &CheckpointRequired{}}, "You cancelled. Nothing was changed."},
		"row security":     {"en", &pgconn.PgError{Code: "42501", Routine: "ExecWithCheckOptions"}, "You may not do this here."},
		"missing grant":    {"en", &pgconn.PgError{Code: "42501", Routine: "aclcheck_error"}, "That did not work. Check what is done before you try again."},
		"another error":    {"de", errors.New("connection refused"), "Das hat nicht geklappt. Prüfen Sie, was erledigt ist, bevor Sie es noch einmal versuchen."},
		"no locale":        {"", refusal("PS108", ``), "Say why in the comment."},
		"unknown language": {"tlh", refusal("PS108", ``), "Say why in the comment."},
		"bad locale":       {"\x00;;q=,-", refusal("PS108", ``), "Say why in the comment."},
		"no error":         {"de", nil, ""},
	} {
		if got := say(test.locale, test.err); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

// Triggers of an application can raise Postern's codes, too.
func TestExplainRepeatsNothingThatTheServerSays(t *testing.T) {
	naive := func(err error) string { return err.Error() }
	if !strings.Contains(naive(refusal("PS102", ``)), "OF-SERVER") {
		t.Fatal("the naive words show nothing either")
	}
	for _, code := range append(codesRaised(t), "42501", "25006", "23505") {
		for _, scheme := range []string{"OF-SERVER", "locked"} {
			detail := `{"reason": "OF-SERVER", "explanation": "OF-SERVER", "scheme": "` + scheme + `", "unlocks_at": null, "setting": "OF-SERVER"}`
			if said := say("en", refusal(code, detail)); strings.Contains(said, "OF-SERVER") || strings.Contains(said, "%!") {
				t.Errorf("%s: %s", code, said)
			}
		}
	}
}

// The words for a wrong answer, an unknown user and a PIN that must be changed are the same: the database says the same.
// They name a PIN only if it was one.
func TestWordsOfAWrongAnswerNameNoCause(t *testing.T) {
	for _, tag := range Words().Languages() {
		for scheme, names := range map[string][]string{
			"PIN": {"PIN", "PIN"}, "TOTP": {"code", "Code"}, "PASSKEY": {"passkey", "Passkey"}, "BADGE": {"answer", "Antwort"}, "": {"answer", "Antwort"},
		} {
			for _, moment := range []string{`null`, `"2026-11-29T12:20:00Z"`} {
				said := say(tag.String(), refusal("PS102", fmt.Sprintf(`{"scheme": %q, "unlocks_at": %s}`, scheme, moment)))
				if moment != "null" {
					names = []string{"answer", "Antwort"}
				}
				both := map[string]string{"en": "user name or the " + names[0], "de": "Benutzername oder " + names[1]}[tag.String()]
				if both == "" || !strings.Contains(said, both) || scheme != "PIN" && strings.Contains(said, "PIN") {
					t.Errorf("in %s a wrong answer by %q says %q", tag, scheme, said)
				}
			}
		}
	}
}

func TestApplicationAddsALanguageAndReplacesASentence(t *testing.T) {
	catalog := Words()
	for _, err := range []error{
		catalog.SetString(language.French, "PS108", "Dites pourquoi dans le commentaire."),
		catalog.SetString(language.French, "PS104", "Trop de réponses fausses. Réessayez %[1]s."),
		catalog.SetString(language.English, "PS108", "Tell the auditors why."),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for want, got := range map[string]string{
		"Dites pourquoi dans le commentaire.":        ExplainIn(catalog, refusal("PS108", ``), "fr-CH, fr;q=0.9, en;q=0.8"),
		"Trop de réponses fausses. Réessayez later.": ExplainIn(catalog, refusal("PS104", ``), "fr"),
		"This approval cannot be used. Start again.": ExplainIn(catalog, refusal("PS103", ``), "fr"),
		"Tell the auditors why.":                     ExplainIn(catalog, refusal("PS108", ``), "en"),
		"Begründen Sie es im Kommentar.":             ExplainIn(catalog, refusal("PS108", ``), "de"),
		"Say why in the comment.":                    Explain(refusal("PS108", ``), "fr"),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
