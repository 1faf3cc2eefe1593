package auditlog

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/query"
)

// Changes selects changes of the administration that match all its fields. A nil field matches everything.
type Changes struct {
	// Kind is the kind of object, and Name its name if objects of that kind have one.
	Kind, Name *string
	// GateID matches changes of a gate and of its guards.
	GateID *string
	// UserID matches changes that concern this user, and if ByUser is set those that this user made.
	UserID *string
	ByUser bool
	// Phrase matches part of the message or of the values.
	Phrase *string
	// Since is the first moment of a period, and Until the first moment after it.
	Since, Until *time.Time
}

// ReadAdministration yields the latest changes of the administration that match, oldest first. A limit of 0 yields all.
func ReadAdministration(ctx context.Context, connection *pgx.Conn, changes Changes, limit int64, each func([]query.Administration) error) error {
	return Read(ctx, connection, Filter{}, func(log *Reader) error {
		if limit == 0 {
			return log.changesAfter(ctx, changes, each)
		}
		latest, err := log.latestChanges(ctx, changes, limit)
		if err != nil || len(latest) == 0 {
			return err
		}
		return each(latest)
	})
}

func (c *Changes) parameters(after, to, entries int64, newest bool) query.ListAdministrationParams {
	return query.ListAdministrationParams{
		AfterLogID: after, ToLogID: to, Kind: c.Kind, Name: c.Name, GateID: c.GateID, UserID: c.UserID, ByUser: c.ByUser,
		Phrase: c.Phrase, Since: c.Since, Until: c.Until, Newest: newest, PageSize: entries,
	}
}

// latestChanges keeps all that it finds in memory, which the limit bounds.
func (r *Reader) latestChanges(ctx context.Context, changes Changes, limit int64) ([]query.Administration, error) {
	found := []query.Administration{}
	stretch := int64(pageEntries)
	for to := r.Highest; to > 0 && int64(len(found)) < limit; {
		after := max(0, to-stretch)
		page, err := r.queries.ListAdministration(ctx, changes.parameters(after, to, limit-int64(len(found)), true))
		if err != nil {
			return nil, err
		}
		found = append(found, page...)
		to, stretch = after, r.grown(stretch)
	}
	slices.Reverse(found)
	return found, nil
}

func (r *Reader) changesAfter(ctx context.Context, changes Changes, each func([]query.Administration) error) error {
	stretch := int64(pageEntries)
	for after := int64(0); after < r.Highest; {
		to := min(after+stretch, r.Highest)
		page, err := r.queries.ListAdministration(ctx, changes.parameters(after, to, pageEntries, false))
		if err != nil {
			return err
		}
		if len(page) > 0 {
			if err := each(page); err != nil {
				return err
			}
		}
		if len(page) == pageEntries {
			after = page[len(page)-1].LogID // there may be more in this range
			continue
		}
		after, stretch = to, r.grown(stretch)
	}
	return nil
}
