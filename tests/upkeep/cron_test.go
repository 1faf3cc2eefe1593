//go:build cron

package upkeep_test

import (
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/cli"
	"github.com/posternsql/postern/internal/server"
	. "github.com/posternsql/postern/internal/testsql"
)

// Needs Debian's package postgresql-15-cron, and up to a minute, because pg_cron 1.4 begins each job at a full minute.
func TestCronDoesUpkeepAsThePageSays(t *testing.T) {
	page, err := os.ReadFile("../../docs/administration.md")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile("(?s)```cron\n(.*?)```").FindSubmatch(page)
	if line == nil {
		t.Fatal("the page has no line for pg_cron")
	}
	started, err := server.Start(t.Context(), server.Options{Settings: map[string]string{
		"shared_preload_libraries":    "pg_cron",
		"cron.database_name":          "postgres",
		"cron.use_background_workers": "on",
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := started.Close(); err != nil {
			t.Error(err)
		}
	})
	config, err := pgx.ParseConfig(started.URL)
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	if code := cli.RunOn(t.Context(), config, []string{"install"}, strings.NewReader(""), io.Discard, &said); code != 0 {
		t.Fatal(said.String())
	}
	superuser, err := pgx.Connect(t.Context(), started.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { superuser.Close(t.Context()) })
	Run(t, superuser, combinations+tickets+deliveries+string(line[1]))
	if got := Value[int64](t, superuser, "select sum(waiting)::bigint from postern.waiting_upkeep()"); got == 0 {
		t.Fatal("nothing waits before the job runs, so that this test says nothing")
	}
	// The first minute may have had too few seconds left. A slow machine gets some more.
	for deadline := time.Now().Add(5 * time.Minute); !Value[bool](t, superuser, nothingWaits); time.Sleep(time.Second) {
		if time.Now().After(deadline) {
			t.Fatalf("upkeep still waits; the job said %q", Values[string](t, superuser, "select concat_ws(': ', username, status, return_message) from cron.job_run_details"))
		}
	}
	// pg_cron counts the rows that a job returns, and the job succeeds with the role to which the page grants it.
	if got := Values[string](t, superuser, "select distinct concat_ws(': ', username, status) from cron.job_run_details where status <> 'running'"); strings.Join(got, ", ") != "postern_cron: succeeded" {
		t.Errorf("the job ended as %q", got)
	}
}
