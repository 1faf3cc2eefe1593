package message_test

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// This is the format once more, written without a look at the SQL: row by row, by hand. The tests hold the
// two against each other.

type attribute struct {
	name, value string
}

// malformed tells the line that a message is wrong in, counted from 1.
type malformed struct {
	line int
}

func (e malformed) Error() string { return fmt.Sprintf("malformed in line %d", e.line) }

const deepestLevel = 16

func validName(name string) bool {
	return name != "" && utf8.RuneCountInString(name) <= 128 && !strings.ContainsAny(name, "\n\r=")
}

// parse reads a message. The line of a repeated attribute is told only where every row in itself is good.
func parse(message string) (name string, attributes []attribute, err error) {
	rows := strings.Split(strings.TrimSuffix(message, "\n"), "\n")
	seen, repeated := map[string]bool{}, 0
	values := [][]string{}
	for i, row := range rows {
		line := i + 1
		if strings.HasPrefix(row, " ") {
			continue
		}
		if name == "" {
			if !strings.HasPrefix(row, "!") || !validName(row[1:]) {
				return "", nil, malformed{line}
			}
			name = row[1:]
			continue
		}
		switch {
		case strings.HasPrefix(row, "+"):
		case strings.HasPrefix(row, "$"):
			attributeName, value, found := strings.Cut(row[1:], "=")
			if !found || !validName(attributeName) {
				return "", nil, malformed{line}
			}
			if seen[attributeName] && repeated == 0 {
				repeated = line
			}
			seen[attributeName] = true
			attributes = append(attributes, attribute{name: attributeName})
			values = append(values, []string{value})
		case strings.HasPrefix(row, "-") && len(values) > 0:
			values[len(values)-1] = append(values[len(values)-1], row[1:])
		default:
			return "", nil, malformed{line}
		}
	}
	if name == "" {
		return "", nil, malformed{len(rows)}
	}
	if repeated > 0 {
		return "", nil, malformed{repeated}
	}
	for i := range attributes {
		attributes[i].value = strings.Join(values[i], "\n")
	}
	return name, attributes, nil
}

// write is the message that add_attribute builds of these attributes.
func write(name string, attributes []attribute) string {
	rows := []string{"!" + name}
	for _, a := range attributes {
		rows = append(rows, "$"+a.name+"="+strings.Join(strings.Split(a.value, "\n"), "\n-"))
	}
	return strings.Join(rows, "\n")
}

// decode gives the members of a message's jsonb object; tooDeep where messages nest beyond deepestLevel.
func decode(attributes []attribute, level int) (object map[string]any, tooDeep bool) {
	object = map[string]any{}
	for _, a := range attributes {
		member, deep := decodeValue(a.name, a.value, level)
		object[a.name] = member
		tooDeep = tooDeep || deep
	}
	return object, tooDeep
}

func decodeValue(name, value string, level int) (member any, tooDeep bool) {
	header, attributes, err := parse(value)
	if err != nil || header != name || !strings.HasPrefix(value, "!") {
		return value, false
	}
	if level == deepestLevel {
		return value, true
	}
	return decode(attributes, level+1)
}
