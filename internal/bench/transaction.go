package bench

import (
	"context"
	"errors"
	"strings"
)

// signedPart is the part of a token that its signature covers.
func signedPart(token string) string {
	return token[:strings.LastIndexByte(token, '.')]
}

// compareTransactions measures the cost of a transaction that uses a ticket, without its business statements and its
// commit.
func compareTransactions(ctx context.Context, s *scene, m measurement, round func()) (taken samples, err error) {
	connection, err := s.login(ctx)
	if err != nil {
		return samples{}, err
	}
	defer func() { err = errors.Join(err, connection.Close(ctx)) }()
	// No commit is timed here, so nothing needs to wait for the disk.
	if _, err := connection.Exec(ctx, "set synchronous_commit = off"); err != nil {
		return samples{}, err
	}
	count, size := m.rounds.of(s.quick)
	for number := range count + 1 {
		tickets, err := s.tickets(ctx, size)
		if err != nil {
			return samples{}, err
		}
		var baseline, subject float64
		err = connection.QueryRow(ctx, "call bench.transactions($1, $2::text[]::uuid[], $3, $4)", userid, tickets, activeGate, parameters).
			Scan(&baseline, &subject)
		if err != nil {
			return samples{}, err
		}
		if number > 0 { // the first round is only a warm-up
			taken.subject = append(taken.subject, subject)
			taken.baseline = append(taken.baseline, baseline)
			round()
		}
	}
	return taken, nil
}
