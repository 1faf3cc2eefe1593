package action_test

import (
	"encoding/csv"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// shapes are the ways in which business code reaches the two old gates: which one first, and how.
var shapes = map[string]struct {
	statements []string
	order      []string
}{
	"straight":   {[]string{"select payment.straight()"}, []string{firstGate, secondGate}},
	"reversed":   {[]string{"select payment.reversed()"}, []string{secondGate, firstGate}},
	"nested":     {[]string{"call payment.nested()"}, []string{firstGate, secondGate}},
	"in trigger": {[]string{"insert into payment.trace values ('100-7')"}, []string{firstGate, secondGate}},
	"after rollback to savepoint": {
		[]string{"savepoint s", "select payment.reversed()", "rollback to savepoint s", "select payment.straight()"},
		[]string{firstGate, secondGate},
	},
}

// The table in the documentation, each line with each shape of business code.
func TestCoexistence(t *testing.T) {
	t.Parallel()
	file, err := os.Open("testdata/coexistence.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if lines = lines[1:]; len(lines) != 32 {
		t.Fatalf("there are %d cases, want 32", len(lines))
	}
	for shape := range shapes {
		t.Run(shape, func(t *testing.T) {
			t.Parallel()
			c := newCompany(t)
			since := new(int64)
			for _, line := range lines {
				t.Run(strings.Join(line[:3], ", "), func(t *testing.T) { c.coexist(t, shape, line, since) })
			}
		})
	}
}

func (c *company) coexist(t *testing.T, shape string, line []string, since *int64) {
	statements, order := shapes[shape].statements, shapes[shape].order
	enabled := map[string]bool{}
	referenced := []string{}
	for index, gate := range []string{ownGate, firstGate, secondGate} {
		state, isReferenced := strings.CutSuffix(line[index], " & Referenced")
		enabled[gate] = state == "Enabled"
		if state != "Enabled" && state != "Disabled" {
			t.Fatalf("the table has the unknown state %q", line[index])
		}
		if isReferenced {
			referenced = append(referenced, gate)
		}
		testsql.Run(t, c.administrator, "select postern.set_gate_active($1, $2)", gate, enabled[gate])
	}
	c.register(t, action, ownGate, referenced...)
	testsql.Run(t, c.Pool, "update payment.invoice set state = 'Posted'")

	work := func(tx pgx.Tx) error {
		for _, statement := range append([]string{"select postern.begin_action('" + action + "', '" + parameters + "')"}, statements...) {
			if err := execute(t, tx, statement); err != nil {
				if strings.HasPrefix(statement, "select postern.begin_action") != (testdb.Code(err) == "PS101") {
					t.Errorf("%s: got %v, want PS101 only from begin_action", statement, err)
				}
				return err
			}
		}
		return nil
	}
	paid := func() bool { return testsql.Value[bool](t, c.Pool, "select state = 'Paid' from payment.invoice") }
	messages := map[string]string{ownGate: "Invoice 100-7 paid", firstGate: "Invoice 100-7 changed", secondGate: "Money moved"}

	err := c.alice(t, work)
	switch line[3] {
	case "No credentials required":
		if err != nil || !paid() {
			t.Errorf("nobody had to be asked, but paid is %v, with the error %v", paid(), err)
		}
		requireLog(t, c.takeLog(t, since))
	case "Exception - Unhandled Legacy Security Checkpoints":
		asked := parseDialog(t, testdb.RequireCode(t, err, "PS105"))
		met := ""
		for _, gate := range order {
			if met == "" && enabled[gate] {
				met = gate
			}
		}
		if shape == "after rollback to savepoint" && enabled[firstGate] && enabled[secondGate] {
			met = secondGate // in the first, reversed attempt
		}
		if asked.Gate != met || asked.Action == nil || *asked.Action != action || asked.Message != messages[met] || paid() {
			t.Errorf("paid: %v, unhandled is %+v", paid(), asked)
		}
		requireLog(t, c.takeLog(t, since))
	case "User credentials required to proceed":
		asked := required(t, err)
		if asked.Action == nil || *asked.Action != action || asked.Message != messages[ownGate] || string(asked.Parameters) != parameters ||
			!enabled[asked.Gate] || paid() {
			t.Errorf("paid: %v, asked is %+v", paid(), asked)
		}
		ticket := c.answer(t, asked)
		if err := c.alice(t, func(tx pgx.Tx) error {
			testsql.Run(t, tx, openGates, ticket)
			return work(tx)
		}); err != nil || !paid() {
			t.Errorf("after the approval, paid is %v, with the error %v", paid(), err)
		}
		want := []entry{}
		for _, gate := range append([]string{ownGate}, order...) {
			if enabled[gate] {
				want = append(want, entry{"passed", gate, action, messages[gate]})
			}
		}
		requireLog(t, c.takeLog(t, since), want...)
	default:
		t.Fatalf("the table has the unknown result %q", line[3])
	}
}
