package monitor

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestHealthFollowsTheWork(t *testing.T) {
	t.Parallel()
	moment := time.Now()
	work := New("postern_test", 0, []string{"part"})
	work.now = func() time.Time { return moment }
	standby := &pgconn.PgError{Message: "Nothing can be written on a standby", Code: "25006", Hint: "Send this to the primary."}
	for _, step := range []struct {
		name  string
		after time.Duration
		do    func()
		want  string // what the error says; empty: healthy
	}{
		{"before anything has succeeded", 0, func() {}, "nothing has succeeded yet"},
		{"after a success", 0, func() { work.Succeeded("a") }, ""},
		{"one failure is a moment", time.Second, func() { work.Failed(errors.New("closed"), "a") }, ""},
		{"another part's success heals nothing", patience, func() { work.Succeeded("b") }, "a has failed for 10s: closed"},
		{"the last error is told, with its HINT", time.Second, func() { work.Failed(standby, "a") }, "a has failed for 11s: : Nothing can be written on a standby (SQLSTATE 25006). Send this to the primary."},
		{"back again", time.Second, func() { work.Succeeded("a") }, ""},
		{"a new failure begins a new moment", patience, func() { work.Failed(standby, "a") }, ""},
		{"a part that is gone fails no more", patience, func() { work.Forget("a"); work.Succeeded("b") }, ""},
		{"silence", Silence + time.Second, func() {}, "the database has not answered for 1m1s"},
		{"a sign of life", 0, work.Alive, ""},
	} {
		moment = moment.Add(step.after)
		step.do()
		switch err := work.Healthy(); {
		case err == nil && step.want != "":
			t.Errorf("%s: got healthy, want %q", step.name, step.want)
		case err != nil && (step.want == "" || !strings.Contains(err.Error(), step.want)):
			t.Errorf("%s: got %v, want %q", step.name, err, step.want)
		}
	}
}
