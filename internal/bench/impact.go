package bench

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/access"
	"github.com/posternsql/postern/internal/configuration"
	queries "github.com/posternsql/postern/internal/query"
)

//go:embed impact.sql
var impactSQL string

// timePreview measures the seconds to read a configuration file that changes 20 classes, and to say who gains by it.
func timePreview(ctx context.Context, s *scene, m measurement, round func()) (samples, error) {
	var text strings.Builder
	text.WriteString("companies:\n  \"1\":\n    classes:\n")
	for class := range 20 {
		fmt.Fprintf(&text, "      CLASS_%d:\n        allow:\n          - {code_a: \"%d5%%\"}\n        deny:\n          - {code_b: \"8_\"}\n", class, class%9+1)
	}
	return s.timeAmongPeople(ctx, m, round, func(connection *pgx.Conn) error {
		desired, err := configuration.Read([]string{"-"}, strings.NewReader(text.String()))
		if err != nil {
			return err
		}
		impact, err := configuration.Preview(ctx, connection, desired, false)
		if err == nil && (impact.Gains["user"] == 0 || impact.Losses["user"] == 0) {
			err = errors.New("nobody gains, or nobody loses")
		}
		return err
	})
}

// timeReport measures the seconds to report what all users may see and do.
func timeReport(ctx context.Context, s *scene, m measurement, round func()) (samples, error) {
	return s.timeAmongPeople(ctx, m, round, func(connection *pgx.Conn) error {
		_, err := access.Report(ctx, connection, discarded{}, nil)
		return err
	})
}

// discarded receives a report, and keeps nothing of it.
type discarded struct{}

func (discarded) Head(*access.Head) error                    { return nil }
func (discarded) Gates([]queries.Gate) error                 { return nil }
func (discarded) Actions([]queries.Action) error             { return nil }
func (discarded) Rules([]queries.AuthorityCombination) error { return nil }
func (discarded) User(*access.User) error                    { return nil }

func (s *scene) manyPeople() string { return s.name + "_people" }

// timeAmongPeople measures what an administrator does in a database of its own with many users of one company.
func (s *scene) timeAmongPeople(ctx context.Context, m measurement, round func(), do func(*pgx.Conn) error) (taken samples, err error) {
	database := s.manyPeople()
	if !s.people {
		users, combinations := 1000, 1_000_000
		if s.quick {
			users, combinations = 50, 5000
		}
		if err := s.createLedgerDatabase(ctx, database); err != nil {
			return samples{}, err
		}
		if err := s.within(ctx, database, impactSQL, fmt.Sprintf("call bench.fill_people(%d, %d)", users, combinations), "vacuum analyze", forgetSmallTables); err != nil {
			return samples{}, err
		}
		s.people = true
	}
	config, err := s.config(database)
	if err != nil {
		return samples{}, err
	}
	count, _ := m.rounds.of(s.quick)
	err = within(ctx, config, func(connection *pgx.Conn) error {
		for range count {
			began := time.Now()
			if err := do(connection); err != nil {
				return err
			}
			taken.subject = append(taken.subject, time.Since(began).Seconds())
			round()
		}
		return nil
	})
	return taken, err
}
