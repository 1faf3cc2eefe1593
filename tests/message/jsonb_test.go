package message_test

import (
	"strings"
	"testing"
)

func TestMessageBecomesObject(t *testing.T) {
	connection := connect(t)
	for name, test := range map[string]struct {
		message, want string
	}{
		"nested header alone":            {"!M\n$P=!P", `{"P": {}}`},
		"nested with a value":            {"!M\n$P=!P\n-$A=1\n--2", `{"P": {"A": "1\n2"}}`},
		"nested that ends in a new line": {"!M\n$P=!P\n-$A=1\n-", `{"P": {"A": "1"}}`},
		"nested with comments":           {"!M\n$P=!P\n- c\n-$A=1\n-+", `{"P": {"A": "1"}}`},
		"nested twice":                   {"!M\n$P=!P\n-$Q=!Q\n--$A=1\n$R=!R", `{"P": {"Q": {"A": "1"}}, "R": {}}`},
		"another header":                 {"!M\n$P=!Q\n-$A=1", `{"P": "!Q\n$A=1"}`},
		"another case":                   {"!M\n$P=!p\n-$A=1", `{"P": "!p\n$A=1"}`},
		"longer header":                  {"!M\n$P=!PP", `{"P": "!PP"}`},
		"name and no header":             {"!M\n$P=P\n-$A=1", `{"P": "P\n$A=1"}`},
		"comment before the header":      {"!M\n$P= c\n-!P", `{"P": " c\n!P"}`},
		"malformed nested":               {"!M\n$P=!P\n-$A", `{"P": "!P\n$A"}`},
		"nested with an attribute twice": {"!M\n$P=!P\n-$A=1\n-$A=2", `{"P": "!P\n$A=1\n$A=2"}`},
		"malformed within the nested":    {"!M\n$P=!P\n-$Q=!Q\n---", `{"P": {"Q": "!Q\n-"}}`},
		"nested that ends early":         {"!M\n$P=!P\n-$A=1\n$B=2", `{"B": "2", "P": {"A": "1"}}`},
		"the message's own name":         {"!M\n$M=!M\n-$M=x", `{"M": {"M": "x"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := requireText(t, connection, toJSON, test.message); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestObjectBecomesMessage(t *testing.T) {
	connection := connect(t)
	for name, test := range map[string]struct {
		object, want string
	}{
		"empty":   {`{}`, "!M"},
		"scalars": {`{"A": "x\n$B=", "B": 1.50, "C": true, "D": false, "E": null, "F": ""}`, "!M\n$A=x\n-$B=\n$B=1.50\n$C=TRUE\n$D=FALSE\n$E=\n$F="},
		"numbers": {`{"A": 1e25, "B": -0.000001, "C": 123456789012345678901234567890}`, "!M\n$A=10000000000000000000000000\n$B=-0.000001\n$C=123456789012345678901234567890"},
		"nested":  {`{"A": {"B": {"C": "1\n2"}}, "D": {}}`, "!M\n$A=!A\n-$B=!B\n--$C=1\n---2\n$D=!D"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := requireText(t, connection, fromJSON, "M", test.object); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestMessagesNestSixteenLevelsDeep(t *testing.T) {
	connection := connect(t)
	nested := func(levels int) (object, message string) {
		message = "!A\n$B="
		for range levels - 1 {
			message = write("A", []attribute{{"A", message}})
		}
		return strings.Repeat(`{"A": `, levels-1) + `{"B": ""}` + strings.Repeat("}", levels-1), message
	}

	object, message := nested(16)
	if got := requireText(t, connection, toJSON, message); got != object {
		t.Errorf("the jsonb is %s, want %s", got, object)
	}
	if got := requireText(t, connection, fromJSON, "A", object); got != message {
		t.Errorf("the message is %q, want %q", got, message)
	}

	for _, levels := range []int{17, 18, 200} {
		object, message := nested(levels)
		_, err := text(t, connection, toJSON, message)
		requireError(t, err)
		_, err = text(t, connection, fromJSON, "A", object)
		requireError(t, err)
		// get_attributes reads only one level.
		if got := attributesOf(t, connection, message); len(got) != 1 {
			t.Errorf("with %d levels, get_attributes returns %d attributes, want 1", levels, len(got))
		}
	}
}
