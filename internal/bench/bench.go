// Package bench measures the cost of Postern, as ratios to plain PostgreSQL measured in the same run.
//
// Subject and baseline take turns in short rounds, so that other load on the machine hits both. Each round yields one
// ratio, and the result is the median of the ratios. The spread from the 10th to the 90th percentile shows how far the
// median can be trusted. Everything except installation and throughput is timed inside the server by clock_timestamp(),
// so the network is not measured.
package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/posternsql/postern/internal/server"
)

// cleanupTimeout bounds the cleanup, which must happen even after an interruption.
const cleanupTimeout = time.Minute

// Options configure what Run measures, and for how long.
type Options struct {
	// Quick measures in a few short rounds. They show that everything works, but say nothing about speed.
	Quick bool
	// Peers compares Postern with other designs instead.
	Peers bool
	// Growth measures instead how costs grow with an installation, up to UpTo of each; 0 means all sizes.
	Growth bool
	UpTo   int
	// Only names the measurements to take; empty means all. See Names.
	Only []string
	// OnProgress is called before each round with the number of completed rounds and the total.
	OnProgress func(activity string, done, total int)
	// Logger receives diagnostics; nil discards them.
	Logger *slog.Logger
}

// Report says what a run measured, and on which machine.
type Report struct {
	Machine Machine  `json:"machine"`
	Quick   bool     `json:"quick"`
	Results []Result `json:"results"`
	// LeftOut has a reason for each measurement that could not be taken.
	LeftOut []string `json:"left_out,omitempty"`
}

// Met reports whether every bar was met.
func (r *Report) Met() bool {
	return !slices.ContainsFunc(r.Results, func(result Result) bool { return !result.Met })
}

// Result is one measurement.
type Result struct {
	Name    string `json:"name"`
	Subject string `json:"subject"`
	// Baseline is what the subject is compared with; empty if the bar is a time.
	Baseline string `json:"baseline,omitempty"`
	// Unit is the unit of SubjectCost and BaselineCost.
	Unit         string  `json:"unit"`
	SubjectCost  Spread  `json:"subject_cost"`
	BaselineCost *Spread `json:"baseline_cost,omitempty"`
	// Measured is compared with the bar: the ratio of subject to baseline, their difference, or a number of seconds.
	Measured Spread `json:"measured"`
	// Difference says that Measured is the subject minus the baseline, in Unit. Otherwise it is a ratio, if there is a
	// baseline.
	Difference bool `json:"difference,omitempty"`
	// Bar is 0 if a result is only reported.
	Bar float64 `json:"bar"`
	// AtLeast says that Measured must reach the bar. Otherwise Measured must not exceed it.
	AtLeast bool `json:"at_least"`
	Met     bool `json:"met"`
	Rounds  int  `json:"rounds"`
}

// measurement is one line of the table before it is measured.
type measurement struct {
	name, subject, baseline, unit string

	bar     float64
	atLeast bool
	rounds  rounds
	measure func(ctx context.Context, s *scene, m measurement, round func()) (samples, error)
}

// rounds says how often to measure, and how much in each round.
type rounds struct {
	count, size           int
	quickCount, quickSize int
}

func (r rounds) of(quick bool) (count, size int) {
	if quick {
		return r.quickCount, r.quickSize
	}
	return r.count, r.size
}

// samples are the costs in each round.
type samples struct {
	subject, baseline []float64

	difference bool // the bar limits subject minus baseline, not their ratio
}

const (
	oneRow     = "an empty SECURITY DEFINER function that reads one row by primary key"
	threeRows  = "three one-row INSERTs"
	parameters = `{"AMOUNT": "1250.00", "INVOICE_NO": "INV-4711", "SUPPLIER_ID": "S-1001"}`
	message    = `E'!SECURITY_CHECKPOINT\n$SUPPLIER_ID=S-1001\n$INVOICE_NO=INV-4711\n$AMOUNT=1250.00\n'`
)

func measurements() []measurement {
	var (
		calls      = rounds{count: 501, size: 400, quickCount: 21, quickSize: 100}
		native     = "postern.checkpoint('%s', '" + parameters + "')"
		mirrored   = "security_sys.security_checkpoint('%s', " + message + ")"
		baseline   = "bench.read_one_row('BENCH_ROW')"
		hmac       = "public.hmac(token_text, token_secret, 'sha256')"
		together   = rounds{count: 41, size: 400, quickCount: 2, quickSize: 40}
		installing = rounds{count: 7, quickCount: 1}
		looking    = rounds{count: 5, quickCount: 1}
		applying   = rounds{count: 3, size: 10_000, quickCount: 1, quickSize: 200}
	)
	return append([]measurement{
		{"inactive-checkpoint", "postern.checkpoint, inactive gate", oneRow, "µs", 1.5, false, calls,
			compareCalls(fmt.Sprintf(native, inactiveGate), baseline)},
		{"inactive-message", "security_checkpoint with an IFS Message, inactive gate", oneRow, "µs", 3, false, calls,
			compareCalls(fmt.Sprintf(mirrored, inactiveGate), baseline)},
		{"disabled-checkpoint", "postern.checkpoint, checkpoints disabled", oneRow, "µs", 1.5, false, calls,
			disabled(compareCalls(fmt.Sprintf(native, activeGate), baseline))},
		{"disabled-message", "security_checkpoint with an IFS Message, checkpoints disabled", oneRow, "µs", 3, false, calls,
			disabled(compareCalls(fmt.Sprintf(mirrored, activeGate), baseline))},
		{"session", "get_fnd_user() with a signed session", "hmac() of pgcrypto over the session's token", "µs", 2.5, false, calls,
			compareCalls("fnd_session_api.get_fnd_user()", hmac)},
		{"transaction", "open_gates, one gate with three parameters, its log row", threeRows, "µs", 3, false,
			rounds{count: 31, size: 200, quickCount: 3, quickSize: 20}, compareTransactions},
		{"throughput-session", "8 sessions, in each transaction the user, the ticket and a gate", "8 sessions, in each transaction the user and " + threeRows, "transactions/s", 0.95, true,
			together, compareThroughput(passing(), inserting(inserts...))},
		{"throughput-function", "the same", "8 sessions, in each transaction the user and one call of a function, which does the three INSERTs", "transactions/s", 0, true,
			together, compareThroughput(passing(), inserting(calling))},
		{"scaling", "8 sessions to one, in each transaction the user, the ticket and a gate", "8 sessions to one, in each transaction the user and " + threeRows, "times", 0, true,
			rounds{count: 15, size: 1000, quickCount: 2, quickSize: 20}, compareScaling(passing(), inserting(inserts...))},
		{"events", "two workers post events to a web server on this machine", "", "events/s", 2000, true,
			rounds{count: 7, size: 4000, quickCount: 1, quickSize: 200}, timeEvents("webhook", webServer)},
		{"events-function", "two workers call an SQL function that inserts a row, in a transaction for each event", "", "events/s", 1000, true,
			rounds{count: 7, size: 2000, quickCount: 1, quickSize: 50}, timeEvents("function", eventFunction)},
		{"events-notify", "two workers notify a session", "", "events/s", 1000, true,
			rounds{count: 7, size: 4000, quickCount: 1, quickSize: 50}, timeEvents("notify", eventChannel)},
		{"sealing", "8 sessions as above, while the log is sealed every second", "the same without any sealing", "transactions/s", 0.95, true,
			rounds{count: 55, size: 1000, quickCount: 1, quickSize: 100}, compareSealing},
		{"seal", "seal a log of 1,000,000 entries", "", "entries/s", 20_000, true, rounds{count: 1, size: 1_000_000, quickCount: 1, quickSize: 20_000}, timeLog("seal")},
		{"seal-flat", "seal 10,000 entries behind 1,000,000", "seal the first 10,000", "entries/s", 0.8, true,
			rounds{count: 1, size: 1_000_000, quickCount: 1, quickSize: 20_000}, timeLog("seal-flat")},
		{"log-verify", "verify a log of 1,000,000 entries", "", "entries/s", 50_000, true, rounds{count: 1, size: 1_000_000, quickCount: 1, quickSize: 20_000}, timeLog("log-verify")},
		{"log-prove", "prove one entry of 1,000,000", "", "ms", 10, false, rounds{count: 1, size: 1_000_000, quickCount: 1, quickSize: 20_000}, timeLog("log-prove")},
		{"log-redact", "redact the 10,000 entries of one person among 1,000,000, in batches", "", "s", 0, false, rounds{count: 1, size: 1_000_000, quickCount: 1, quickSize: 20_000}, timeLog("log-redact")},
		{"log-redacted", "write an entry behind these", "the same before the redaction", "µs", 0, false, rounds{count: 1, size: 1_000_000, quickCount: 1, quickSize: 20_000}, timeLog("log-redacted")},
		{"web", "checkpointhttp's own part of the slowest of a hundred requests with a ticket, 100 a second beside 1,000,000 entries", "", "ms", 5, false,
			rounds{count: 7, size: 1000, quickCount: 1, quickSize: 20}, timeWeb},
		{"install", "install into an empty database", "", "s", 3, false, installing, timeInstall(false)},
		{"install-again", "install where all is in place", "", "s", 1, false, installing, timeInstall(true)},
		{"gate-search", "the gates that an entry leads to, through all of 5,000 functions and 2,000 tables", "", "s", 5, false, looking, timeGateSearch},
		{"doctor", "doctor, with 5,000 functions, all reached from actions, and 2,000 tables", "", "s", 5, false, looking, timeDoctor},
		{"apply", "apply of a configuration file with 10,000 new objects", "", "s", 10, false, applying, timeApply(false)},
		{"apply-again", "apply of the same file where all is in place", "", "s", 2, false, applying, timeApply(true)},
		{"apply-record", "apply of the 10,000 new objects, with an entry of the log for each change", "the same without the triggers that record changes", "s", 2, false,
			rounds{count: 5, size: 10_000, quickCount: 1, quickSize: 200}, compareRecord},
		{"impact", "apply --impact of a file that changes 20 of 50 classes, with 1,000 users and 1,000,000 posting combinations", "", "s", 10, false, looking, timePreview},
		{"access-report", "access report about these users", "", "s", 10, false, looking, timeReport},
	}, slices.Concat(guardMeasurements(), firstMeasurements(), ledgerMeasurements(calls))...)
}

// all are the measurements among which Only chooses.
func (o Options) all() []measurement {
	switch {
	case o.Peers:
		return peerMeasurements()
	case o.Growth:
		return growthMeasurements(o.Quick, o.UpTo)
	default:
		return measurements()
	}
}

// Names lists the measurements that Options.Only may name, in the order of the table.
func (o Options) Names() []string {
	names := []string{}
	for _, m := range o.all() {
		names = append(names, m.name)
	}
	return names
}

// Run measures on a throw-away server that flushes each commit to disk, or on the server that the environment names. A
// run that is stopped, or that fails, also returns a report if something had been measured.
func Run(ctx context.Context, options Options) (report *Report, err error) {
	chosen := options.all()
	for _, name := range options.Only {
		if !slices.Contains(options.Names(), name) {
			return nil, fmt.Errorf("there is no measurement %q; there are %s", name, strings.Join(options.Names(), ", "))
		}
	}
	if len(options.Only) > 0 {
		chosen = slices.DeleteFunc(chosen, func(m measurement) bool { return !slices.Contains(options.Only, m.name) })
	}
	done, total := 0, 0
	for _, m := range chosen {
		count, _ := m.rounds.of(options.Quick)
		total += count
	}
	tell := func(activity string) {
		if options.OnProgress != nil {
			options.OnProgress(activity, done, total)
		}
	}

	tell("Starting PostgreSQL")
	running, err := server.Start(ctx, server.Options{Durable: true, Logger: options.Logger})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, running.Close()) }()
	tell("Preparing")
	s, err := openScene(ctx, running, options.Quick)
	if s != nil {
		defer func() {
			cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
			defer cancel()
			err = errors.Join(err, s.close(cleanup))
		}()
	}
	if err != nil {
		return nil, err
	}

	report = &Report{Quick: options.Quick}
	if report.Machine, err = readMachine(ctx, s.superuser, running.Source); err != nil {
		return nil, err
	}
	for _, m := range chosen {
		tell(m.name)
		taken, err := m.measure(ctx, s, m, func() {
			done++
			tell(m.name)
		})
		if leftOut := (*errLeftOut)(nil); errors.As(err, &leftOut) {
			report.LeftOut = append(report.LeftOut, fmt.Sprintf("%s: %v", m.name, leftOut))
			continue
		}
		if err != nil {
			return report, fmt.Errorf("measure %s: %w", m.name, err)
		}
		report.Results = append(report.Results, m.result(taken))
	}
	return report, nil
}

// result compares subject and baseline round by round.
func (m measurement) result(taken samples) Result {
	result := Result{
		Name: m.name, Subject: m.subject, Baseline: m.baseline, Unit: m.unit,
		SubjectCost: spread(taken.subject), Bar: m.bar, AtLeast: m.atLeast, Rounds: len(taken.subject),
		Difference: taken.difference,
	}
	measured := taken.subject
	if m.baseline != "" {
		cost := spread(taken.baseline)
		result.BaselineCost = &cost
		measured = make([]float64, len(taken.subject))
		for round := range measured {
			if taken.difference {
				measured[round] = taken.subject[round] - taken.baseline[round]
			} else {
				measured[round] = taken.subject[round] / taken.baseline[round]
			}
		}
	}
	result.Measured = spread(measured)
	result.Met = result.Measured.Median <= m.bar
	if m.atLeast || m.bar == 0 {
		result.Met = result.Measured.Median >= m.bar
	}
	return result
}
