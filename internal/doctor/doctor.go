// Package doctor tells what is left unprotected in a database.
package doctor

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/db"
)

// The levels of findings. An error is open to somebody now; a warning is a lock less, or works and should not stay.
const (
	Error = "error"
	Warn  = "warn"
)

// Report is what was found.
type Report struct {
	// Findings are all of them, the worst first.
	Findings []db.Finding
	// NotKept tells why what was read of gates is not in the database, where postern.doctor would show it; nil where it is.
	NotKept error
}

// Find reads which functions reach which gates, keeps that in the database, and gives what the view postern.doctor shows
// then. Where it cannot be kept, the findings are the same. It needs the role postern_admin or postern_auditor.
func Find(ctx context.Context, connection *pgx.Conn) (*Report, error) {
	reading, err := readGates(ctx, connection)
	if err != nil {
		return nil, err
	}
	report := &Report{}
	if report.NotKept, err = reading.keep(ctx, connection); err != nil {
		return nil, fmt.Errorf("keep which functions call which gates: %w", err)
	}
	err = pgx.BeginFunc(ctx, connection, func(tx pgx.Tx) (err error) {
		queries := db.New(tx)
		if err := queries.AvoidCompilation(ctx); err != nil {
			return err
		}
		if report.NotKept == nil {
			report.Findings, err = queries.ListFindings(ctx)
		} else {
			report.Findings, err = queries.ListFindingsOf(ctx, reading.callers)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look at the database: %w", err)
	}
	return report, nil
}

// Reach tells whether one of the findings is at or over a level.
func Reach(findings []db.Finding, level string) bool {
	return slices.ContainsFunc(findings, func(finding db.Finding) bool {
		return finding.Level == Error || level == Warn
	})
}
