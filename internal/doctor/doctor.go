// Package doctor finds what is left unprotected in a database.
package doctor

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/acceptance"
	"github.com/posternsql/postern/internal/callgraph"
	"github.com/posternsql/postern/internal/query"
)

// The levels of findings. An error is an open hole now; a warning is a missing safeguard, or something that works but
// should not stay.
const (
	Error = acceptance.Error
	Warn  = acceptance.Warn
)

// Report is the result of a run.
type Report struct {
	// Findings are all findings, the worst first.
	Findings []query.Finding
	// NotKept says why the reading of gates was not stored in the database, where postern.doctor would show it; nil if
	// it was.
	NotKept error
}

// Find reads which functions reach which gates, stores that in the database, and returns what the view postern.doctor
// then shows. If it cannot be stored, the findings are the same. It never relies on an earlier reading, even a current
// one: a member of postern_admin may store anything, and an auditor wants the truth. It needs the role postern_admin or
// postern_auditor.
func Find(ctx context.Context, connection *pgx.Conn) (*Report, error) {
	queries := query.New(connection)
	// Before anything is read, so that a change during the reading makes it out of date.
	fingerprint, err := queries.GateFingerprint(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for changes of functions: %w", err)
	}
	graph, err := callgraph.Read(ctx, connection)
	if err != nil {
		return nil, fmt.Errorf("read which function calls which: %w", err)
	}
	// The parser is being prepared, and the server has nothing else to do.
	report := &Report{}
	if report.Findings, err = list(ctx, connection, (*query.Queries).ListCatalogFindings); err != nil {
		return nil, err
	}
	callers, err := readCallers(ctx, connection, graph)
	if err != nil {
		return nil, fmt.Errorf("read which functions call which gates: %w", err)
	}
	if report.NotKept, err = keep(ctx, connection, fingerprint, callers); err != nil {
		return nil, fmt.Errorf("keep which functions call which gates: %w", err)
	}
	// Uses the reading just made, not one that another session may have stored meanwhile.
	gates, err := list(ctx, connection, func(queries *query.Queries, ctx context.Context) ([]query.Finding, error) {
		return queries.ListGateFindings(ctx, callers)
	})
	if err != nil {
		return nil, err
	}
	report.Findings = append(report.Findings, gates...)
	slices.SortFunc(report.Findings, func(a, b query.Finding) int {
		return cmp.Or(cmp.Compare(a.Level, b.Level), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Title, b.Title), cmp.Compare(a.Object, b.Object), cmp.Compare(a.Fix, b.Fix))
	})
	return report, nil
}

// list asks for findings in a separate transaction.
func list(ctx context.Context, connection *pgx.Conn, ask func(*query.Queries, context.Context) ([]query.Finding, error)) (findings []query.Finding, err error) {
	err = pgx.BeginFunc(ctx, connection, func(tx pgx.Tx) (err error) {
		queries := query.New(tx)
		if err := queries.AvoidCompilation(ctx); err != nil {
			return err
		}
		findings, err = ask(queries, ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look at the database: %w", err)
	}
	return findings, nil
}

// Judged is a finding with the verdict of its acceptance, if there is one.
type Judged struct {
	query.Finding
	acceptance.Judgement
}

// Judge compares findings with what was accepted: those that do not count come first, in their order.
func Judge(findings []query.Finding, accepted *acceptance.List) []Judged {
	judged := make([]Judged, len(findings))
	for index, finding := range findings {
		judged[index] = Judged{finding, accepted.Assess(acceptance.Key{Name: finding.Code, Object: finding.Object}, finding.Level)}
	}
	slices.SortStableFunc(judged, func(a, b Judged) int { return cmp.Compare(rank(a), rank(b)) })
	return judged
}

func rank(finding Judged) int {
	if finding.Accepted {
		return 0
	}
	return 1
}

// Reach reports whether one of the findings counts and is at or above a level.
func Reach(findings []Judged, level string) bool {
	return slices.ContainsFunc(findings, func(finding Judged) bool {
		return !finding.Accepted && (finding.Level == Error || level == Warn)
	})
}
