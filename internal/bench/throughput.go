package bench

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/posternsql/postern/internal/transaction"
)

// sessions is how many connections work at once.
const sessions = 8

// inserts are the statements of bench.insert_rows.
var inserts = []string{
	`insert into bench.supplier_invoice (company, supplier_id, invoice_no, invoice_date, due_date, currency, amount, state)
	values ('10', 'S-1001', 'INV-' || $1::integer, '2025-03-01', '2025-03-31', 'EUR', 1250.00, 'Approved')`,
	`insert into bench.invoice_item (company, invoice_no, line_no, description, quantity, price, tax_code)
	values ('10', 'INV-' || $1::integer, 1, 'Steel sheets 2 mm', 50, 25.00, 'V20')`,
	`insert into bench.payment_proposal (company, supplier_id, invoice_no, pay_date, amount, way, state)
	values ('10', 'S-1001', 'INV-' || $1::integer, '2025-03-28', 1250.00, 'SEPA', 'Proposed')`,
}

// transactions runs one kind of transaction in all connections at once, with commits that reach the disk. It returns
// how many commit per second. It runs as long as beside does, which is about duration.
type transactions func(ctx context.Context, s *scene, connections []*pgx.Conn, duration time.Duration, beside work) (float64, error)

// work is what runs beside transactions.
type work func(ctx context.Context) error

// nothing runs no work beside transactions: it only waits for duration.
func nothing(duration time.Duration) work {
	return func(ctx context.Context) error {
		select {
		case <-ctx.Done():
		case <-time.After(duration):
		}
		return nil
	}
}

// start is one statement that starts a transaction.
func start(text string, arguments ...any) []transaction.Statement {
	return []transaction.Statement{{Text: text, Arguments: arguments}}
}

// passing sends what a client sends again after an approval: the user, the ticket, the gate.
func passing() transactions {
	rates := map[int]float64{} // transactions per second in the previous round, by number of sessions
	return func(ctx context.Context, s *scene, connections []*pgx.Conn, duration time.Duration, beside work) (float64, error) {
		expected, known := rates[len(connections)]
		if !known {
			expected = 20_000
		}
		// Half as many again as needed, because a round ends when the first session has used up its tickets.
		tickets, err := s.tickets(ctx, len(connections)*(1+int(1.5*expected*duration.Seconds())/len(connections)))
		if err != nil {
			return 0, err
		}
		share := len(tickets) / len(connections)
		rate, err := hammer(ctx, connections, beside, func(ctx context.Context, session, number int) (bool, error) {
			if number == share {
				return false, nil
			}
			ticket := tickets[session*share+number]
			return true, transaction.Run(ctx, connections[session], pgx.TxOptions{}, start("select postern.assume_user($1, $2::text::uuid)", userid, ticket), func(tx pgx.Tx) error {
				_, err := tx.Exec(ctx, "select postern.checkpoint($1, $2)", activeGate, parameters)
				return err
			})
		})
		rates[len(connections)] = max(rate, 1)
		return rate, err
	}
}

// calling is one call with the same effect as inserts.
const calling = "select bench.insert_rows($1)"

// inserting is a transaction of these statements in an end user's session.
func inserting(statements ...string) transactions {
	return func(ctx context.Context, _ *scene, connections []*pgx.Conn, _ time.Duration, beside work) (float64, error) {
		return hammer(ctx, connections, beside, func(ctx context.Context, session, number int) (bool, error) {
			insert := func(tx pgx.Tx) error {
				for _, statement := range statements {
					if _, err := tx.Exec(ctx, statement, number); err != nil {
						return err
					}
				}
				return nil
			}
			return true, transaction.Run(ctx, connections[session], pgx.TxOptions{}, start("select postern.assume_user($1)", userid), insert)
		})
	}
}

// compareThroughput measures how many transactions per second many sessions commit.
func compareThroughput(subject, baseline transactions) func(context.Context, *scene, measurement, func()) (samples, error) {
	return func(ctx context.Context, s *scene, m measurement, round func()) (taken samples, err error) {
		connections, closeAll, err := s.logins(ctx, sessions)
		if err != nil {
			return samples{}, err
		}
		defer func() { err = errors.Join(err, closeAll()) }()
		count, milliseconds := m.rounds.of(s.quick)
		duration := time.Duration(milliseconds) * time.Millisecond
		return takeTurns(count, round,
			func() (float64, error) { return subject(ctx, s, connections, duration, nothing(duration)) },
			func() (float64, error) { return baseline(ctx, s, connections, duration, nothing(duration)) })
	}
}

// compareScaling measures how many times more transactions many sessions commit than one session. It shows contention
// for shared resources, and nothing else.
func compareScaling(subject, baseline transactions) func(context.Context, *scene, measurement, func()) (samples, error) {
	return func(ctx context.Context, s *scene, m measurement, round func()) (taken samples, err error) {
		connections, closeAll, err := s.logins(ctx, sessions)
		if err != nil {
			return samples{}, err
		}
		defer func() { err = errors.Join(err, closeAll()) }()
		count, milliseconds := m.rounds.of(s.quick)
		duration := time.Duration(milliseconds) * time.Millisecond
		scaling := func(run transactions) (float64, error) {
			one, err := run(ctx, s, connections[:1], duration, nothing(duration))
			if err != nil {
				return 0, err
			}
			many, err := run(ctx, s, connections, duration, nothing(duration))
			return many / one, err
		}
		return takeTurns(count, round,
			func() (float64, error) { return scaling(subject) },
			func() (float64, error) { return scaling(baseline) })
	}
}

// hammer keeps all connections busy as long as beside runs, and returns the transactions per second. transact returns
// false when it has nothing left to do. Then all sessions stop, because the rate of fewer sessions would be another
// result.
func hammer(ctx context.Context, connections []*pgx.Conn, beside work, transact func(ctx context.Context, session, number int) (bool, error)) (float64, error) {
	var stopped atomic.Bool
	var committed atomic.Int64
	sessions, ctx := errgroup.WithContext(ctx)
	began := time.Now()
	done := make(chan error, 1)
	go func() {
		defer stopped.Store(true)
		done <- beside(ctx)
	}()
	for session := range connections {
		sessions.Go(func() error {
			number := 0
			for ; !stopped.Load(); number++ {
				more, err := transact(ctx, session, number)
				if err != nil {
					return err
				}
				if !more {
					stopped.Store(true)
					break
				}
			}
			committed.Add(int64(number))
			return nil
		})
	}
	err := sessions.Wait()
	took := time.Since(began)
	return float64(committed.Load()) / took.Seconds(), errors.Join(err, <-done)
}
