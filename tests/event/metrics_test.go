package event_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/posternsql/postern/internal/event"
	"github.com/posternsql/postern/internal/monitor"
	"github.com/posternsql/postern/internal/testdb"
)

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

// The metrics that Prometheus reads with the rights of a worker, and whether the worker is healthy.
func TestMetricsAndHealth(t *testing.T) {
	t.Parallel()
	database, told := testdb.New(t), receive(t, nil)
	addHook(t, database, "hook", success, told.URL)
	addHook(t, database, "nobody", success, "http://127.0.0.1:1")
	for range 3 {
		log(t, database.Pool, "APP_PAY")
	}
	pool := database.Login(t, "postern_event_worker").Pool
	metrics := event.NewMetrics(pool)
	worker := event.New(pool, event.Options{Metrics: metrics})
	server := monitor.Server{Works: map[string]*monitor.Work{"events": metrics.Work}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	go func() { ended <- server.Serve(ctx, listener) }()
	address := "http://" + listener.Addr().String()
	if status, body := get(t, address+"/healthz"); status != http.StatusServiceUnavailable {
		t.Errorf("before it runs the worker is %d, %s", status, body)
	}
	go func() { ended <- worker.Run(ctx) }()
	wanted := []string{
		`postern_event_deliveries_total{action="hook",outcome="delivered"} 3`, `postern_event_deliveries_total{action="nobody",outcome="failed"} 3`,
		`postern_event_pending{action="hook"} 0`, `postern_event_pending{action="nobody"} 3`, `postern_event_dead{action="nobody"} 0`,
		`postern_event_overdue_seconds{action="hook"} 0`, `postern_event_delivery_seconds_count{action="hook"} 3`,
	}
	missing := wanted
	for deadline := time.Now().Add(2 * time.Minute); len(missing) > 0 && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		_, body := get(t, address+"/metrics")
		missing = nil
		for _, line := range wanted {
			if !strings.Contains(body, line+"\n") {
				missing = append(missing, line)
			}
		}
	}
	if len(missing) > 0 {
		t.Errorf("the metrics lack %q", missing)
	}
	if status, body := get(t, address+"/healthz"); status != http.StatusOK || body != "ok\n" {
		t.Errorf("/healthz answers %d, %q", status, body)
	}
	cancel()
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}
