package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/seal"
)

const (
	// batch is the number of entries compared at the two ends of the log.
	batch = 10_000
	// proofs is the number of entries proven for one median.
	proofs = 200
)

// longLog is a database with a long log. The first measurement that needs it creates it.
type longLog struct {
	scene      *scene
	name       string
	connection *pgx.Conn
	sealer     *seal.Sealer
	folder     string
	// taken holds the results of the measurements, by name.
	taken map[string]samples
}

// timeLog returns one of the measurements that share a long log.
func timeLog(name string) func(context.Context, *scene, measurement, func()) (samples, error) {
	return func(ctx context.Context, s *scene, m measurement, round func()) (samples, error) {
		_, entries := m.rounds.of(s.quick)
		if s.log == nil {
			log, err := s.openLog(ctx)
			s.log = log
			if err != nil {
				return samples{}, err
			}
			if err := log.measure(ctx, entries); err != nil {
				return samples{}, err
			}
		}
		round()
		return s.log.taken[name], nil
	}
}

func (s *scene) openLog(ctx context.Context) (*longLog, error) {
	l := &longLog{scene: s, name: s.name + "_log", taken: map[string]samples{}}
	if _, err := s.admin.Exec(ctx, "create database "+l.name+" template template0"); err != nil {
		return nil, err
	}
	config, err := s.config(l.name)
	if err != nil {
		return l, err
	}
	if _, err := install.Install(ctx, config, install.Options{}); err != nil {
		return l, err
	}
	if l.connection, err = pgx.ConnectConfig(ctx, config); err != nil {
		return l, err
	}
	if l.folder, err = os.MkdirTemp("", "postern-bench-"); err != nil {
		return l, err
	}
	l.sealer, err = newSealer(l.folder)
	return l, err
}

func newSealer(folder string) (*seal.Sealer, error) {
	private, _, err := seal.CreateKey("bench")
	if err != nil {
		return nil, err
	}
	path := filepath.Join(folder, "key")
	if err := os.WriteFile(path, []byte(private), 0o600); err != nil {
		return nil, err
	}
	key, err := seal.ReadKey(path)
	if err != nil {
		return nil, err
	}
	heads, err := seal.OpenHeads(filepath.Join(folder, "heads"))
	return &seal.Sealer{Key: key, Heads: heads}, err
}

func (l *longLog) close(ctx context.Context) error {
	failures := []error{os.RemoveAll(l.folder)}
	if l.connection != nil {
		failures = append(failures, l.connection.Close(ctx))
	}
	_, err := l.scene.admin.Exec(ctx, "drop database if exists "+l.name+" with (force)")
	return errors.Join(append(failures, err)...)
}

// measure takes all measurements of the log. It writes and seals the first entries, most of the others, and some more.
// Then it verifies the log and proves entries.
func (l *longLog) measure(ctx context.Context, entries int) error {
	first, err := l.timeSeal(ctx, batch)
	if err != nil {
		return err
	}
	all, err := l.timeSeal(ctx, entries-batch)
	if err != nil {
		return err
	}
	last, err := l.timeSeal(ctx, batch)
	if err != nil {
		return err
	}
	l.taken["seal"] = samples{subject: []float64{all}}
	l.taken["seal-flat"] = samples{subject: []float64{last}, baseline: []float64{first}}

	began := time.Now()
	verdict, err := (&seal.Verifier{Heads: l.sealer.Heads}).Verify(ctx, l.connection)
	if err != nil {
		return err
	}
	if verdict.Total > 0 || verdict.Leaves != int64(entries+batch) {
		return fmt.Errorf("the log is not intact: %d leaves, %v", verdict.Leaves, verdict.Findings)
	}
	l.taken["log-verify"] = samples{subject: []float64{float64(verdict.Leaves) / time.Since(began).Seconds()}}

	times := []float64{}
	for range proofs {
		began := time.Now()
		if _, err := seal.Prove(ctx, l.connection, l.sealer.Heads, 1+rand.Int64N(verdict.Leaves), nil); err != nil {
			return err
		}
		times = append(times, float64(time.Since(began).Microseconds())/1000)
	}
	l.taken["log-prove"] = samples{subject: times}
	return l.measureRedaction(ctx, (entries+batch)/100)
}

// measureRedaction has the log forget one person, and compares writing to it before and afterwards.
func (l *longLog) measureRedaction(ctx context.Context, entries int) error {
	before, err := l.timeWrites(ctx)
	if err != nil {
		return err
	}
	redaction := &seal.Redaction{UserID: forgotten, Reason: "Request 17"}
	began := time.Now()
	done, err := redaction.Redact(ctx, l.connection, l.sealer.Key, []*seal.Heads{l.sealer.Heads})
	if err == nil && done.Entries != int64(entries) {
		err = fmt.Errorf("%d of %d entries were redacted", done.Entries, entries)
	}
	if err != nil {
		return err
	}
	l.taken["log-redact"] = samples{subject: []float64{time.Since(began).Seconds()}}
	after, err := l.timeWrites(ctx)
	l.taken["log-redacted"] = samples{subject: after, baseline: before}
	return err
}

// timeWrites returns the microseconds that it takes to write an entry, each in a transaction.
func (l *longLog) timeWrites(ctx context.Context) ([]float64, error) {
	times := []float64{}
	for range proofs {
		began := time.Now()
		if _, err := l.connection.Exec(ctx, writeEntries, 1); err != nil {
			return nil, err
		}
		times = append(times, float64(time.Since(began).Microseconds()))
	}
	return times, nil
}

// timeSeal writes this many entries, a thousand per transaction, and returns how many are sealed per second.
func (l *longLog) timeSeal(ctx context.Context, entries int) (float64, error) {
	for range entries / 1000 {
		if _, err := l.connection.Exec(ctx, writeEntries, 1000); err != nil {
			return 0, err
		}
	}
	if _, err := l.connection.Exec(ctx, "analyze postern_internal.checkpoint_entry"); err != nil {
		return 0, err
	}
	began := time.Now()
	sealed, err := l.sealer.Seal(ctx, l.connection)
	if err == nil && sealed != int64(entries) {
		err = fmt.Errorf("%d of %d entries were sealed", sealed, entries)
	}
	return float64(entries) / time.Since(began).Seconds(), err
}

// forgotten has every hundredth entry.
const forgotten = "BOB"

// writeEntries inserts what a passed gate inserts.
const writeEntries = `
insert into postern_internal.checkpoint_entry
  (outcome, gate_id, userid, authenticated_by, message, parameters, comment, scheme, ticket)
select 'passed', 'BENCH_APPROVE', case when i % 100 = 0 then '` + forgotten + `' else 'ALICE' end, 'ALICE', 'Invoice INV-' || i || ' of S-1001 over 1250.00 approved',
       jsonb_build_object('SUPPLIER_ID', 'S-1001', 'INVOICE_NO', 'INV-' || i, 'AMOUNT', '1250.00'), 'As agreed with the supplier', 'PIN',
       gen_random_uuid()
  from generate_series(1, $1::integer) as i`

// compareSealing measures how much sealing the log every second slows down the sessions that write to it.
func compareSealing(ctx context.Context, s *scene, m measurement, round func()) (taken samples, err error) {
	folder, err := os.MkdirTemp("", "postern-bench-")
	if err != nil {
		return samples{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	sealer, err := newSealer(folder)
	if err != nil {
		return samples{}, err
	}
	config, err := s.config(s.name)
	if err != nil {
		return samples{}, err
	}
	connection, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return samples{}, err
	}
	defer func() { err = errors.Join(err, connection.Close(ctx)) }()
	seal := func() error {
		_, err := sealer.Seal(ctx, connection)
		return err
	}
	if err := seal(); err != nil { // seals what earlier measurements have written
		return samples{}, err
	}
	writing := passing()
	return compareThroughput(whileSealing(writing, seal), writing)(ctx, s, m, round)
}

// whileSealing runs transactions and calls seal at the end of every second. A round ends with a last seal, so that it
// includes the sealing of all its entries.
func whileSealing(writing transactions, seal func() error) transactions {
	return func(ctx context.Context, s *scene, connections []*pgx.Conn, duration time.Duration, _ work) (float64, error) {
		// Seal the entries of the rounds without sealing first, because they are not this round's work.
		if err := seal(); err != nil {
			return 0, err
		}
		return writing(ctx, s, connections, duration, func(ctx context.Context) error {
			began := time.Now()
			every := min(duration, time.Second)
			for due := every; due <= duration; due += every {
				if err := errors.Join(nothing(time.Until(began.Add(due)))(ctx), seal()); err != nil {
					return err
				}
			}
			return nil
		})
	}
}
