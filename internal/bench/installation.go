package bench

import (
	"context"
	"errors"
	"time"

	"github.com/posternsql/postern/internal/install"
)

// timeInstall measures the seconds of an installation into a new database, or of the installation after it.
func timeInstall(again bool) func(context.Context, *scene, measurement, func()) (samples, error) {
	return func(ctx context.Context, s *scene, m measurement, round func()) (taken samples, err error) {
		count, _ := m.rounds.of(s.quick)
		for range count {
			seconds, err := s.installOnce(ctx, again)
			if err != nil {
				return samples{}, err
			}
			taken.subject = append(taken.subject, seconds)
			round()
		}
		return taken, nil
	}
}

func (s *scene) installOnce(ctx context.Context, again bool) (seconds float64, err error) {
	name := s.name + "_install"
	if _, err := s.admin.Exec(ctx, "create database "+name+" template template0"); err != nil {
		return 0, err
	}
	defer func() {
		_, dropped := s.admin.Exec(context.WithoutCancel(ctx), "drop database if exists "+name+" with (force)")
		err = errors.Join(err, dropped)
	}()
	config, err := s.config(name)
	if err != nil {
		return 0, err
	}
	if again {
		if _, err := install.Install(ctx, config, install.Options{}); err != nil {
			return 0, err
		}
	}
	began := time.Now()
	if _, err := install.Install(ctx, config, install.Options{}); err != nil {
		return 0, err
	}
	return time.Since(began).Seconds(), nil
}
