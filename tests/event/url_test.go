package event_test

import (
	"testing"

	"github.com/posternsql/postern/internal/event"
	"github.com/posternsql/postern/internal/testdb"
)

// Go checks a URL before anything is sent to the server, and SQL for callers that do not use Go.
func TestGoAndSQLRefuseTheSameURLs(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	accepted := 0
	for _, url := range []string{
		"https://example.com", "https://example.com/", "https://example.com:8443/in?token=x", "https://example.com?token=x", "https://EXAMPLE.com/a/b", "HTTPS://example.com", "Http://example.com",
		"http://example.com", "http://inside:8080/in", "example.com", "//example.com", "ftp://example.com", "file:///etc/passwd", "https://", "https:///in",
		"https://user@example.com", "https://user:secret@example.com/", "https://example.com/#part", "https://example.com#part", "https://exam ple.com",
		"https://exam\nple.com", "unix:///tmp/socket", "mailto:somebody@example.com", "javascript:alert(1)", " https://example.com", "httpss://example.com",
	} {
		for _, internal := range []bool{false, true} {
			_, sql := database.Pool.Exec(t.Context(), "select postern_internal.require_event_receiver($1, 'webhook', $2, null, null, $3)", success, url, internal)
			inGo := event.CheckWebhook(url, internal)
			if (sql == nil) != (inGo == nil) {
				t.Errorf("%q, internal addresses allowed %t: Go says %v, SQL says %v", url, internal, inGo, sql)
			}
			if sql == nil {
				accepted++
			}
		}
	}
	if accepted < 10 {
		t.Errorf("only %d are accepted", accepted)
	}
}
