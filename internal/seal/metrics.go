package seal

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/monitor"
)

var (
	unsealedDescription = prometheus.NewDesc("postern_seal_unsealed",
		"Entries of the log that are not sealed yet (10000 at most are counted).", nil, nil)
	lagDescription = prometheus.NewDesc("postern_seal_lag_seconds",
		"For how long the oldest entry that is not sealed has been in the log; 0 where all are sealed.", nil, nil)
	leavesDescription = prometheus.NewDesc("postern_seal_leaves", "Entries that were ever sealed.", nil, nil)
)

// NewMetrics watches a sealer that works again and again, and reads from the database what waits. every is how long it rests.
func NewMetrics(pool *pgxpool.Pool, every time.Duration) *monitor.Work {
	return monitor.New("postern_seal", 3*every, nil, &lag{pool})
}

// lag reads what waits when somebody asks.
type lag struct{ pool *pgxpool.Pool }

// Describe is prometheus.Collector's.
func (l *lag) Describe(descriptions chan<- *prometheus.Desc) {
	descriptions <- unsealedDescription
	descriptions <- lagDescription
	descriptions <- leavesDescription
}

// Collect is prometheus.Collector's.
func (l *lag) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	waiting, err := db.New(l.pool).UnsealedEntries(ctx)
	if err != nil {
		metrics <- prometheus.NewInvalidMetric(unsealedDescription, err)
		return
	}
	for description, value := range map[*prometheus.Desc]float64{
		unsealedDescription: float64(waiting.Entries), lagDescription: max(0, waiting.OldestSeconds), leavesDescription: float64(waiting.TreeSize),
	} {
		metrics <- prometheus.MustNewConstMetric(description, prometheus.GaugeValue, value)
	}
}
