package message_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"pgregory.net/rapid"
)

// anyText generates every text that PostgreSQL can store, with many characters that have a meaning in the format.
func anyText() *rapid.Generator[string] {
	rune := rapid.OneOf(
		rapid.SampledFrom([]rune("\n\n\r-$!+ =&\\A")),
		rapid.Rune().Filter(func(r rune) bool { return r != 0 }),
	)
	return rapid.StringOfN(rune, 0, 40, -1)
}

func anyName() *rapid.Generator[string] {
	rune := rapid.OneOf(
		rapid.SampledFrom([]rune("-$!+ &AaBÄä\t")),
		rapid.Rune().Filter(func(r rune) bool { return r != 0 && r != '\n' && r != '\r' && r != '=' }),
	)
	return rapid.OneOf(
		rapid.SampledFrom([]string{"A", "a", "B", "AB", "PARAMETERS", "$A", "-A", " A"}),
		rapid.StringOfN(rune, 1, 128, -1),
	)
}

// anyValue generates a text, or a message that probably has the name of its attribute.
func anyValue(name string) *rapid.Generator[string] {
	return rapid.OneOf(anyText(), rapid.Custom(func(t *rapid.T) string {
		attributes := []attribute{}
		for _, name := range rapid.SliceOfNDistinct(anyName(), 0, 3, rapid.ID[string]).Draw(t, "names") {
			attributes = append(attributes, attribute{name, anyText().Draw(t, "value")})
		}
		return write(rapid.OneOf(rapid.Just(name), anyName()).Draw(t, "header"), attributes)
	}))
}

// After any changes, a message has exactly the attributes of a list that was changed in the same way.
func TestMessageIsAListOfAttributes(t *testing.T) {
	connection := connect(t)
	rapid.Check(t, func(rt *rapid.T) {
		name := anyName().Draw(rt, "message")
		message := requireText(t, connection, "select message_sys.construct($1)", name)
		model := []attribute{}
		index := func(name string) int {
			return slices.IndexFunc(model, func(a attribute) bool { return a.name == name })
		}
		attributeName := rapid.OneOf(rapid.SampledFrom([]string{"A", "a", "$A"}), anyName())
		rt.Repeat(map[string]func(*rapid.T){
			"add": func(rt *rapid.T) {
				name := attributeName.Draw(rt, "name")
				value := anyValue(name).Draw(rt, "value")
				added, err := text(t, connection, addText, message, name, value)
				if index(name) >= 0 {
					requireError(t, err)
					return
				}
				if err != nil {
					rt.Fatal(err)
				}
				message, model = added, append(model, attribute{name, value})
			},
			"set": func(rt *rapid.T) {
				name := attributeName.Draw(rt, "name")
				value := anyValue(name).Draw(rt, "value")
				message = requireText(t, connection, setText, message, name, value)
				if i := index(name); i >= 0 {
					model[i].value = value
				} else {
					model = append(model, attribute{name, value})
				}
			},
			"remove": func(rt *rapid.T) {
				name := attributeName.Draw(rt, "name")
				message = requireText(t, connection, remove, message, name)
				model = slices.DeleteFunc(model, func(a attribute) bool { return a.name == name })
			},
			"": func(rt *rapid.T) {
				if want := write(name, model); message != want {
					rt.Fatalf("message %q, want %q", message, want)
				}
			},
		})
		if got := attributesOf(t, connection, message); !slices.Equal(got, model) {
			rt.Fatalf("attributes %q, want %q", got, model)
		}
		if got := requireText(t, connection, "select message_sys.get_name($1)", message); got != name {
			rt.Fatalf("name %q, want %q", got, name)
		}
		for _, a := range model {
			if got := requireText(t, connection, find, message, a.name, "default"); got != a.value {
				rt.Fatalf("found %q, want %q", got, a.value)
			}
		}
		requireSameReading(rt, connection, message)
	})
}

// An object comes back from its message, except for a string that reads as the message of its own key.
func TestObjectComesBackFromItsMessage(t *testing.T) {
	connection := connect(t)
	var object func(depth int) *rapid.Generator[map[string]any]
	object = func(depth int) *rapid.Generator[map[string]any] {
		return rapid.Custom(func(t *rapid.T) map[string]any {
			members := map[string]any{}
			for _, name := range rapid.SliceOfNDistinct(anyName(), 0, 4, rapid.ID[string]).Draw(t, "names") {
				if depth > 1 && rapid.Bool().Draw(t, "nested") {
					members[name] = object(depth-1).Draw(t, "object")
				} else {
					members[name] = anyValue(name).Draw(t, "value")
				}
			}
			return members
		})
	}
	var expected func(members map[string]any) map[string]any
	expected = func(members map[string]any) map[string]any {
		result := map[string]any{}
		for name, member := range members {
			switch member := member.(type) {
			case string:
				result[name], _ = decodeValue(name, member, 1)
			case map[string]any:
				result[name] = expected(member)
			}
		}
		return result
	}
	rapid.Check(t, func(rt *rapid.T) {
		name, members := anyName().Draw(rt, "message"), object(4).Draw(rt, "object")
		encoded, err := json.Marshal(members)
		if err != nil {
			rt.Fatal(err)
		}
		message := requireText(t, connection, fromJSON, name, string(encoded))
		if got := decodeJSON(rt, requireText(t, connection, toJSON, message)); !reflect.DeepEqual(got, expected(members)) {
			rt.Fatalf("%q became %q and then %q", members, message, got)
		}
	})
}

// Both implementations agree on texts that resemble messages: what is accepted, what it means, which line is wrong.
func TestBothParsersAgree(t *testing.T) {
	connection := connect(t)
	row := rapid.Custom(func(t *rapid.T) string {
		return rapid.SampledFrom([]string{"$", "$", "$", "$A=!A", "-", "--", "-$", "-!A", "-!", "+", " ", "!", "", "A"}).Draw(t, "start") +
			rapid.SampledFrom([]string{"", "A", "B=", "A=1", "=", "=1", "C=\r", "D\r=", "E==", "P=!P"}).Draw(t, "rest")
	})
	rapid.Check(t, func(rt *rapid.T) {
		rows := rapid.SliceOfN(row, 0, 8).Draw(rt, "rows")
		header := rapid.SampledFrom([]string{"!M\n", "!M\n", "!M\n", " c\n!M\n", ""}).Draw(rt, "header")
		requireSameReading(rt, connection, header+strings.Join(rows, "\n")+rapid.SampledFrom([]string{"", "\n"}).Draw(rt, "end"))
	})
}

func FuzzMessage(f *testing.F) {
	connection := connect(f)
	for _, message := range []string{
		"", "\n", "!M", "!M\n", "!M\n\n", " c\n!M", "!M\n$A=1\n-2\n$B=!B\n-$C=\n--\n", "!M\n$A\r=", "!M\r\n$A=1\r\n", "!M\n+\n-",
		"!M\n$A=1\n$A=2", "!M\n$A=1\n c\n-2", "!M\n$A=!A\n-$A=1\n-$A=2", "!M\n!M", "!M\n$=1", "!M\n$A=\x7f\u0080\U0010ffff", "!M\n\u2028",
		write("SECURITY_CHECKPOINT", exampleAttributes),
	} {
		f.Add(message)
	}
	f.Fuzz(func(t *testing.T, message string) {
		// PostgreSQL cannot store these, so they never get there.
		requireSameReading(t, connection, strings.ReplaceAll(strings.ToValidUTF8(message, "?"), "\x00", "0"))
	})
}

type failer interface {
	Fatalf(format string, arguments ...any)
}

// requireSameReading wants PostgreSQL to read a message as the parser in Go does.
func requireSameReading(t failer, connection *pgx.Conn, message string) {
	var got string
	err := connection.QueryRow(context.Background(), toJSON, message).Scan(&got)
	var failure *pgconn.PgError
	if err != nil && (!errors.As(err, &failure) || failure.Code != "PS107") {
		t.Fatalf("reading %q: got %v, want a result or PS107", message, err)
	}

	var wrong malformed
	_, attributes, wantErr := parse(message)
	if errors.As(wantErr, &wrong) {
		if failure == nil {
			t.Fatalf("PostgreSQL reads %q as %s, but Go refuses it: %v", message, got, wrong)
		}
		if place := fmt.Sprintf("Line %d: ", wrong.line); !strings.HasPrefix(failure.Detail, place) {
			t.Fatalf("%q: detail %q, want it to start with %q", message, failure.Detail, place)
		}
		return
	}
	want, tooDeep := decode(attributes, 1)
	if tooDeep {
		if failure == nil {
			t.Fatalf("%q: got %s, want an error for its depth", message, got)
		}
		return
	}
	if failure != nil {
		t.Fatalf("PostgreSQL refuses %q, but Go reads it: %s: %s", message, failure.Message, failure.Detail)
	}
	if object := decodeJSON(t, got); !reflect.DeepEqual(object, want) {
		t.Fatalf("PostgreSQL reads %q as %s, and Go as %q", message, got, want)
	}
}

func decodeJSON(t failer, encoded string) map[string]any {
	object := map[string]any{}
	if err := json.Unmarshal([]byte(encoded), &object); err != nil {
		t.Fatalf("this is not JSON: %s: %v", encoded, err)
	}
	return object
}
