package bench

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/auditlog"
	queries "github.com/posternsql/postern/internal/query"
	"github.com/posternsql/postern/internal/transaction"
)

//go:embed growth.sql
var growthSQL string

// dimension is a part of an installation that grows.
type dimension struct {
	name          string
	sizes         []int
	reads, writes string // what read and write do
	read, write   func(ctx context.Context, s *scene, size, count int) (milliseconds float64, err error)
	memory        func(ctx context.Context, s *scene) (megabytes float64, err error)
}

const growthPrefix = "growth-"

// dimensions are what grows. The first two sizes of each are those of a quick run.
func dimensions() []dimension {
	const reads, writes = "one row of a ledger by index", "insert a row into the ledger"
	return []dimension{
		{"companies", []int{1, 10, 100, 1000, 10_000}, reads, writes, readPosting, writePosting, memoryOfReading("ONE")},
		{"combinations", []int{1000, 10_000, 100_000, 1_000_000, 10_000_000}, reads, writes, readPosting, writePosting, memoryOfReading("ONE")},
		{"users", []int{10, 100, 1000, 10_000, 100_000, 1_000_000}, "a transaction of any user, with " + reads, "create a user", readAsAnybody, createUser, memoryOfReading("U1")},
		{"log", []int{10_000, 100_000, 1_000_000, 10_000_000}, "the first page of a user's entries at a gate", "pass a gate with an approval", readLog, passGates, memoryOfLog},
	}
}

// growthMeasurements measure one cost at one size each, in the order of the sizes. They have no baseline and no bar.
func growthMeasurements(quick bool, upTo int) []measurement {
	measurements := []measurement{}
	calls := rounds{count: 15, size: 100, quickCount: 1, quickSize: 5}
	once := rounds{count: 3, size: 1, quickCount: 1, quickSize: 1}
	for _, d := range dimensions() {
		for number, size := range d.sizes {
			if quick && number > 1 || upTo > 0 && size > upTo && number > 0 {
				break
			}
			of := fmt.Sprintf("%s%s-%d-", growthPrefix, d.name, size)
			with := ", " + strconv.Itoa(size) + " " + d.name
			measurements = append(measurements,
				measurement{of + "read", d.reads + with, "", "ms", 0, false, calls, measureGrowth(d, size, d.read)},
				measurement{of + "write", d.writes + with, "", "ms", 0, false, calls, measureGrowth(d, size, d.write)},
				measurement{of + "memory", "memory of a session while it reads" + with, "", "MB", 0, false, once,
					measureGrowth(d, size, func(ctx context.Context, s *scene, _, _ int) (float64, error) { return d.memory(ctx, s) })},
			)
		}
	}
	return measurements
}

// GrowthOf splits the name of a measurement of growth.
func GrowthOf(name string) (dimension string, size float64, cost string, is bool) {
	rest, is := strings.CutPrefix(name, growthPrefix)
	parts := strings.Split(rest, "-")
	if !is || len(parts) != 3 {
		return "", 0, "", false
	}
	size, err := strconv.ParseFloat(parts[1], 64)
	return parts[0], size, parts[2], err == nil
}

// growing is a scene of its own for one dimension, so that no dimension slows another one.
type growing struct {
	dimension string
	size      int
	scene     *scene
}

// grow returns the scene of a dimension at a size. It closes the scene of the previous dimension, whose data may be
// large.
func (s *scene) grow(ctx context.Context, d dimension, size int) (*scene, error) {
	if s.growing != nil && s.growing.dimension != d.name {
		previous := s.growing
		s.growing = nil
		if err := previous.scene.close(ctx); err != nil {
			return nil, err
		}
	}
	if s.growing == nil {
		grown, err := openScene(ctx, s.server, true)
		s.growing = &growing{dimension: d.name, scene: grown}
		if err != nil {
			return nil, err
		}
		grown.quick = s.quick
		for _, sql := range []string{ledgerSQL, growthSQL} {
			if _, err := grown.superuser.Exec(ctx, sql); err != nil {
				return nil, err
			}
		}
	}
	if s.growing.size != size {
		for _, sql := range []string{fmt.Sprintf("call bench.grow_%s(%d)", d.name, size), "vacuum analyze", forgetSmallTables} {
			if _, err := s.growing.scene.superuser.Exec(ctx, sql); err != nil {
				return nil, fmt.Errorf("grow to %d %s: %w", size, d.name, err)
			}
		}
		s.growing.size = size
	}
	return s.growing.scene, nil
}

func measureGrowth(d dimension, size int, cost func(ctx context.Context, s *scene, size, count int) (float64, error)) func(context.Context, *scene, measurement, func()) (samples, error) {
	return func(ctx context.Context, s *scene, m measurement, round func()) (taken samples, err error) {
		grown, err := s.grow(ctx, d, size)
		if err != nil {
			return samples{}, err
		}
		count, calls := m.rounds.of(s.quick)
		for number := range count + 1 {
			one, err := cost(ctx, grown, size, calls)
			if err != nil {
				return samples{}, err
			}
			if number > 0 { // the first round is only a warm-up
				taken.subject = append(taken.subject, one)
				round()
			}
		}
		return taken, nil
	}
}

// asUser runs calls in one transaction of an end user, and takes back what they do.
func (s *scene) asUser(ctx context.Context, userid string, do func(tx pgx.Tx) error) (err error) {
	connection, err := s.login(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, connection.Close(context.WithoutCancel(ctx))) }()
	// As in begin: a session that has run a report keeps its memory.
	if _, err := connection.Exec(ctx, "select length(repeat('x', 30000000))"); err != nil {
		return err
	}
	tx, err := connection.Begin(ctx)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "select postern.assume_user($1)", userid); err != nil {
		return err
	}
	return errors.Join(do(tx), tx.Rollback(context.WithoutCancel(ctx)))
}

// timeCalls returns the milliseconds of one call. It makes one first, which also plans the statement.
func timeCalls(count int, call func() error) (float64, error) {
	if err := call(); err != nil {
		return 0, err
	}
	began := time.Now()
	for range count {
		if err := call(); err != nil {
			return 0, err
		}
	}
	return float64(time.Since(began).Microseconds()) / 1000 / float64(count), nil
}

func readPosting(ctx context.Context, s *scene, _, count int) (cost float64, err error) {
	err = s.asUser(ctx, "ONE", func(tx pgx.Tx) (err error) {
		cost, err = timeCalls(count, func() error {
			tag, err := tx.Exec(ctx, oneKeyed)
			if err == nil && tag.RowsAffected() != 1 {
				err = fmt.Errorf("%d rows", tag.RowsAffected())
			}
			return err
		})
		return err
	})
	return cost, err
}

func writePosting(ctx context.Context, s *scene, _, count int) (cost float64, err error) {
	err = s.asUser(ctx, "ONE", func(tx pgx.Tx) (err error) {
		var id int64
		if err := tx.QueryRow(ctx, "select p.posting_combination_id from bench.posting as p where p.posting_id = 5000").Scan(&id); err != nil {
			return err
		}
		cost, err = timeCalls(count, func() error {
			_, err := tx.Exec(ctx, "insert into bench.posting values (0, 'S1', $1, 1)", id)
			return err
		})
		return err
	})
	return cost, err
}

func memoryOfReading(userid string) func(context.Context, *scene) (float64, error) {
	return func(ctx context.Context, s *scene) (megabytes float64, err error) {
		err = s.asUser(ctx, userid, func(tx pgx.Tx) error {
			return tx.QueryRow(ctx, strings.Replace(oneKeyed, "amount", "bench.session_memory()", 1)).Scan(&megabytes)
		})
		return megabytes, err
	}
}

func readAsAnybody(ctx context.Context, s *scene, size, count int) (cost float64, err error) {
	connection, err := s.login(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, connection.Close(context.WithoutCancel(ctx))) }()
	return timeCalls(count, func() error {
		userid := fmt.Sprintf("U%d", 1+rand.IntN(size))
		return transaction.Run(ctx, connection, pgx.TxOptions{}, start("select postern.assume_user($1)", userid), func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, oneKeyed)
			return err
		})
	})
}

func createUser(ctx context.Context, s *scene, _, count int) (cost float64, err error) {
	tx, err := s.superuser.Begin(ctx)
	if err != nil {
		return 0, err
	}
	number := 0
	cost, err = timeCalls(count, func() error {
		number++
		_, err := tx.Exec(ctx, "select postern.create_user($1, $1)", fmt.Sprintf("NEW%d", number))
		return err
	})
	return cost, errors.Join(err, tx.Rollback(context.WithoutCancel(ctx)))
}

func readLog(ctx context.Context, s *scene, _, count int) (float64, error) {
	return timeCalls(count, func() error { return readPage(ctx, s.superuser) })
}

// readPage reads what "log list" shows unless told otherwise.
func readPage(ctx context.Context, connection *pgx.Conn) error {
	gate, userid := "BENCH_7", "USER7"
	return auditlog.Read(ctx, connection, auditlog.Filter{GateID: &gate, UserID: &userid}, func(reader *auditlog.Reader) error {
		return reader.Latest(ctx, 50, func([]queries.LogEntry) error { return nil })
	})
}

func passGates(ctx context.Context, s *scene, _, count int) (milliseconds float64, err error) {
	tickets, err := s.tickets(ctx, count)
	if err != nil {
		return 0, err
	}
	connection, err := s.login(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, connection.Close(context.WithoutCancel(ctx))) }()
	var baseline, microseconds float64
	err = connection.QueryRow(ctx, "call bench.transactions($1, $2::text[]::uuid[], $3, $4)", userid, tickets, activeGate, parameters).Scan(&baseline, &microseconds)
	return microseconds / 1000, err
}

func memoryOfLog(ctx context.Context, s *scene) (megabytes float64, err error) {
	config, err := s.config(s.name)
	if err != nil {
		return 0, err
	}
	err = within(ctx, config, func(connection *pgx.Conn) error {
		if err := readPage(ctx, connection); err != nil {
			return err
		}
		return connection.QueryRow(ctx, "select bench.session_memory()").Scan(&megabytes)
	})
	return megabytes, err
}
