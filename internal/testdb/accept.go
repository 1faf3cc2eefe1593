package testdb

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/posternsql/postern/internal/acceptance"
)

// ServerFindings are doctor's findings in an untouched installation. They are about the server, such as an old minor
// release, and not about anything that a test creates.
func ServerFindings(t testing.TB) []acceptance.Key {
	t.Helper()
	return slices.Clone(serverFindings(t))
}

// AcceptServer writes a file for doctor's --accept that accepts ServerFindings.
func AcceptServer(t testing.TB) (file string) {
	t.Helper()
	entries := []map[string]string{}
	for _, key := range serverFindings(t) {
		entries = append(entries, map[string]string{
			"finding": key.Name, "object": key.Object,
			"reason": "The test runs on this server, and is about something else.", "until": time.Now().AddDate(0, 0, 2).Format(time.DateOnly),
		})
	}
	content, err := json.Marshal(map[string]any{"accepted_findings": entries})
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "server.yaml")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

var (
	foundOnce sync.Once
	found     []acceptance.Key
)

func serverFindings(t testing.TB) []acceptance.Key {
	t.Helper()
	foundOnce.Do(func() {
		rows, err := New(t).Pool.Query(context.Background(), "select code, object from postern.doctor where object = 'server'")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			key := acceptance.Key{}
			if err := rows.Scan(&key.Name, &key.Object); err != nil {
				t.Fatal(err)
			}
			found = append(found, key)
		}
		if rows.Err() != nil {
			t.Fatal(rows.Err())
		}
	})
	return found
}
