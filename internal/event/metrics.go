package event

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/posternsql/postern/internal/monitor"
	"github.com/posternsql/postern/internal/query"
)

// Metrics are what Prometheus reads about a worker: the work for each action. Reading the list of actions is the work
// of an action without a name.
type Metrics struct {
	*monitor.Work
	deliveries *prometheus.CounterVec
	duration   *prometheus.HistogramVec
}

// NewMetrics counts deliveries, and reads from the database what waits.
func NewMetrics(pool *pgxpool.Pool) *Metrics {
	made := &Metrics{
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "postern_event_deliveries_total", Help: "Attempts to deliver, by action and outcome (delivered, skipped, failed, dead; released: to be tried again, and no attempt).",
		}, []string{"action", "outcome"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "postern_event_delivery_seconds", Help: "How long an attempt took.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 8),
		}, []string{"action"}),
	}
	made.Work = monitor.New("postern_event", 0, []string{"action"}, made.deliveries, made.duration, waiting(pool))
	return made
}

// work is nil if nobody watches.
func (m *Metrics) work() *monitor.Work {
	if m == nil {
		return nil
	}
	return m.Work
}

func (m *Metrics) observe(action, outcome string, took time.Duration) {
	if m == nil {
		return
	}
	m.deliveries.WithLabelValues(action, outcome).Inc()
	m.duration.WithLabelValues(action).Observe(took.Seconds())
}

var (
	pendingDescription = prometheus.NewDesc("postern_event_pending", "Deliveries that wait, and entries of the log that are not queued yet (of these, 10000 at most are counted).", []string{"action"}, nil)
	deadDescription    = prometheus.NewDesc("postern_event_dead", "Dead letters.", []string{"action"}, nil)
	overdueDescription = prometheus.NewDesc("postern_event_overdue_seconds", "For how long the oldest one that waits has been due, or has not been queued.", []string{"action"}, nil)
)

// waiting returns the metrics of what waits.
func waiting(pool *pgxpool.Pool) *monitor.Gauges {
	return &monitor.Gauges{
		Descriptions: []*prometheus.Desc{pendingDescription, deadDescription, overdueDescription},
		Read: func(ctx context.Context, tell func(*prometheus.Desc, float64, ...string)) error {
			actions, err := query.New(pool).ListEventActions(ctx)
			if err != nil {
				return err
			}
			for _, action := range actions {
				overdue := 0.0
				if action.OldestPendingAt != nil {
					overdue = max(0, time.Since(*action.OldestPendingAt).Seconds())
				}
				tell(pendingDescription, float64(action.Pending), action.Name)
				tell(deadDescription, float64(action.Dead), action.Name)
				tell(overdueDescription, overdue, action.Name)
			}
			return nil
		},
	}
}
