package posterntest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"strings"
	"sync"
	"testing"

	"github.com/posternsql/postern"
)

// Prompt returns a prompt that gives the answers in their order, each once. The test fails if the prompt is called more
// often, such as after a wrong PIN, or with no answers at all. It also fails if an answer was never asked for, because
// then no gate has stopped the work.
func Prompt(t testing.TB, answers ...postern.Answer) postern.Prompt {
	t.Helper()
	var mutex sync.Mutex
	asked := 0
	t.Cleanup(func() {
		mutex.Lock()
		defer mutex.Unlock()
		if asked < len(answers) {
			t.Errorf("the prompt was called %d times, not %d: no active gate stopped the work", asked, len(answers))
		}
	})
	return func(_ context.Context, required *postern.CheckpointRequired) (postern.Answer, error) {
		mutex.Lock()
		defer mutex.Unlock()
		asked++
		if asked > len(answers) {
			t.Errorf("the prompt was called unexpectedly: gate %s asks %q%s", required.Gate, required.Message, rejection(required))
			return postern.Answer{}, errors.Join(errors.New("posterntest: an unexpected question"), required.Rejected)
		}
		return answers[asked-1], nil
	}
}

func rejection(required *postern.CheckpointRequired) string {
	if required.Rejected == nil {
		return ""
	}
	return fmt.Sprintf("; the answer before was rejected: %v", required.Rejected)
}

// RequireGate ends the test unless err says that a gate needs an approval, with these parameters. Values are compared as
// Postern does: 12500 equals 12500.00. A nil map stands for any parameters. It returns the question.
func RequireGate(t testing.TB, err error, gate string, parameters map[string]any) *postern.CheckpointRequired {
	t.Helper()
	var required *postern.CheckpointRequired
	if !errors.As(postern.AsError(err), &required) {
		t.Fatalf("got error %v, want that gate %s asks", err, gate)
	}
	if required.Gate != gate {
		t.Fatalf("gate %s asks, want gate %s", required.Gate, gate)
	}
	if parameters == nil {
		return required
	}
	wanted, err := json.Marshal(parameters)
	if err != nil {
		t.Fatal(err)
	}
	if !equal(decode(t, wanted), decode(t, required.Parameters)) {
		t.Fatalf("gate %s asks with the parameters %s, want %s", gate, required.Parameters, wanted)
	}
	return required
}

func decode(t testing.TB, text []byte) any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return value
}

// equal compares two values of JSON. Numbers are compared by value.
func equal(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		b, ok := b.(json.Number)
		if !ok {
			return false
		}
		x, okA := new(big.Rat).SetString(a.String())
		y, okB := new(big.Rat).SetString(b.String())
		return okA && okB && x.Cmp(y) == 0
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, equal)
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for index := range a {
			if !equal(a[index], b[index]) {
				return false
			}
		}
		return true
	default:
		return a == b
	}
}
