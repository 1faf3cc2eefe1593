package administration_test

import (
	"strings"
	"testing"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

func TestApplicationOfFilesIsRecordedWithoutFreeText(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	administrator := database.Login(t, "postern_admin").Connect(t)
	digest := strings.Repeat("0a", 32)
	testsql.Run(t, administrator, "select postern.record_apply($1, 1, 2, 3)", []string{digest})
	if got := testsql.Value[string](t, database.Pool, "select concat_ws(' | ', kind, operation, key, before, after, message, about_userid) from postern.administration_log"); got !=
		`apply | done | {"sha256": ["`+digest+`"], "changed": 2, "created": 1, "removed": 3} | configuration applied: 1 created, 2 changed, 3 removed; SHA-256 `+digest {
		t.Errorf("the entry is %s", got)
	}
	for _, arguments := range []string{
		"null, 1, 2, 3", "'{}', 1, 2, 3", "'{" + digest + ",BOB did it}', 1, 2, 3", "'{" + strings.ToUpper(digest) + "}', 1, 2, 3", "array[null], 1, 2, 3",
		"'{" + digest + "}', -1, 2, 3", "'{" + digest + "}', 1, null, 3", "array_fill('" + digest + "'::text, '{10001}'), 1, 2, 3", "'{\"" + digest + "\n\"}', 1, 2, 3",
	} {
		testsql.Refused(t, administrator, "PS107", "select postern.record_apply("+arguments+")")
	}
	for _, role := range []string{"postern_auditor", "postern_sealer", "postern_trusted_app"} {
		testsql.Fails(t, database.Login(t, role).Connect(t), "42501", "select postern.record_apply('{"+digest+"}', 1, 2, 3)")
	}
}
