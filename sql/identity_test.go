package sql

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// proof is how a function that is called for each row finds the user without calling current_userid. It is repeated,
// because in PL/pgSQL a call would cost as much as the proof. So it has to be the same everywhere.
var proof = []string{
	"setting constant text := current_setting('postern.session', true);",
	"select s.secret into secret from postern_internal.session_secret as s;",
	`current_user_id := case when postern_internal.is_proven(setting, secret) then split_part(setting, E'\t', 2) else postern.current_userid() end;`,
}

var comments = regexp.MustCompile(`--.*`)

func TestProofOfASessionIsReadInOneWay(t *testing.T) {
	t.Parallel()
	readers := []string{}
	for _, o := range installed(t) {
		code := comments.ReplaceAllString(o.text, "")
		if o.name == "is_proven" || o.name == "current_userid" || !strings.Contains(code, "postern_internal.is_proven(") {
			continue
		}
		readers = append(readers, o.name)
		lines := []string{}
		for line := range strings.Lines(code) {
			lines = append(lines, strings.TrimSpace(line))
		}
		for _, line := range proof {
			if !slices.Contains(lines, line) {
				t.Errorf("%s reads the proof, and not by: %s", o.file, line)
			}
		}
	}
	if !slices.Contains(readers, "is_combination_allowed") || !slices.Contains(readers, "posting_combination_id") {
		t.Errorf("only %q read it", readers)
	}
}
