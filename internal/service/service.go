// Package service runs what Postern does in the background: it starts the parts, stops them in order, and says how they
// are doing.
package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/posternsql/postern/internal/monitor"
)

const (
	// readyTimeout bounds one question whether the database can be used.
	readyTimeout = 5 * time.Second
	// longestPause is the longest time between two of these questions at the start.
	longestPause = 5 * time.Second
)

// Part is one kind of work that goes on until the service ends.
type Part struct {
	Name string
	Work *monitor.Work
	// Run works until the context ends, and then finishes what it has begun. It waits by itself for a database that is
	// away. If it returns an error, trying again would not help.
	Run func(context.Context) error
	// Supports marks a part that ends when all other parts have ended.
	Supports bool
}

// Service runs parts until its context ends.
type Service struct {
	Parts []Part
	// Ready returns an error unless the database can be reached and has the expected version of Postern.
	Ready func(context.Context) error
	// Waits makes the service wait at its start until the database is ready. Otherwise the parts find out.
	Waits bool
	// Listener serves metrics and health; nil for none. The service closes it.
	Listener net.Listener
	// Collectors are metrics that belong to no part.
	Collectors []prometheus.Collector
	Logger     *slog.Logger

	stopping atomic.Bool
}

// Run starts all parts. A part that fails for good stays stopped, and the others go on, because a log that cannot be
// sealed is no reason to keep events from their receivers. Run returns when all parts have ended, with their errors.
func (s *Service) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(ctx, func() { s.stopping.Store(true) })()
	if s.Listener == nil {
		return s.work(ctx, prometheus.NewRegistry())
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(s.Collectors...)
	registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "postern_ready", Help: "1 if the database can be reached and written, and has the version of Postern that this program needs; otherwise 0.",
	}, func() float64 {
		ctx, cancel := context.WithTimeout(ctx, readyTimeout)
		defer cancel()
		if s.ready(ctx) != nil {
			return 0
		}
		return 1
	}))
	server := monitor.Server{Works: map[string]*monitor.Work{}, Metrics: registry, Ready: s.ready}
	for _, part := range s.Parts {
		server.Works[part.Name] = part.Work
	}
	// It answers until the parts have ended, so that whoever watches sees the end.
	serving, stopServing := context.WithCancel(context.WithoutCancel(ctx))
	served := make(chan error, 1)
	go func() {
		defer stop() // without it, nobody would see that the parts fail
		served <- server.Serve(serving, s.Listener)
	}()
	err := s.work(ctx, registry)
	stopServing()
	return errors.Join(err, <-served)
}

var errStopping = errors.New("the service is stopping")

func (s *Service) ready(ctx context.Context) error {
	if s.stopping.Load() {
		return errStopping
	}
	return s.Ready(ctx)
}

// work runs the parts.
func (s *Service) work(ctx context.Context, registry *prometheus.Registry) error {
	running := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "postern_part_running", Help: "1 while the part runs, 0 if it has stopped and is not tried again; missing if it is switched off.",
	}, []string{"part"})
	registry.MustRegister(running)
	if s.Waits && !s.await(ctx) {
		return nil
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var needed, supporting sync.WaitGroup
	failures := make([]error, len(s.Parts))
	for index, part := range s.Parts {
		group := &needed
		if part.Supports {
			group = &supporting
		}
		running.WithLabelValues(part.Name).Set(1)
		s.Logger.Info("started", "part", part.Name)
		group.Go(func() {
			err := part.Run(ctx)
			running.WithLabelValues(part.Name).Set(0)
			if err == nil {
				s.Logger.Info("ended", "part", part.Name)
				return
			}
			failures[index] = err
			part.Work.Stopped(err)
			s.Logger.Error("stopped, and is not tried again", "part", part.Name, "error", monitor.Explain(err))
		})
	}
	needed.Wait()
	stop()
	supporting.Wait()
	return errors.Join(failures...)
}

// await waits until the database is ready. It returns false if the context has ended before.
func (s *Service) await(ctx context.Context) bool {
	pauses := backoff.NewExponentialBackOff()
	pauses.MaxInterval = longestPause
	for told := ""; ; {
		asking, cancel := context.WithTimeout(ctx, readyTimeout)
		err := s.Ready(asking)
		cancel()
		if err == nil {
			return true
		}
		if text := fmt.Sprint(monitor.Explain(err)); text != told && ctx.Err() == nil {
			s.Logger.Warn("waiting for the database", "reason", text)
			told = text
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pauses.NextBackOff()):
		}
	}
}
