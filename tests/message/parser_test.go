package message_test

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// This is a second implementation of the format, written by hand, row by row, without looking at the SQL. The tests
// compare the two.

type attribute struct {
	name, value string
}

// malformed is the line in which a message is wrong, counted from 1.
type malformed struct {
	line int
}

func (e malformed) Error() string { return fmt.Sprintf("malformed in line %d", e.line) }

const deepestLevel = 16

func validName(name string) bool {
	return name != "" && utf8.RuneCountInString(name) <= 128 && !strings.ContainsAny(name, "\n\r=")
}

// parse reads a message. It reports the line of a repeated attribute only if every row by itself is valid.
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

// write returns the message that add_attribute builds from these attributes.
func write(name string, attributes []attribute) string {
	rows := []string{"!" + name}
	for _, a := range attributes {
		rows = append(rows, "$"+a.name+"="+strings.Join(strings.Split(a.value, "\n"), "\n-"))
	}
	return strings.Join(rows, "\n")
}

// decode returns the members of a message's jsonb object; tooDeep says that messages nest beyond deepestLevel.
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
