// Package doctor tells what is left unprotected in a database.
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

// The levels of findings. An error is open to somebody now; a warning is a lock less, or works and should not stay.
const (
	Error = acceptance.Error
	Warn  = acceptance.Warn
)

// Report is what was found.
type Report struct {
	// Findings are all of them, the worst first.
	Findings []query.Finding
	// NotKept tells why what was read of gates is not in the database, where postern.doctor would show it; nil where it is.
	NotKept error
}

// Find reads which functions reach which gates, keeps that in the database, and gives what the view postern.doctor shows
// then. Where it cannot be kept, the findings are the same. What was kept before is not relied on, though it were current:
// a member of postern_admin may keep anything, and an auditor asks here what is true. It needs the role postern_admin or postern_auditor.
func Find(ctx context.Context, connection *pgx.Conn) (*Report, error) {
	queries := query.New(connection)
	// Before anything is read: what changes meanwhile makes the reading an old one.
	fingerprint, err := queries.GateFingerprint(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for changes of functions: %w", err)
	}
	graph, err := callgraph.Read(ctx, connection)
	if err != nil {
		return nil, fmt.Errorf("read which function calls which: %w", err)
	}
	// The parser is being made ready, and the server has nothing else to do.
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
	// By what was read just now, and not by what another session may have kept meanwhile.
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

// list asks for findings in a transaction of their own.
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

// Judged is a finding with what its acceptance says, where there is one.
type Judged struct {
	query.Finding
	acceptance.Judgement
}

// Judge holds findings against what was accepted: those that do not count come first, each part as it stands.
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

// Reach tells whether one of the findings counts, and is at or over a level.
func Reach(findings []Judged, level string) bool {
	return slices.ContainsFunc(findings, func(finding Judged) bool {
		return !finding.Accepted && (finding.Level == Error || level == Warn)
	})
}
