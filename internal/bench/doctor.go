package bench

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/posternsql/postern/internal/doctor"
)

//go:embed doctor.sql
var doctorSQL string

// timeDoctor measures the seconds that doctor takes if it finds a lot. Doctor reads which functions reach which gates,
// stores that, and queries the view.
func timeDoctor(ctx context.Context, s *scene, m measurement, round func()) (taken samples, err error) {
	b, err := s.openBusiness(ctx)
	if err != nil {
		return samples{}, err
	}
	percent := 100
	if s.quick {
		percent = 2
	}
	if !b.faulty {
		if err := b.run(ctx, fmt.Sprintf("set bench.percent = %d; %s", percent, doctorSQL)); err != nil {
			return samples{}, err
		}
		b.faulty = true
	}
	count, _ := m.rounds.of(s.quick)
	for range count {
		var found struct {
			Findings []doctor.Judged `json:"findings"`
		}
		seconds, err := timeCommand(ctx, b.config.ConnString(), &found, "doctor")
		if err != nil {
			return samples{}, err
		}
		if len(found.Findings) < 20*percent {
			return samples{}, fmt.Errorf("doctor found only %d of what is wrong", len(found.Findings))
		}
		taken.subject = append(taken.subject, seconds)
		round()
	}
	return taken, nil
}
