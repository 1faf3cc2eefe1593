package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/configuration"
	"github.com/posternsql/postern/internal/install"
)

// timeApply measures the seconds to read a configuration file and to apply it, from the file's text to the commit. The
// database has none of the file's objects, or all of them.
func timeApply(again bool) func(context.Context, *scene, measurement, func()) (samples, error) {
	return func(ctx context.Context, s *scene, m measurement, round func()) (taken samples, err error) {
		count, size := m.rounds.of(s.quick)
		text := configurationFile(size)
		for range count {
			seconds, err := s.applyOnce(ctx, text, again, true)
			if err != nil {
				return samples{}, err
			}
			taken.subject = append(taken.subject, seconds)
			round()
		}
		return taken, nil
	}
}

// compareRecord compares the same application of a file with and without the triggers that record each change. It takes
// turns, because the machine may become slower in the meantime.
func compareRecord(ctx context.Context, s *scene, m measurement, round func()) (taken samples, err error) {
	count, size := m.rounds.of(s.quick)
	text := configurationFile(size)
	for range count {
		recorded, err := s.applyOnce(ctx, text, false, true)
		if err != nil {
			return samples{}, err
		}
		unrecorded, err := s.applyOnce(ctx, text, false, false)
		if err != nil {
			return samples{}, err
		}
		taken.subject, taken.baseline = append(taken.subject, recorded), append(taken.baseline, unrecorded)
		round()
	}
	return taken, nil
}

// stopRecording disables the triggers that record each change.
const stopRecording = `
do $$
declare
  recorded record;
begin
  for recorded in select t.tgrelid::regclass as relation, t.tgname from pg_trigger as t where t.tgname ~ '^administered_' loop
    execute format('alter table %s disable trigger %I', recorded.relation, recorded.tgname);
  end loop;
end
$$`

func (s *scene) applyOnce(ctx context.Context, text string, again, isRecorded bool) (seconds float64, err error) {
	name := s.name + "_apply"
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
	if _, err := install.Install(ctx, config, install.Options{}); err != nil {
		return 0, err
	}
	connection, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, connection.Close(context.WithoutCancel(ctx))) }()
	if !isRecorded {
		if _, err := connection.Exec(ctx, stopRecording); err != nil {
			return 0, err
		}
	}
	apply := func() (*configuration.Plan, error) {
		desired, err := configuration.Read([]string{"-"}, strings.NewReader(text))
		if err != nil {
			return nil, err
		}
		return configuration.Apply(ctx, connection, desired, false)
	}
	if again {
		if _, err := apply(); err != nil {
			return 0, err
		}
	}
	began := time.Now()
	plan, err := apply()
	if err != nil {
		return 0, err
	}
	seconds = time.Since(began).Seconds()
	if again != (len(plan.Changes) == 0) {
		return 0, fmt.Errorf("%d changes were made", len(plan.Changes))
	}
	return seconds, nil
}

// configurationFile returns a file with a hundred objects per company.
func configurationFile(objects int) string {
	var text strings.Builder
	gates, companies := objects/10, objects/100
	text.WriteString("gates:\n")
	for gate := range gates {
		fmt.Fprintf(&text, "  BENCH_GATE_%d: {description: Approve an invoice, message: Invoice &INVOICE_NO approved, parameters: [INVOICE_NO], active: true}\n", gate)
	}
	text.WriteString("actions:\n")
	for action := range gates / 2 {
		fmt.Fprintf(&text, "  BenchAction%d: {checkpoint: BENCH_GATE_%d, legacy_checkpoints: [BENCH_GATE_%d]}\n", action, action, action+1)
	}
	text.WriteString("users:\n")
	for user := range companies * 20 {
		fmt.Fprintf(&text, "  USER_%d: {description: User number %d, default_company: C%d}\n", user, user, user/20)
	}
	text.WriteString("companies:\n")
	for company := range companies {
		fmt.Fprintf(&text, "  C%d:\n    name: Company %d\n    row_level_security: true\n    users:\n", company, company)
		for user := range 24 {
			fmt.Fprintf(&text, "      USER_%d: {class: CLASS_%d}\n", (company*20+user)%(companies*20), user%3)
		}
		text.WriteString("    classes:\n")
		for class := range 3 {
			fmt.Fprintf(&text, "      CLASS_%d:\n        allow:\n", class)
			for rule := range 10 {
				fmt.Fprintf(&text, "          - {code_a: %d%%, code_b: \"%d\"}\n", rule, class)
			}
		}
		text.WriteString("    ledgers:\n      IFRS:\n        users:\n")
		for user := range 6 {
			fmt.Fprintf(&text, "          USER_%d: {}\n", (company*20+user)%(companies*20))
		}
	}
	return text.String()
}
