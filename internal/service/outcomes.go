package service

import (
	"context"
	"errors"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/posternsql/postern/internal/query"
)

var outcomeDescription = prometheus.NewDesc("postern_log_entries_total",
	"Entries of the log since this program was first asked, by outcome (passed, denied, locked: a denial that locked the credential, refused: an attempt while it was locked, cancelled, administered).",
	[]string{"outcome"}, nil)

// outcomes counts entries of the log by outcome, from the first time that somebody asks.
type outcomes struct {
	pool *pgxpool.Pool

	mutex  sync.Mutex
	since  string // the snapshot of the last count
	counts map[string]float64
}

// NewOutcomes counts what people do at checkpoints.
func NewOutcomes(pool *pgxpool.Pool) prometheus.Collector {
	return &outcomes{pool: pool, counts: map[string]float64{}}
}

// Describe implements prometheus.Collector.
func (o *outcomes) Describe(descriptions chan<- *prometheus.Desc) { descriptions <- outcomeDescription }

// Collect implements prometheus.Collector.
func (o *outcomes) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), readyTimeout)
	defer cancel()
	o.mutex.Lock()
	defer o.mutex.Unlock()
	found, err := query.New(o.pool).CountOutcomes(ctx, o.since)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			o.since = "" // otherwise a range that takes too long would only grow
		}
		metrics <- prometheus.NewInvalidMetric(outcomeDescription, err)
		return
	}
	o.since = found.Until
	for outcome, count := range map[string]int64{
		"passed": found.Passed, "denied": found.Denied, "locked": found.Locked, "refused": found.Refused,
		"cancelled": found.Cancelled, "administered": found.Administered,
	} {
		o.counts[outcome] += float64(count)
		metrics <- prometheus.MustNewConstMetric(outcomeDescription, prometheus.CounterValue, o.counts[outcome], outcome)
	}
}
