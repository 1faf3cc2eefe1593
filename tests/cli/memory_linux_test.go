package cli_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posternsql/postern/internal/leash"
	"github.com/posternsql/postern/internal/testdb"
)

// maximumPeak is the memory in kB that a command may use, however long the log is.
const maximumPeak = 64 << 10

// peak runs a program, and returns its peak memory in kB and the number of lines that it wrote.
func peak(t *testing.T, database *testdb.Database, program string, arguments ...string) (kilobytes, lines int) {
	t.Helper()
	var out lineCounter
	var problems bytes.Buffer
	command := exec.CommandContext(t.Context(), program, arguments...)
	// On a busy machine the collector falls behind, and garbage would count as memory. The limit makes it collect in time.
	// What a program really keeps goes beyond the limit.
	command.Env = append(os.Environ(), "DATABASE_URL="+database.URL, "POSTERN_ACCEPT="+testdb.AcceptServer(t), "GOMEMLIMIT=40MiB")
	command.Stdout, command.Stderr = &out, &problems
	leash.Tie(command)
	if err := command.Run(); err != nil {
		t.Fatalf("%s %q fails: %v: %s", program, arguments, err, &problems)
	}
	found := peakPattern.FindStringSubmatch(problems.String())
	if found == nil {
		t.Fatalf("%s %q did not tell its memory: %s", program, arguments, &problems)
	}
	kilobytes, err := strconv.Atoi(found[1])
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes, int(out)
}

type lineCounter int

func (c *lineCounter) Write(content []byte) (int, error) {
	*c += lineCounter(bytes.Count(content, []byte("\n")))
	return len(content), nil
}

func TestMemoryDoesNotGrowWithTheLog(t *testing.T) {
	const entries, long = 25_000, 1500
	database := testdb.New(t)
	_, err := database.Pool.Exec(t.Context(), `
insert into postern_internal.checkpoint_entry (logged_at, outcome, gate_id, userid, authenticated_by, message, parameters, comment)
select '2020-01-15', 'passed', 'APP_PAY', 'ALICE', 'ALICE', 'Invoice ' || number || ' paid' || case when number <= $2 then repeat('m', 32000) else '' end,
       jsonb_build_object('NUMBER', number, 'TEXT', case when number <= $2 then repeat('x', 32000) else '' end), 'right'
  from generate_series(1, $1::integer) as number`, entries, long)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := database.Pool.Exec(t.Context(), "select postern.create_log_partitions(null)"); err != nil {
		t.Fatal(err)
	}
	if kilobytes, _ := peak(t, database, "collect-log"); kilobytes < 2*maximumPeak {
		t.Fatalf("collecting the log took %d kB only: this log is too short to tell anything", kilobytes)
	}
	for arguments, want := range map[string]int{
		"log export":               entries + 1, // the header
		"log export --format json": entries + 2, // the brackets
		"log list --limit 0":       entries + 1,
		"log list --limit 24999":   entries,
	} {
		kilobytes, lines := peak(t, database, "postern-peak", strings.Fields(arguments)...)
		if kilobytes > maximumPeak || lines != want {
			t.Errorf("%s held %d kB and wrote %d lines, want at most %d and just %d", arguments, kilobytes, lines, maximumPeak, want)
		}
		t.Logf("%s: %d kB", arguments, kilobytes)
	}

	folder := t.TempDir()
	exported := filepath.Join(folder, "exported")
	t.Setenv("POSTERN_LOG_KEY", filepath.Join(folder, "key"))
	t.Setenv("POSTERN_LOG_HEADS", filepath.Join(folder, "heads"))
	const anyNumber = -1
	for _, step := range []struct {
		arguments string
		want      int
	}{
		{"log key create", 1},
		{"log seal", 1},
		{"log verify", 1},
		{"log prove 1", 56},
		{"log export --proofs --until 1s --output " + exported, 1},
		{"log check-proof " + exported, 1},
		{"log drop --before 2020-03-01", 1},
		{"status", 7},
		{"doctor", anyNumber}, // accepted findings about the server are printed too
	} {
		kilobytes, lines := peak(t, database, "postern-peak", strings.Fields(step.arguments)...)
		if kilobytes > maximumPeak || lines != step.want && step.want != anyNumber {
			t.Errorf("%s held %d kB and wrote %d lines, want at most %d and just %d", step.arguments, kilobytes, lines, maximumPeak, step.want)
		}
		t.Logf("%s: %d kB", step.arguments, kilobytes)
	}
}

// Twenty thousand events, together 80 MB, behind a log of four times as many entries.
func TestMemoryDoesNotGrowWithTheQueue(t *testing.T) {
	const logged, queued = 80_000, 20_000
	database := testdb.New(t)
	const insert = `
insert into postern_internal.checkpoint_entry (outcome, gate_id, userid, authenticated_by, message, parameters, comment)
select 'passed', 'APP_PAY', 'ALICE', 'ALICE', repeat('paid ', 800) || number, '{}', 'right' from generate_series(1, $1::integer) as number`
	if _, err := database.Pool.Exec(t.Context(), insert, logged); err != nil {
		t.Fatal(err)
	}
	var received atomic.Int64
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { received.Add(1) }))
	t.Cleanup(receiver.Close)
	_, err := database.Pool.Exec(t.Context(),
		"select postern.add_event_action('hook', 'SECURITY_CHECKPOINT_SUCCESS', 'webhook', $1, allow_internal => true)", receiver.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := database.Pool.Exec(t.Context(), insert, queued); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	kilobytes, _ := peak(t, database, "postern-peak", "event", "run", "--once", "--workers", "4")
	if kilobytes > maximumPeak || received.Load() != queued {
		t.Errorf("it held %d kB and delivered %d, want at most %d and just %d", kilobytes, received.Load(), maximumPeak, queued)
	}
	t.Logf("%d kB, %.0f events/s", kilobytes, queued/time.Since(began).Seconds())
}

// Each user has so long a description that the report is longer than the memory that a command may use.
func TestMemoryDoesNotGrowWithTheUsersOfAReport(t *testing.T) {
	const users, long = 3000, 40_000
	database := testdb.New(t)
	_, err := database.Pool.Exec(t.Context(), `
insert into postern_internal.end_user (userid, folded, description)
select 'U' || n, 'u' || n, repeat('d', $2) from generate_series(1, $1::integer) as n`, users, long)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := database.Pool.Exec(t.Context(), "insert into postern_internal.credential (userid) select userid from postern_internal.end_user"); err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"jsonl", "csv"} {
		path := filepath.Join(t.TempDir(), "report."+format)
		kilobytes, _ := peak(t, database, "postern-peak", "access", "report", "-o", path)
		written, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if written.Size() < 1024*maximumPeak*3/2 {
			t.Fatalf("the report has only %d octets: this tells nothing", written.Size())
		}
		if kilobytes > maximumPeak {
			t.Errorf("%s: %d kB, for a report of %d octets", format, kilobytes, written.Size())
		}
	}
}
