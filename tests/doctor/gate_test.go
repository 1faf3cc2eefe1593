package doctor_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/posternsql/postern/internal/doctor"
	"github.com/posternsql/postern/internal/testdb"
	. "github.com/posternsql/postern/internal/testsql"
)

func TestCallsOfGatesAreHeldAgainstWhatIsRegistered(t *testing.T) {
	const (
		register = "select postern.register_gate('SHOP_APPROVE', 'Approve', 'Approved');"
		calls    = "create function public.approve() returns void language plpgsql as $$ begin /* postern.checkpoint('SHOP_OTHER') */ perform postern.checkpoint('SHOP_APPROVE'); end $$;"
		begins   = "create function public.entry() returns void language plpgsql as $$ begin perform postern.begin_action('Approve'); perform public.approve(); end $$;"
	)
	tested := []string{}
	for _, f := range []struct{ code, object, seed, act string }{
		{"gate_not_registered", "gate SHOP_APPROVE", calls, register},
		{"gate_not_called", "gate SHOP_APPROVE", register, calls},
		{"gate_not_called", "gate SHOP_APPROVE", register, "select postern.register_action('Approve', 'SHOP_APPROVE')"},
		{"gate_not_called", "gate SHOP_APPROVE", register, "create function public.any(gate text) returns void language sql as 'select postern.checkpoint(gate)'"},
		{"gate_not_referenced", "action Approve", register + calls + begins + "select postern.register_action('Approve')", "select postern.register_action('Approve', null, '{SHOP_APPROVE}')"},
	} {
		tested = append(tested, f.code)
		database := testdb.New(t)
		Run(t, database.Pool, f.seed)
		auditor := database.Login(t, "postern_auditor").Connect(t)
		found, err := doctor.Find(t.Context(), auditor)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) != 1 || found[0].Code != f.code || found[0].Object != f.object || !strings.HasSuffix(found[0].Detail, "See docs/doctor/"+f.code+".md.") {
			t.Errorf("found %+v, want %s of %s", found, f.code, f.object)
		}
		Run(t, database.Pool, f.act)
		requireNoneOfGates(t, auditor)
	}
	for _, code := range doctor.Codes() {
		if !slices.Contains(tested, code) {
			t.Errorf("no test makes the fault of %s", code)
		}
	}
}
