package hostile

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// Nothing that SQLsmith thinks of makes the server fail, or shows an end user what another company has.
func TestRandomQueriesShowNothing(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("sqlsmith")
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("SQLsmith is not installed: apt-get install sqlsmith")
	} else if err != nil {
		t.Fatal(err)
	}
	database := testdb.New(t)
	testsql.Run(t, database.Pool, scene)
	login := database.Login(t, "postern_user")
	testsql.Run(t, database.Pool, "select postern.set_user_db_role('ALICE', $1::name)", login.Name)

	// SQLsmith prints its queries, and the test runs them, because SQLsmith looks at no results.
	var written, said bytes.Buffer
	command := exec.CommandContext(t.Context(), program, "--target="+login.URL, "--dry-run", "--exclude-catalog", "--seed=19", "--max-queries=2000")
	command.Stdout, command.Stderr = &written, &said
	if err := command.Run(); err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	queries := strings.Split(written.String(), ";\n")
	run := func() *attempt {
		tried := newAttempt(t, login, func() string { return "" }, internalError, []string{"KESTREL", "731731731"})
		for _, query := range queries {
			tried.run(t, "", query)
		}
		t.Logf("what came of it: %v", tried.codes)
		if tried.codes["00000"] < 300 {
			t.Errorf("only %d queries succeeded", tried.codes["00000"])
		}
		return tried
	}
	tried := run()
	for _, of := range slices.Sorted(maps.Keys(tried.faults)) {
		t.Error(tried.faults[of])
	}

	// Naive: the application says where company = 'A' in each of its own queries, and relies on it.
	testsql.Run(t, database.Pool, "alter table public.voucher disable row level security; alter table public.parted disable row level security")
	if naive := run(); naive.faults["seen"] == "" {
		t.Error("the queries do not show company B without row security, so they prove nothing")
	}
}

// internalError lets all errors happen but those of a server that is broken or was kept busy.
func internalError(err *pgconn.PgError) string {
	switch {
	// Steps of PostgreSQL's own aggregates, called by themselves, or with an array that is no state.
	case strings.HasSuffix(err.Message, "called in non-aggregate context"), err.Routine == "check_float8_array":
		return ""
	case strings.HasPrefix(err.Code, "XX"):
		return "an internal error"
	case err.Code == "57014":
		return "it does not end"
	}
	return ""
}
