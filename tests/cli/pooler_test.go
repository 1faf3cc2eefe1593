package cli_test

import (
	"bytes"
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/posternsql/postern/internal/cli"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testpooler"
)

// The error names a pooler that rejects the installer's settings, or silently drops them. The search_path would then be
// the database's, in which others may have put functions.
func TestPoolerIsNamed(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	for name, setting := range map[string]string{
		"refuses settings": "",
		"drops settings":   "ignore_startup_parameters = search_path,lock_timeout,check_function_bodies",
	} {
		url := testpooler.Start(t, database.URL, setting)
		for _, arguments := range [][]string{{"status"}, {"install"}, {"verify"}, {"uninstall"}, {"gate", "list"}, {"event", "run", "--once"}} {
			var out, problems bytes.Buffer
			code := cli.Main(context.Background(), append(arguments, "--database-url", url), strings.NewReader(""), &out, &problems)
			if code != 1 || strings.Count(problems.String(), "HINT: ") != 1 ||
				!strings.Contains(problems.String(), "HINT: Connect to the server itself: this is a pooler, such as PgBouncer") {
				t.Errorf("%s: %q ended with %d and does not name the pooler:\n%s%s", name, arguments, code, out.String(), problems.String())
			}
		}
	}
}

// A server that accepts the connection but does not answer must not keep somebody waiting who pressed <TAB>.
func TestCompletionGivesUpOnASilentServer(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	var out, problems bytes.Buffer
	ended := make(chan int)
	go func() {
		ended <- cli.Main(context.Background(), []string{"__complete", "gate", "enable", "--database-url", "postgres://dba@" + listener.Addr().String() + "/erp", ""},
			strings.NewReader(""), &out, &problems)
	}()
	select {
	case code := <-ended:
		if code != 0 || out.String() != ":4\n" || strings.Contains(problems.String(), "rror:") {
			t.Errorf("the completion ended with %d:\n%s%s", code, out.String(), problems.String())
		}
	case <-time.After(time.Minute):
		t.Error("completion still waits")
	}
}
