package monitor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Server answers Prometheus, and those who ask how a program is doing.
type Server struct {
	// Works are what the program does, by the names under which /healthz reports them.
	Works map[string]*Work
	// Metrics has the metrics of the program as a whole; nil for none.
	Metrics prometheus.Gatherer
	// Ready returns an error while the program cannot do its work, whoever is to blame; nil: no /readyz.
	Ready func(context.Context) error
}

// Serve answers until the context ends: /metrics; /healthz, with 200 while all works are healthy, and otherwise 503; and
// /readyz, likewise.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	var metrics prometheus.Gatherers
	for _, work := range s.Works {
		metrics = append(metrics, work.registry)
	}
	if s.Metrics != nil {
		metrics = append(metrics, s.Metrics)
	}
	routes := http.NewServeMux()
	// While the database cannot be read, its metrics are missing and never 0. The others are still there.
	routes.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
	routes.HandleFunc("GET /healthz", answer(func(context.Context) error { return s.healthy() }))
	if s.Ready != nil {
		routes.HandleFunc("GET /readyz", answer(s.Ready))
	}
	server := &http.Server{Handler: routes, ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// answer says ok, or 503 with the reason.
func answer(ask func(context.Context) error) http.HandlerFunc {
	return func(response http.ResponseWriter, request *http.Request) {
		ctx, cancel := context.WithTimeout(request.Context(), readTimeout)
		defer cancel()
		if err := ask(ctx); err != nil {
			http.Error(response, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = response.Write([]byte("ok\n"))
	}
}

func (s *Server) healthy() error {
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(s.Works)) {
		if err := s.Works[name].Healthy(); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(problems...)
}
