package doctor

import (
	"fmt"
	"strings"

	"github.com/posternsql/postern/internal/printable"
)

// ReferenceGates returns the statement that registers an action with a checkpoint, if it has one, and with the gates
// that it references. It is safe to paste and to print, whatever the names contain.
func ReferenceGates(action string, checkpoint *string, gates []string) string {
	own, references := "null", "'{}'"
	if checkpoint != nil {
		own = literal(*checkpoint)
	}
	if len(gates) > 0 {
		literals := make([]string, len(gates))
		for index, id := range gates {
			literals[index] = literal(id)
		}
		references = "array[" + strings.Join(literals, ", ") + "]"
	}
	return fmt.Sprintf("select postern.register_action(%s, %s, %s);", literal(action), own, references)
}

// literal returns a text as an SQL literal, without characters that control a terminal.
func literal(text string) string {
	var quoted strings.Builder
	prefix := ""
	for _, character := range text {
		switch {
		case character == '\'':
			quoted.WriteString("''")
		case character == '\\':
			prefix = "E"
			quoted.WriteString(`\\`)
		case !printable.Rune(character) && character > 0xffff:
			prefix = "E"
			fmt.Fprintf(&quoted, `\U%08X`, character)
		case !printable.Rune(character):
			prefix = "E"
			fmt.Fprintf(&quoted, `\u%04X`, character)
		default:
			quoted.WriteRune(character)
		}
	}
	return prefix + "'" + quoted.String() + "'"
}
