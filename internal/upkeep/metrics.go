package upkeep

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/posternsql/postern/internal/monitor"
	"github.com/posternsql/postern/internal/query"
)

var (
	waitingDescription = prometheus.NewDesc("postern_upkeep_waiting",
		"Blocks of posting combinations, tickets, deliveries or months that upkeep has yet to deal with (100000 at most are counted).", []string{"duty"}, nil)
	overdueDescription = prometheus.NewDesc("postern_upkeep_overdue_seconds",
		"For how long the oldest of them has waited; 0 where none waits, or where that is not known.", []string{"duty"}, nil)
)

// NewMetrics watches Run, and reads from the database how much waits. A call of postern.maintain is the work of a duty
// without a name.
func NewMetrics(pool *pgxpool.Pool) *monitor.Work {
	return monitor.New("postern_upkeep", interval, []string{"duty"}, &monitor.Gauges{
		Descriptions: []*prometheus.Desc{waitingDescription, overdueDescription},
		Read: func(ctx context.Context, tell func(*prometheus.Desc, float64, ...string)) error {
			duties, err := query.New(pool).WaitingUpkeep(ctx)
			if err != nil {
				return err
			}
			for _, duty := range duties {
				tell(waitingDescription, float64(duty.Waiting), duty.Duty)
				tell(overdueDescription, max(0, duty.OverdueSeconds), duty.Duty)
			}
			return nil
		},
	})
}
