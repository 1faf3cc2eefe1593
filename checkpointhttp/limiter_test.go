package checkpointhttp

import (
	"fmt"
	"testing"
	"time"
)

func TestLimiterAllowsABurstAndThenOnePerInterval(t *testing.T) {
	limiter, now := limiter{}, time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	for answer := range answerBurst {
		if _, ok := limiter.allow("ALICE", now); !ok {
			t.Fatalf("answer %d is refused", answer)
		}
	}
	for range 100 { // refused answers cost nothing
		if after, ok := limiter.allow("ALICE", now); ok || after != answerInterval {
			t.Fatalf("got %v, %t", after, ok)
		}
	}
	if _, ok := limiter.allow("BOB", now); !ok {
		t.Error("Bob pays for Alice")
	}
	now = now.Add(answerInterval)
	if _, ok := limiter.allow("ALICE", now); !ok {
		t.Error("refused after the interval")
	}
	if _, ok := limiter.allow("ALICE", now); ok {
		t.Error("allowed twice in an interval")
	}
}

func TestLimiterForgetsUsersWhoHavePaid(t *testing.T) {
	limiter, now := limiter{}, time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	for user := range 10_000 {
		limiter.allow(fmt.Sprint(user), now)
		now = now.Add(100 * time.Millisecond)
	}
	if len(limiter.paid) > 500 {
		t.Errorf("it remembers %d users", len(limiter.paid))
	}
}
