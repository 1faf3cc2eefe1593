package seal

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/posternsql/postern/internal/monitor"
	"github.com/posternsql/postern/internal/query"
)

var (
	unsealedDescription = prometheus.NewDesc("postern_seal_unsealed",
		"Entries of the log that are not sealed yet (10000 at most are counted).", nil, nil)
	lagDescription = prometheus.NewDesc("postern_seal_lag_seconds",
		"For how long the oldest entry that is not sealed has been in the log; 0 where all are sealed.", nil, nil)
	leavesDescription = prometheus.NewDesc("postern_seal_leaves", "Entries that were ever sealed.", nil, nil)
)

// NewMetrics watches a sealer that seals repeatedly, and reads from the database how much waits. every is the pause
// between two seals.
func NewMetrics(pool *pgxpool.Pool, every time.Duration) *monitor.Work {
	return monitor.New("postern_seal", every, nil, &monitor.Gauges{
		Descriptions: []*prometheus.Desc{unsealedDescription, lagDescription, leavesDescription},
		Read: func(ctx context.Context, tell func(*prometheus.Desc, float64, ...string)) error {
			waiting, err := query.New(pool).UnsealedEntries(ctx)
			if err != nil {
				return err
			}
			tell(unsealedDescription, float64(waiting.Entries))
			tell(lagDescription, max(0, waiting.OldestSeconds))
			tell(leavesDescription, float64(waiting.TreeSize))
			return nil
		},
	})
}
