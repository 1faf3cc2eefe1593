// Package monitor tells Prometheus and callers of /healthz how a long-running program's work is doing.
package monitor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/prometheus/client_golang/prometheus"
)

const (
	// patience is how long work may fail before the program is unhealthy, because a failover of a server takes some
	// seconds.
	patience = 10 * time.Second
	// Silence is how long the program may give no sign of life before it is unhealthy. A hanging connection returns no
	// error.
	Silence = time.Minute
	// missed is how many intervals both last at least, for work that is rarely done.
	missed = 3
	// readTimeout bounds how long a reader of metrics waits.
	readTimeout = 5 * time.Second
)

// Work is the watched work. A nil *Work watches nothing.
type Work struct {
	registry *prometheus.Registry
	failures *prometheus.CounterVec
	success  *prometheus.GaugeVec
	patience time.Duration
	silence  time.Duration
	now      func() time.Time

	mutex   sync.Mutex
	alive   time.Time
	stopped error
	// failing maps the parts of the work whose last attempt failed, by the values of their labels.
	failing map[string]failure
}

type failure struct {
	since time.Time
	last  error
}

// New watches work. The names of its metrics begin with prefix. Parts of the work have labels; without labels, the work
// has one part. interval is the pause between two attempts; 0 for a short one. collectors are additional metrics.
func New(prefix string, interval time.Duration, labels []string, collectors ...prometheus.Collector) *Work {
	made := &Work{
		registry: prometheus.NewRegistry(),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "_errors_total", Help: "Times that the work failed, so that it was to be done again.",
		}, labels),
		success: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: prefix + "_last_success_timestamp_seconds", Help: "When the work, also where there was nothing to do, last succeeded.",
		}, labels),
		patience: max(patience, missed*interval),
		silence:  max(Silence, missed*interval),
		now:      time.Now,
		failing:  map[string]failure{},
	}
	made.registry.MustRegister(append(collectors, made.failures, made.success)...)
	if len(labels) == 0 {
		made.failures.WithLabelValues() // reports 0 before the first failure
	}
	return made
}

func key(part []string) string { return strings.Join(part, "\x00") }

// Succeeded records that a part of the work was done, or that there was nothing to do.
func (w *Work) Succeeded(part ...string) {
	if w == nil {
		return
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.alive = w.now()
	delete(w.failing, key(part))
	w.failures.WithLabelValues(part...) // reports 0 before the first failure, so that an increase can be seen
	w.success.WithLabelValues(part...).Set(float64(w.alive.UnixMilli()) / 1000)
}

// Failed records that a part of the work could not be done.
func (w *Work) Failed(err error, part ...string) {
	if w == nil {
		return
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	since := w.now()
	if before, failed := w.failing[key(part)]; failed {
		since = before.since
	}
	w.failing[key(part)] = failure{since, err}
	w.failures.WithLabelValues(part...).Inc()
}

// Alive records that the work goes on, without success or failure.
func (w *Work) Alive() {
	if w == nil {
		return
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.alive = w.now()
}

// Stopped records that the work has ended with an error, and will not be tried again.
func (w *Work) Stopped(err error) {
	if w == nil {
		return
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.stopped = err
}

// Forget removes a part that no longer exists.
func (w *Work) Forget(part ...string) {
	if w == nil {
		return
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	delete(w.failing, key(part))
	w.failures.DeleteLabelValues(part...)
	w.success.DeleteLabelValues(part...)
}

// Healthy returns an error if the work has stopped, if a part of it has failed for some time, or if there was no recent
// sign of life.
func (w *Work) Healthy() error {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.stopped != nil {
		return fmt.Errorf("stopped, and is not tried again: %w", Explain(w.stopped))
	}
	var problems []string
	for part, failing := range w.failing {
		if took := w.now().Sub(failing.since); took >= w.patience {
			problems = append(problems, strings.TrimSpace(fmt.Sprintf("%s has failed for %s: %v", nameOf(part), took.Round(time.Second), Explain(failing.last))))
		}
	}
	if len(problems) > 0 {
		slices.Sort(problems)
		return errors.New(strings.Join(problems, "\n"))
	}
	if w.alive.IsZero() {
		return errors.New("nothing has succeeded yet")
	}
	if quiet := w.now().Sub(w.alive); quiet > w.silence {
		return fmt.Errorf("the database has not answered for %s", quiet.Round(time.Second))
	}
	return nil
}

func nameOf(part string) string {
	if part == "" {
		return "the work"
	}
	return strings.ReplaceAll(part, "\x00", " ")
}

// Explain adds the server's HINT, which pgx omits.
func Explain(err error) error {
	var server *pgconn.PgError
	if errors.As(err, &server) && server.Hint != "" {
		return fmt.Errorf("%w. %s", err, server.Hint)
	}
	return err
}

// Gauges are metrics that are read from the database on request, for a few seconds at most.
type Gauges struct {
	Descriptions []*prometheus.Desc
	// Read calls tell with the value of each metric and the values of its labels. If it fails, all metrics are missing.
	Read func(ctx context.Context, tell func(description *prometheus.Desc, value float64, labels ...string)) error
}

// Describe implements prometheus.Collector.
func (g *Gauges) Describe(descriptions chan<- *prometheus.Desc) {
	for _, description := range g.Descriptions {
		descriptions <- description
	}
}

// Collect implements prometheus.Collector.
func (g *Gauges) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	var read []prometheus.Metric
	err := g.Read(ctx, func(description *prometheus.Desc, value float64, labels ...string) {
		read = append(read, prometheus.MustNewConstMetric(description, prometheus.GaugeValue, value, labels...))
	})
	if err != nil {
		metrics <- prometheus.NewInvalidMetric(g.Descriptions[0], err)
		return
	}
	for _, metric := range read {
		metrics <- metric
	}
}
