package bench

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// loop runs a call many times and returns the microseconds per call. token_text and token_secret are the inputs of the
// session token's signature.
const loop = `
create or replace function bench.%s(iterations integer, token_text text, token_secret text)
returns double precision
language plpgsql
as $loop$
declare
  started timestamptz := clock_timestamp();
begin
  for i in 1 .. iterations loop
    perform %s;
  end loop;
  return extract(epoch from clock_timestamp() - started) * 1000000 / iterations;
end
$loop$`

// compareCalls measures one call against another, in one transaction with a signed session.
func compareCalls(subject, baseline string) func(context.Context, *scene, measurement, func()) (samples, error) {
	return func(ctx context.Context, s *scene, m measurement, round func()) (taken samples, err error) {
		for name, call := range map[string]string{"subject": subject, "baseline": baseline} {
			if _, err := s.superuser.Exec(ctx, fmt.Sprintf(loop, name, call)); err != nil {
				return samples{}, err
			}
		}
		connection, err := s.login(ctx)
		if err != nil {
			return samples{}, err
		}
		defer func() { err = errors.Join(err, connection.Close(ctx)) }()
		tx, err := connection.Begin(ctx)
		if err != nil {
			return samples{}, err
		}
		defer func() { _ = tx.Rollback(ctx) }()
		token, err := s.signer.Token(userid)
		if err != nil {
			return samples{}, err
		}
		if _, err := tx.Exec(ctx, "select postern.begin_session($1)", token); err != nil {
			return samples{}, err
		}
		count, size := m.rounds.of(s.quick)
		measure := func(name string) (cost float64, err error) {
			err = tx.QueryRow(ctx, "select bench."+name+"($1, $2, $3)", size, signedPart(token), s.secret).Scan(&cost)
			return cost, err
		}
		return takeTurns(count, round,
			func() (float64, error) { return measure("subject") },
			func() (float64, error) { return measure("baseline") })
	}
}

// disabled measures with disabled checkpoints.
func disabled(measure func(context.Context, *scene, measurement, func()) (samples, error)) func(context.Context, *scene, measurement, func()) (samples, error) {
	return func(ctx context.Context, s *scene, m measurement, round func()) (taken samples, err error) {
		if err := setEnabled(ctx, s.superuser, false); err != nil {
			return samples{}, err
		}
		defer func() { err = errors.Join(err, setEnabled(context.WithoutCancel(ctx), s.superuser, true)) }()
		return measure(ctx, s, m, round)
	}
}

func setEnabled(ctx context.Context, connection *pgx.Conn, enabled bool) error {
	_, err := connection.Exec(ctx, "select postern.set_setting('checkpoints_enabled', $1)", fmt.Sprint(enabled))
	return err
}

// takeTurns measures subject and baseline alternately, and also alternates which comes first. The first round is only a
// warm-up.
func takeTurns(count int, round func(), subject, baseline func() (float64, error)) (taken samples, err error) {
	for number := range count + 1 {
		var costs [2]float64
		turns := [2]func() (float64, error){subject, baseline}
		for _, turn := range [2]int{number % 2, 1 - number%2} {
			if costs[turn], err = turns[turn](); err != nil {
				return samples{}, err
			}
		}
		if number > 0 {
			taken.subject = append(taken.subject, costs[0])
			taken.baseline = append(taken.baseline, costs[1])
			round()
		}
	}
	return taken, nil
}
