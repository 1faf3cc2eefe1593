package event

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/posternsql/postern/db"
)

// Metrics are what Prometheus reads of a worker.
type Metrics struct {
	registry   *prometheus.Registry
	deliveries *prometheus.CounterVec
	duration   *prometheus.HistogramVec
}

// NewMetrics counts deliveries, and reads from the database what waits.
func NewMetrics(pool *pgxpool.Pool) *Metrics {
	made := &Metrics{
		registry: prometheus.NewRegistry(),
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "postern_event_deliveries_total", Help: "Attempts to deliver, by action and outcome (delivered, skipped, failed, dead).",
		}, []string{"action", "outcome"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "postern_event_delivery_seconds", Help: "How long an attempt took.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 8),
		}, []string{"action"}),
	}
	made.registry.MustRegister(made.deliveries, made.duration, &queue{pool: pool})
	return made
}

func (m *Metrics) observe(action, outcome string, took time.Duration) {
	if m == nil {
		return
	}
	m.deliveries.WithLabelValues(action, outcome).Inc()
	m.duration.WithLabelValues(action).Observe(took.Seconds())
}

// queue reads what waits when somebody asks.
type queue struct{ pool *pgxpool.Pool }

var (
	pendingDescription = prometheus.NewDesc("postern_event_pending", "Deliveries that wait.", []string{"action"}, nil)
	deadDescription    = prometheus.NewDesc("postern_event_dead", "Dead letters.", []string{"action"}, nil)
	overdueDescription = prometheus.NewDesc("postern_event_overdue_seconds", "For how long the oldest one that waits has been due.", []string{"action"}, nil)
)

// Describe is prometheus.Collector's.
func (q *queue) Describe(descriptions chan<- *prometheus.Desc) {
	descriptions <- pendingDescription
	descriptions <- deadDescription
	descriptions <- overdueDescription
}

// Collect is prometheus.Collector's.
func (q *queue) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	actions, err := db.New(q.pool).ListEventActions(ctx)
	if err != nil {
		metrics <- prometheus.NewInvalidMetric(pendingDescription, err)
		return
	}
	for _, action := range actions {
		overdue := 0.0
		if action.OldestPendingAt != nil {
			overdue = max(0, time.Since(*action.OldestPendingAt).Seconds())
		}
		for description, value := range map[*prometheus.Desc]float64{
			pendingDescription: float64(action.Pending), deadDescription: float64(action.Dead), overdueDescription: overdue,
		} {
			metrics <- prometheus.MustNewConstMetric(description, prometheus.GaugeValue, value, action.Name)
		}
	}
}

// Serve answers /metrics, and /healthz with 200 while the worker is healthy, else with 503, until the context ends.
func (m *Metrics) Serve(ctx context.Context, listener net.Listener, worker *Worker) error {
	routes := http.NewServeMux()
	routes.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	routes.HandleFunc("GET /healthz", func(response http.ResponseWriter, _ *http.Request) {
		if err := worker.Healthy(); err != nil {
			http.Error(response, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = response.Write([]byte("ok\n"))
	})
	server := &http.Server{Handler: routes, ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
