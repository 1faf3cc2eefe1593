package bench

import (
	"context"
	"fmt"
)

// gatesToFind is how many gates the first function of business.sql reaches.
const gatesToFind = 100

// timeGateSearch measures the seconds that the search for an action's gates takes.
func timeGateSearch(ctx context.Context, s *scene, m measurement, round func()) (taken samples, err error) {
	b, err := s.openBusiness(ctx)
	if err != nil {
		return samples{}, err
	}
	count, _ := m.rounds.of(s.quick)
	for range count {
		var search struct {
			Gates []any `json:"gates"`
		}
		seconds, err := timeCommand(ctx, b.config.ConnString(), &search, "action", "gates", "Everything", "--entry", "erp.function_0")
		if err != nil {
			return samples{}, err
		}
		if len(search.Gates) != gatesToFind {
			return samples{}, fmt.Errorf("the search found %d gates, want %d", len(search.Gates), gatesToFind)
		}
		taken.subject = append(taken.subject, seconds)
		round()
	}
	return taken, nil
}
