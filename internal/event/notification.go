package event

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/query"
)

// notify sends the notifications of the batch in one transaction, because a commit with NOTIFY takes a lock of the
// whole server. If that fails, it sends each in its own transaction, so that a failure affects only its own delivery.
func (b *batch) notify(ctx context.Context) {
	waiting := b.waiting
	b.waiting = nil
	if len(waiting) == 0 {
		return
	}
	began := time.Now()
	err := b.sendNotifications(ctx, waiting)
	if err == nil || len(waiting) == 1 {
		for _, event := range waiting {
			b.settle(ctx, event, "delivered", err, began)
		}
		return
	}
	for _, event := range waiting {
		if b.isEnding() {
			b.end(event, "released", nil)
			continue
		}
		began := time.Now()
		b.settle(ctx, event, "delivered", b.sendNotifications(ctx, []*delivery{event}), began)
	}
}

// sendNotifications sends only IDs, because everybody may listen.
func (b *batch) sendNotifications(ctx context.Context, events []*delivery) (err error) {
	defer b.survive(&err)
	ctx, cancel := context.WithTimeout(ctx, b.worker.options.SendTimeout)
	defer cancel()
	ended := query.FinishEventDeliveriesParams{Name: b.action.configured.Name, Lease: b.lease}
	payloads := make([]string, len(events))
	for index, event := range events {
		payload, err := json.Marshal(map[string]any{"event": event.parameters()["event"], "log_id": event.LogID, "delivery_id": event.DeliveryID})
		if err != nil {
			return err
		}
		payloads[index] = string(payload)
		ended.LogIDs = append(ended.LogIDs, event.LogID)
		ended.Outcomes = append(ended.Outcomes, "delivered")
		ended.Delays = append(ended.Delays, 0)
		ended.Errors = append(ended.Errors, "")
	}
	return pgx.BeginFunc(ctx, b.worker.pool, func(tx pgx.Tx) error {
		if err := query.New(tx).NotifyEvents(ctx, b.action.configured.Target, payloads); err != nil {
			return err
		}
		finished, err := query.New(tx).FinishEventDeliveries(ctx, ended)
		if err == nil && finished != int64(len(events)) {
			err = errors.New("another worker has taken over")
		}
		return err
	})
}
