package message_test

import (
	"fmt"
	"strings"
	"testing"
)

// readers are all functions that take a message, each as a query with the message as its parameter.
var readers = map[string]string{
	"postern.message_to_jsonb":     "select postern.message_to_jsonb($1)::text",
	"message_sys.find_attribute":   "select message_sys.find_attribute($1, 'A', 'default')",
	"message_sys.get_name":         "select message_sys.get_name($1)",
	"message_sys.get_attributes":   "select count(*)::text from message_sys.get_attributes($1)",
	"message_sys.add_attribute":    "call message_sys.add_attribute($1::text, 'NEW', 'x')",
	"message_sys.set_attribute":    "call message_sys.set_attribute($1::text, 'A', 'x')",
	"message_sys.remove_attribute": "call message_sys.remove_attribute($1::text, 'A')",
}

func TestMalformedMessageIsRefusedWithItsLine(t *testing.T) {
	connection := connect(t)
	long := strings.Repeat("ä", 129)
	for name, test := range map[string]struct {
		message string
		line    int
		row     string
	}{
		"nothing at all":                  {"", 1, ""},
		"a line feed alone":               {"\n", 1, ""},
		"comments only":                   {" one\n two", 2, " two"},
		"no header":                       {"$A=1", 1, "$A=1"},
		"no header after a comment":       {" comment\n$A=1\n!M", 2, "$A=1"},
		"reserved row before the header":  {"+x\n!M", 1, "+x"},
		"continuation before the header":  {"-x\n!M", 1, "-x"},
		"header without a name":           {"!\n$A=1", 1, "!"},
		"header with =":                   {"!M=1", 1, "!M=1"},
		"header too long":                 {"!" + long, 1, "!" + long[:79*len("ä")]},
		"a second header":                 {"!M\n$A=1\n!N", 3, "!N"},
		"carriage return after header":    {"!M\r\n$A=1\r\n", 1, `!M\r`},
		"carriage return in a name":       {"!M\n$A\rB=1", 2, `$A\rB=1`},
		"attribute without =":             {"!M\n$A=1\n$B", 3, "$B"},
		"attribute without a name":        {"!M\n$=1", 2, "$=1"},
		"attribute's name too long":       {"!M\n$" + long + "=", 2, "$" + long[:79*len("ä")]},
		"continuation after the header":   {"!M\n-x", 2, "-x"},
		"continuation after a comment":    {"!M\n comment\n-x", 3, "-x"},
		"continuation after reserved row": {"!M\n+\n-x\n$A=1", 3, "-x"},
		"an empty row":                    {"!M\n\n$A=1", 2, ""},
		"an empty row before the header":  {"\n!M", 1, ""},
		"two line feeds at the end":       {"!M\n$A=1\n\n", 3, ""},
		"an unknown row":                  {"!M\n$A=1\nB=2", 3, "B=2"},
		"a tab is no comment":             {"!M\n\tx", 2, "\tx"},
		"other white space is no comment": {"!M\n\u00a0x", 2, "\u00a0x"},
		"other line ends end no row":      {"!M\u2028$A\n-x", 2, "-x"},
		"an attribute twice":              {"!M\n$A=1\n comment\n$B=\n$A=2\n$B=", 5, "$A=2"},
		"an attribute three times":        {"!M\n$A=1\n$A=1\n$A=1", 3, "$A=1"},
		"a long row":                      {"!M\n" + strings.Repeat("x", 200), 2, strings.Repeat("x", 80)},
	} {
		t.Run(name, func(t *testing.T) {
			for reader, query := range readers {
				_, err := text(t, connection, query, test.message)
				failure := requireError(t, err)
				if want := fmt.Sprintf("Line %d: %s", test.line, test.row); failure.Detail != want {
					t.Errorf("%s: detail %q, want %q", reader, failure.Detail, want)
				}
			}
		})
	}
}

func TestRowsWithoutAValueAreSkipped(t *testing.T) {
	connection := connect(t)
	for name, test := range map[string]struct {
		message, want string
	}{
		"header alone":                {"!M", `{}`},
		"one line feed at the end":    {"!M\n$A=1\n", `{"A": "1"}`},
		"comment before the header":   {" c\n d\n!M\n$A=1", `{"A": "1"}`},
		"comments everywhere":         {" \n!M\n c\n$A=1\n $B=2\n !N\n", `{"A": "1"}`},
		"comment within a value":      {"!M\n$A=1\n c\n-2\n c\n$B=3\n c", `{"A": "1\n2", "B": "3"}`},
		"reserved rows":               {"!M\n+$X=1\n$A=1\n+x\n-2\n+", `{"A": "1\n2"}`},
		"value that ends in new line": {"!M\n$A=1\n-", `{"A": "1\n"}`},
		"the same and a line feed":    {"!M\n$A=1\n-\n", `{"A": "1\n"}`},
		"names differ by case":        {"!M\n$A=1\n$a=2", `{"A": "1", "a": "2"}`},
		"names with odd characters":   {"!M\n$ -$&\t=1\n$!=2", `{"!": "2", " -$&\t": "1"}`},
		"names of 128 characters":     {"!" + strings.Repeat("ö", 128) + "\n$" + strings.Repeat("ä", 128) + "=", `{"` + strings.Repeat("ä", 128) + `": ""}`},
		"carriage returns in a value": {"!M\n$A=1\r\n-2\r", `{"A": "1\r\n2\r"}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := text(t, connection, readers["postern.message_to_jsonb"], test.message)
			if err != nil {
				t.Fatal(err)
			}
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
