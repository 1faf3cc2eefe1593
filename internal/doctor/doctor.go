// Package doctor tells what is left unprotected in a database.
package doctor

import (
	"cmp"
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

// Find gives all findings, the worst first: those of the view postern.doctor, and what takes a parser of PL/pgSQL. It needs
// the role postern_admin or postern_auditor.
func Find(ctx context.Context, connection *pgx.Conn) ([]db.Finding, error) {
	var findings []db.Finding
	err := pgx.BeginFunc(ctx, connection, func(tx pgx.Tx) (err error) {
		queries := db.New(tx)
		if err := queries.AvoidCompilation(ctx); err != nil {
			return err
		}
		findings, err = queries.ListFindings(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look at the database: %w", err)
	}
	gates, err := findGates(ctx, connection, db.New(connection))
	if err != nil {
		return nil, err
	}
	findings = append(findings, gates...)
	slices.SortStableFunc(findings, func(a, b db.Finding) int {
		return cmp.Or(cmp.Compare(a.Level, b.Level), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Title, b.Title), cmp.Compare(a.Object, b.Object))
	})
	return findings, nil
}

// Reach tells whether one of the findings is at or over a level.
func Reach(findings []db.Finding, level string) bool {
	return slices.ContainsFunc(findings, func(finding db.Finding) bool {
		return finding.Level == Error || level == Warn
	})
}
