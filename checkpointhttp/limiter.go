package checkpointhttp

import (
	"sync"
	"time"
)

// A person answers one question after the other. Each answer costs the server about 70 ms of a processor, right or
// wrong.
const (
	answerInterval = 2 * time.Second
	answerBurst    = 10
)

// limiter allows each user answerBurst answers at once, and then one per answerInterval. Its zero value is ready. It
// knows for each user when the answers so far are paid off (the generic cell rate algorithm).
type limiter struct {
	mutex sync.Mutex
	paid  map[string]time.Time
	// sweep is when users who have paid are forgotten, so that the map does not grow.
	sweep time.Time
}

// allow counts an answer of a user, or says after which time one is accepted.
func (l *limiter) allow(userid string, now time.Time) (after time.Duration, ok bool) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.paid == nil {
		l.paid = map[string]time.Time{}
	}
	if now.After(l.sweep) {
		for user, paid := range l.paid {
			if paid.Before(now) {
				delete(l.paid, user)
			}
		}
		l.sweep = now.Add(answerBurst * answerInterval)
	}
	paid := l.paid[userid]
	if paid.Before(now) {
		paid = now
	}
	paid = paid.Add(answerInterval)
	if after = paid.Sub(now) - answerBurst*answerInterval; after > 0 {
		return after, false
	}
	l.paid[userid] = paid
	return 0, true
}
