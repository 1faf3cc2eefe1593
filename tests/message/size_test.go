package message_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// patience is far above what linear work takes here, and far below what quadratic work would.
const patience = 2 * time.Minute

func requirePatience(t *testing.T, connection *pgx.Conn) {
	t.Helper()
	execute(t, connection, fmt.Sprintf("set statement_timeout = %d", patience.Milliseconds()))
}

func TestLongValues(t *testing.T) {
	t.Parallel()
	connection := connect(t)
	requirePatience(t, connection)
	const size = 10_000_000
	for name, value := range map[string]string{
		"one row":    strings.Repeat("xä", size/3),
		"empty rows": strings.Repeat("\n", size),
	} {
		t.Run(name, func(t *testing.T) {
			message := requireText(t, connection, addText, "!M\n$A=1", "B", value)
			if want := write("M", []attribute{{"A", "1"}, {"B", value}}); message != want {
				t.Error("the message is another")
			}
			if got := requireText(t, connection, "select postern.message_to_jsonb($1) ->> 'B'", message); got != value {
				t.Error("the object's member is another")
			}
			if got := requireText(t, connection, setText, message, "B", "2"); got != "!M\n$A=1\n$B=2" {
				t.Errorf("after setting it, the message has %d bytes", len(got))
			}
		})
	}
}

func TestManyAttributes(t *testing.T) {
	t.Parallel()
	connection := connect(t)
	requirePatience(t, connection)
	attributes := make([]attribute, 100_000)
	for i := range attributes {
		name := fmt.Sprintf("NAME_%d", i)
		attributes[i] = attribute{name, "!" + name + "\n$VALUE="}
		if i%10 > 0 {
			attributes[i].value = "value\nof " + name
		}
	}
	message := write("M", attributes)

	object := requireText(t, connection, toJSON, message)
	if want, _ := decode(attributes, 1); len(decodeJSON(t, object)) != len(want) {
		t.Error("the object has another number of members")
	}
	again := requireText(t, connection, toJSON, requireText(t, connection, fromJSON, "M", object))
	if again != object {
		t.Error("the object does not come back from its message")
	}
	got := attributesOf(t, connection, message)
	for i := range attributes {
		if got[i] != attributes[i] {
			t.Fatalf("attribute %d is %q, want %q", i, got[i], attributes[i])
		}
	}
	last := attributes[len(attributes)-1]
	if got := requireText(t, connection, find, message, last.name, ""); got != last.value {
		t.Errorf("the last value is %q", got)
	}
	_, err := text(t, connection, toJSON, message+"\n$NAME_99999=")
	if failure := requireError(t, err); !strings.HasSuffix(failure.Detail, ": $NAME_99999=") {
		t.Errorf("detail %q", failure.Detail)
	}
}

func TestMessagesBeyond64MebibytesAreRefused(t *testing.T) {
	t.Parallel()
	connection := connect(t)
	requirePatience(t, connection)
	const limit = 64 << 20
	for name, query := range map[string]string{
		"read":          fmt.Sprintf("select postern.message_to_jsonb(pg_catalog.rpad('!M'||pg_catalog.chr(10)||'$A=', %d, 'x'))::text", limit+1),
		"add":           fmt.Sprintf("call message_sys.add_attribute('!M', 'A', pg_catalog.repeat('x', %d))", limit),
		"add new lines": fmt.Sprintf("call message_sys.add_attribute('!M', 'A', pg_catalog.repeat(pg_catalog.chr(10), %d))", limit/2),
		"set":           fmt.Sprintf("call message_sys.set_attribute('!M'||pg_catalog.chr(10)||'$A=', 'A', pg_catalog.repeat('x', %d))", limit),
		"from jsonb":    fmt.Sprintf("select postern.jsonb_to_message('M', pg_catalog.jsonb_build_object('A', pg_catalog.repeat('x', %d)))", limit),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := text(t, connection, query)
			if failure := requireError(t, err); !strings.Contains(failure.Detail, "67108864") {
				t.Errorf("detail %q", failure.Detail)
			}
		})
	}
	query := fmt.Sprintf("select message_sys.get_name(pg_catalog.rpad('!M'||pg_catalog.chr(10)||'$A=', %d, 'x'))", limit)
	if got := requireText(t, connection, query); got != "M" {
		t.Errorf("the longest message has the name %q", got)
	}
}
