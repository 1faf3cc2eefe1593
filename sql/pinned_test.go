package sql

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// isPinned reports whether the function sets its own search_path.
func (o *object) isPinned() bool { return strings.Contains(o.head(), "set search_path") }

// head is the definition without the body.
func (o *object) head() string {
	_, definition, _ := strings.Cut(o.text, o.kind+" "+o.identity())
	for _, body := range []string{"\nas $", "\nreturn ", "\nbegin atomic", " as $"} {
		definition, _, _ = strings.Cut(definition, body)
	}
	return definition
}

// isParsedEarly reports whether its names were looked up when it was created: a view, or a function with an SQL body.
func (o *object) isParsedEarly() bool {
	return o.kind == "view" || o.kind == "table" || strings.Contains(o.text, "\nreturn ") || strings.Contains(o.text, "\nbegin atomic")
}

// isCallable reports whether another role than the owner may call or read it, or make it fire.
func (o *object) isCallable() bool {
	if strings.Contains(o.text, "\ngrant ") || strings.Contains(o.text, "\nreturns trigger\n") {
		return true
	}
	return o.kind != "view" && o.kind != "table" && !strings.Contains(o.text, "\nrevoke execute on "+o.kind+" "+o.identity()+"(")
}

const pinClaim = "called only by functions that pin their search_path"

func (o *object) claimsPinnedCallers() bool {
	return strings.Contains(strings.ToLower(strings.Join(strings.Fields(strings.ReplaceAll(o.text, "--", "")), " ")), pinClaim)
}

// exposed are the functions without a search_path of their own that may run with one that a caller has chosen. Such a
// function has to be parsed early; one that claims to be called by functions that pin theirs must not be exposed at
// all.
func exposed(objects []*object) []string {
	ways := map[*object]string{}
	reach := []*object{}
	for _, o := range objects {
		if o.name != "" && !o.isPinned() && o.isCallable() {
			ways[o] = o.file
			reach = append(reach, o)
		}
	}
	expose := func(o *object, way string) {
		if _, known := ways[o]; !known && o.name != "" && !o.isPinned() {
			ways[o] = way
			reach = append(reach, o)
		}
	}
	for _, o := range objects {
		for _, r := range o.references {
			if !r.quoted || r.arguments < 0 {
				continue
			}
			// In a policy, or in a statement that may run anywhere.
			for _, meant := range r.means(objects) {
				expose(meant, "a text of "+o.file)
			}
		}
	}
	for len(reach) > 0 {
		o := reach[0]
		reach = reach[1:]
		for _, r := range o.references {
			for _, meant := range r.means(objects) {
				expose(meant, ways[o]+", "+meant.file)
			}
		}
	}
	found := []string{}
	for o, way := range ways {
		if !o.isParsedEarly() || o.claimsPinnedCallers() {
			found = append(found, fmt.Sprintf("%s runs with the search_path of its caller: %s", o.file, way))
		}
	}
	slices.Sort(found)
	return found
}

func TestNoCallerChoosesASearchPath(t *testing.T) {
	t.Parallel()
	objects := installed(t)
	claims := 0
	for _, o := range objects {
		if o.claimsPinnedCallers() {
			claims++
		}
	}
	if claims < 10 {
		t.Errorf("only %d functions claim to be %s", claims, pinClaim)
	}
	for _, fault := range exposed(objects) {
		t.Error(fault)
	}
}

func TestUnpinnedHelperIsFoundWhoeverMayCallIt(t *testing.T) {
	t.Parallel()
	const (
		helper = "-- Called only by functions that pin their\n-- search_path.\ncreate or replace function postern_internal.helper(a text)\nreturns text\nlanguage plpgsql\nas $$ begin return lower(a); end $$;\nrevoke execute on function postern_internal.helper(text) from public;\n"
		early  = "-- Called only by functions that pin their search_path.\ncreate or replace function postern_internal.helper(a text)\nreturns text\nlanguage sql\nreturn pg_catalog.lower(a);\nrevoke execute on function postern_internal.helper(text) from public;\n"
		caller = "create or replace function postern.caller(a text)\nreturns text\nlanguage plpgsql\n%sas $$ begin return postern_internal.helper(a); end $$;\nrevoke execute on function postern.caller(text) from public;\ngrant execute on function postern.caller(text) to postern_user;\n"
	)
	pinned, unpinned := fmt.Sprintf(caller, "set search_path = pg_catalog, pg_temp\n"), fmt.Sprintf(caller, "")
	for name, test := range map[string]struct {
		helper, caller string
		found          []string
	}{
		"pinned caller":               {helper, pinned, nil},
		"unpinned caller":             {helper, unpinned, []string{"a/helper.sql", "b/caller.sql"}},
		"unpinned caller, SQL body":   {early, unpinned, []string{"a/helper.sql", "b/caller.sql"}},
		"granted":                     {helper + "grant execute on function postern_internal.helper(text) to postern_user;\n", pinned, []string{"a/helper.sql"}},
		"granted to all by silence":   {strings.Replace(helper, "\nrevoke", "\n-- revoke", 1), pinned, []string{"a/helper.sql"}},
		"view that others may read":   {helper, "create or replace view postern.caller as\n  select postern_internal.helper('a') as a;\ngrant select on postern.caller to postern_user;\n", []string{"a/helper.sql"}},
		"view of the owner alone":     {helper, "create or replace view postern_internal.caller as\n  select postern_internal.helper('a') as a;\n", nil},
		"policy that is put together": {helper, strings.Replace(pinned, "return postern_internal.helper(a);", "execute 'create policy p on t using (postern_internal.helper(a))';", 1), []string{"a/helper.sql"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := exposed(readObjects(t, fstest.MapFS{
				"install.sql":  {Data: []byte("\\ir a/helper.sql\n\\ir b/caller.sql\n")},
				"a/helper.sql": {Data: []byte(test.helper)},
				"b/caller.sql": {Data: []byte(test.caller)},
			}))
			files := []string{}
			for _, fault := range found {
				file, _, _ := strings.Cut(fault, " ")
				files = append(files, file)
			}
			if !slices.Equal(files, test.found) {
				t.Errorf("found %q, want those of %q", found, test.found)
			}
		})
	}
}
