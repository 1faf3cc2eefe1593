// Package doctor tells what is left unprotected in a database.
package doctor

import (
	"context"
	"fmt"
	"slices"

	"github.com/posternsql/postern/db"
)

// The levels of findings. An error is open to somebody now; a warning is a lock less, or works and should not stay.
const (
	Error = "error"
	Warn  = "warn"
)

// Find gives all findings, the worst first. It needs the role postern_admin or postern_auditor.
func Find(ctx context.Context, queries *db.Queries) ([]db.Finding, error) {
	findings, err := queries.ListFindings(ctx)
	if err != nil {
		return nil, fmt.Errorf("look at the database: %w", err)
	}
	return findings, nil
}

// Reach tells whether one of the findings is at or over a level.
func Reach(findings []db.Finding, level string) bool {
	return slices.ContainsFunc(findings, func(finding db.Finding) bool {
		return finding.Level == Error || level == Warn
	})
}
