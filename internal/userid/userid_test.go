package userid

import (
	"flag"
	"os"
	"slices"
	"testing"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/unicode/rangetable"
	"pgregory.net/rapid"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

var update = flag.Bool("update", false, "write the function instead of comparing it")

const file = "../../sql/functions/user/fold_userid.sql"

func TestCommittedFunctionMatchesTheTables(t *testing.T) {
	want := Function()
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not current: make generate", file)
	}
}

// same has groups of spellings; each group is one user ID.
var same = [][]string{
	{"ALICE", "alice", "Alice", "ＡＬＩＣＥ"},
	{"ALICE BROWN", "alice brown"},
	{"STRASSE", "straße", "STRAẞE", "strasse"},
	{"Kelvin", "\u212Aelvin", "KELVIN"},
	{"ΣΊΣΥΦΟΣ", "σίσυφος", "σίσυφοσ"},
	{"Ångström", "\u212Bngstro\u0308m", "a\u030angström"},
	{"ınce"},
	{"ince", "INCE"},
	{"İnce", "i\u0307nce"},
	{"ᾳ", "αι", "ᾼ"},
	{"ﬁnn", "FINN"},
	{"Ⅷ", "viii"},
	{"Алиса", "АЛИСА"},
	{"ﷺ"},
	{"𐐀", "𐐨"},
	{"ꭰ", "Ꭰ"},
	{"山田", "山田"},
	{"JOSÉ", "Jose\u0301", "jose\u0301"},
	{"नेहा शर्मा"},
}

// refused are texts that cannot be a user ID.
var refused = []string{
	"", " ", " a", "a ", "a  b", "a\tb", "a\nb", "a\u0000", "a\u00a0b", "a\u2003b", "a\u2028b", "a\u200bb", "a\u00adb", "a\u202eb", "a\u2066b",
	"a\ufeffb", "a\ufe0fb", "a\u034fb", "a\u115fb", "a\u3164b", "a\ue000b", "a\U000e0041b", "a\ufffe", "a\u0378b", "\u00b4a", "\U0001E030",
	"a\u0085b", "a\u2800b", "\u2800", "a\u2d7fb", "a\ufffcb", "a\U0001107fb", "a\U00013441b", "a\U00016fe4b", "a\U0001d159b",
	"\u0301alice", "\u0301", "\u0345alice", "a \u0301b", "a\u00b4b", "\uff9ea", "\u0903a", "\u20dda", "a\u0301 \u0301", "\xff",
}

func TestSpellingsOfOneUserFoldAlike(t *testing.T) {
	seen := map[string]string{}
	for _, group := range same {
		want, ok := Fold(group[0])
		if !ok {
			t.Errorf("the user id %q is refused", group[0])
		}
		if other, ok := seen[want]; ok {
			t.Errorf("%q folds as %q does", group[0], other)
		}
		seen[want] = group[0]
		for _, spelling := range group[1:] {
			if got, ok := Fold(spelling); !ok || got != want {
				t.Errorf("%q folds to %q, %q to %q", spelling, got, group[0], want)
			}
		}
	}
	if !Same("ALICE", "alice") || Same("ALICE", "BOB") || Same("", " ") || !Same("\xff", "\xff") {
		t.Error("Same does not say what Fold says")
	}
	for _, text := range refused {
		if got, ok := Fold(text); ok {
			t.Errorf("%q is accepted, as %q, want a refusal", text, got)
		}
	}
}

// Each character that a user ID may have folds as the Unicode tables say, and so do its case variants. The comparison
// with package cases leaves out Cherokee, which that package folds in the opposite direction.
func TestFoldOfEachCharacter(t *testing.T) {
	fold := cases.Fold()
	rangetable.Visit(allowed(), func(r rune) {
		got, ok := Fold("a" + string(r) + "b")
		if !ok {
			if r != ' ' && !slices.Contains([]rune(norm.NFKC.String(string(r))), ' ') {
				t.Errorf("the character %U is refused", r)
			}
			return
		}
		if again, ok := Fold(got); !ok || again != got {
			t.Errorf("%U: %q folds again, to %q", r, got, again)
		}
		if want := norm.NFKC.String(fold.String(norm.NFKD.String("a" + string(r) + "b"))); got != want && !unicode.Is(unicode.Cherokee, r) {
			t.Errorf("%U folds to %q, by the tables of Unicode to %q", r, got, want)
		}
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			if !unicode.Is(allowed(), other) {
				continue // from a later version
			}
			if folded, ok := Fold("a" + string(other) + "b"); !ok || folded != got {
				t.Errorf("%U folds to %q, %U to %q", r, got, other, folded)
			}
		}
	})
}

func TestFoldIsIdempotentAndKeepsNormalization(t *testing.T) {
	runes := []rune{}
	rangetable.Visit(allowed(), func(r rune) { runes = append(runes, r) })
	rapid.Check(t, func(t *rapid.T) {
		id := string(rapid.SliceOfN(rapid.SampledFrom(runes), 1, 20).Draw(t, "runes"))
		folded, ok := Fold(id)
		if !ok {
			return
		}
		for _, again := range []string{folded, norm.NFKC.String(id), norm.NFD.String(id)} {
			if len(again) > maximumBytes {
				continue
			}
			if got, ok := Fold(again); !ok || got != folded {
				t.Errorf("%+q folds to %+q, %+q to %+q", id, folded, again, got)
			}
		}
	})
}

// The server gives the same result for each character, alone and between others, whatever it was built with.
func TestServerFoldsAlike(t *testing.T) {
	database := testdb.New(t)
	ids := slices.Clone(refused[:len(refused)-1])
	ids = slices.DeleteFunc(ids, func(id string) bool { return id == "a\u0000" }) // PostgreSQL text cannot hold it
	for _, group := range same {
		ids = append(ids, group...)
	}
	for r := rune(1); r <= 0x1FFFF; r++ {
		switch {
		case r >= 0xAC00 && r <= 0xDFFF || r >= 0x3400 && r < 0x9FF0: // Hangul, surrogates and Han have no case
		default:
			ids = append(ids, "a"+string(r)+"B")
		}
	}
	for len(ids) > 0 {
		part := ids[:min(len(ids), 20000)]
		ids = ids[len(part):]
		got := testsql.Values[*string](t, database.Pool, "select postern_internal.fold_userid(id) from unnest($1::text[]) with ordinality as i (id, n) order by n", part)
		for i, id := range part {
			want, ok := Fold(id)
			if ok != (got[i] != nil) || ok && *got[i] != want {
				t.Errorf("%+q folds to %q here, %v there", id, want, got[i])
			}
		}
	}
}
