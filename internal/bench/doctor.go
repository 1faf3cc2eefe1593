package bench

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/doctor"
	"github.com/posternsql/postern/internal/install"
)

//go:embed doctor.sql
var doctorSQL string

// timeDoctor measures the seconds that doctor takes in a large database, where it finds a lot. Each round connects anew,
// as the command does.
func timeDoctor(ctx context.Context, s *scene, m measurement, round func()) (taken samples, err error) {
	name, percent := s.name+"_doctor", 100
	if s.quick {
		percent = 2
	}
	if _, err := s.admin.Exec(ctx, "create database "+name+" template template0"); err != nil {
		return samples{}, err
	}
	defer func() {
		_, dropped := s.admin.Exec(context.WithoutCancel(ctx), "drop database if exists "+name+" with (force)")
		err = errors.Join(err, dropped)
	}()
	config, err := s.config(name)
	if err != nil {
		return samples{}, err
	}
	if _, err := install.Install(ctx, config, install.Options{}); err != nil {
		return samples{}, err
	}
	if err := within(ctx, config, func(connection *pgx.Conn) error {
		_, err := connection.Exec(ctx, fmt.Sprintf("set bench.percent = %d; %s", percent, doctorSQL))
		return err
	}); err != nil {
		return samples{}, fmt.Errorf("prepare the database: %w", err)
	}
	count, _ := m.rounds.of(s.quick)
	for range count {
		began := time.Now()
		if err := within(ctx, config, func(connection *pgx.Conn) error {
			report, err := doctor.Find(ctx, connection)
			if err == nil && len(report.Findings) < 20*percent {
				err = fmt.Errorf("doctor found only %d of what is wrong", len(report.Findings))
			}
			return err
		}); err != nil {
			return samples{}, err
		}
		taken.subject = append(taken.subject, time.Since(began).Seconds())
		round()
	}
	return taken, nil
}

func within(ctx context.Context, config *pgx.ConnConfig, do func(*pgx.Conn) error) error {
	connection, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	return errors.Join(do(connection), connection.Close(ctx))
}
