package checkpointhttp_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/checkpointhttp"
	"github.com/posternsql/postern/db"
)

// administered serves POST /close, with which administrators switch the gate of payments off, through a login that
// belongs to no user.
func (s *shop) administered(t *testing.T) {
	t.Helper()
	office := s.Login(t, "postern_app", "postern_admin")
	administration := &checkpointhttp.Checkpoints{Pool: office.Pool, Session: s.checkpoints.Session, Log: s.checkpoints.Log, Path: "/admin/"}
	s.mux.Handle("/admin/", administration)
	s.mux.Handle("POST /close", administration.Handler(func(w http.ResponseWriter, r *http.Request, tx pgx.Tx) error {
		if err := db.New(tx).SetGateActive(r.Context(), "SINWOF_PAY", false); err != nil {
			return err
		}
		_, err := fmt.Fprint(w, "closed")
		return err
	}))
	s.exec(t, "begin; select postern_internal.lift_administration_gate('test'); select postern.set_setting('administration_gate', 'all'); commit")
}

func (s *shop) wantActive(t *testing.T, want bool) {
	t.Helper()
	var active bool
	if err := s.Pool.QueryRow(t.Context(), "select active from postern.gate where gate_id = 'SINWOF_PAY'").Scan(&active); err != nil || active != want {
		t.Errorf("the gate is active: %v, %v", active, err)
	}
}

// The gate of the administration asks at the commit, after the handler has written its response.
func TestPageAsksAtTheCommit(t *testing.T) {
	s := openShop(t)
	s.administered(t)
	alice := s.browser(t, "ALICE")
	page := alice.post("/close", nil)
	page.want(t, http.StatusUnauthorized, "Gate SINWOF_PAY switched off")
	s.wantActive(t, true)
	again := alice.post("/close", page.answered(t, typo, ""))
	again.want(t, http.StatusUnauthorized, "Gate SINWOF_PAY switched off", "The user name or the PIN is wrong.")
	s.wantActive(t, true)
	alice.post("/close", again.answered(t, pinOfAlice, "")).want(t, http.StatusOK, "closed")
	s.wantActive(t, false)
}

func TestProgramIsAskedAtTheCommit(t *testing.T) {
	s := openShop(t)
	s.administered(t)
	alice := s.program(t, "ALICE")
	asked := alice.post("/close", nil)
	asked.want(t, http.StatusUnauthorized)
	p := asked.problem(t)
	if p.Code != "PS101" || p.Gate != "POSTERN_ADMINISTRATION" || p.Challenge == "" {
		t.Fatalf("got %+v", p)
	}
	got := alice.postJSON("/admin/answer", map[string]string{"challenge": p.Challenge, "username": "ALICE", "response": pinOfAlice})
	alice.with("Postern-Ticket", ticketOf(t, got)).post("/close", nil).want(t, http.StatusOK, "closed")
	s.wantActive(t, false)
}
