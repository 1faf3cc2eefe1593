package bench

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/callgraph"
	"github.com/posternsql/postern/internal/install"
)

//go:embed gate_search.sql
var gateSearchSQL string

// gatesToFind is how many gates the first function of gate_search.sql leads to.
const gatesToFind = 100

// timeGateSearch measures the seconds that the search for an action's gates takes, with all that a process does for it
// once. So there is no second round.
func timeGateSearch(ctx context.Context, s *scene, _ measurement, round func()) (taken samples, err error) {
	name := s.name + "_search"
	if _, err := s.admin.Exec(ctx, "create database "+name+" template template0"); err != nil {
		return samples{}, err
	}
	defer func() {
		_, dropped := s.admin.Exec(context.WithoutCancel(ctx), "drop database if exists "+name+" with (force)")
		err = errors.Join(err, dropped)
	}()
	config, err := s.config(name)
	if err != nil {
		return samples{}, err
	}
	if _, err := install.Install(ctx, config, install.Options{}); err != nil {
		return samples{}, err
	}
	connection, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return samples{}, err
	}
	defer func() { err = errors.Join(err, connection.Close(context.WithoutCancel(ctx))) }()
	if _, err := connection.Exec(ctx, gateSearchSQL); err != nil {
		return samples{}, err
	}

	began := time.Now()
	graph, err := callgraph.Read(ctx, connection)
	if err != nil {
		return samples{}, err
	}
	entry, err := graph.Find(ctx, connection, "erp.function_0")
	if err != nil {
		return samples{}, err
	}
	reached := graph.Reach(entry)
	taken.subject = append(taken.subject, time.Since(began).Seconds())
	if len(reached.Gates) != gatesToFind {
		return samples{}, fmt.Errorf("the search found %d gates, want %d", len(reached.Gates), gatesToFind)
	}
	round()
	return taken, nil
}
