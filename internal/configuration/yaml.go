package configuration

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"

	"github.com/posternsql/postern/internal/printable"
)

// maximumDepth bounds nesting. The types below have eight levels.
const maximumDepth = 50

// readYAML reads one file. positions has the position of each key and of each element of a list, by its path.
func readYAML(text *source) (configuration *Configuration, positions map[string]Position, err error) {
	document := yaml.Node{}
	loaded := yaml.Load(bytes.TrimPrefix(text.text, byteOrderMark), &document, yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maximumDepth))))
	if loaded != nil && strings.Contains(loaded.Error(), "no documents in stream") {
		loaded = nil
	}
	if loaded != nil {
		return nil, nil, text.syntaxError(loaded)
	}
	r := reader{source: text, positions: map[string]Position{}}
	configuration = &Configuration{}
	if len(document.Content) > 0 {
		if failure := r.read(document.Content[0], "", "The file", reflect.ValueOf(configuration).Elem(), false); failure != nil {
			return nil, nil, failure
		}
	}
	return configuration, r.positions, nil
}

// syntaxError reports the library's error in one sentence, at the place where a person would look for the mistake.
func (s *source) syntaxError(loaded error) error {
	if strings.Contains(loaded.Error(), "found multiple") {
		return s.place(1, 1).errorf("The file has several documents: put each into a file of its own.")
	}
	var failure *yaml.LoadError
	if !errors.As(loaded, &failure) {
		return s.place(1, 1).errorf("The file is not valid YAML: %s.", loaded)
	}
	mark, message := failure.Mark, failure.Message
	switch {
	case strings.Contains(message, "max depth"):
		message = fmt.Sprintf("nested more than %d levels deep", maximumDepth)
	case strings.Contains(failure.ContextMsg, "quoted scalar") && strings.Contains(message, "unexpected end of stream"):
		mark, message = failure.ContextMark, "this quote is not closed"
	case failure.ContextMsg != "" && failure.ContextMark.Line > 0 && failure.ContextMark.Line != mark.Line:
		message = fmt.Sprintf("%s, %s that begins in line %d", message, failure.ContextMsg, failure.ContextMark.Line)
	case failure.ContextMsg != "":
		message += ", " + failure.ContextMsg
	}
	if strings.HasPrefix(strings.TrimLeft(s.line(mark.Line), " "), "\t") {
		message = "a tab cannot indent: use spaces"
	}
	return s.place(mark.Line, mark.Column).errorf("This is not valid YAML: %s.", message)
}

// reader fills the types of this package from the nodes of a document. The library's own decoder does not report
// columns, and it reads 010 as 8.
type reader struct {
	source    *source
	positions map[string]Position
}

const pathSeparator = "\x00"

func join(path string, key any) string { return fmt.Sprint(path, pathSeparator, key) }

func (r *reader) at(node *yaml.Node) Position { return r.source.place(node.Line, node.Column) }

// read sets target. name is what an error calls it; path is its key in positions.
func (r *reader) read(node *yaml.Node, path, name string, target reflect.Value, nullable bool) *Error {
	switch {
	case node.Kind == yaml.AliasNode || node.Anchor != "":
		return r.at(node).errorf("Anchors and aliases are not supported: write the value out.")
	case node.Style&yaml.TaggedStyle != 0:
		return r.at(node).errorf("Tags are not supported: omit %s.", quotedText(node.Tag))
	}
	if target.Kind() == reflect.Pointer {
		target.Set(reflect.New(target.Type().Elem()))
		target = target.Elem()
	}
	isNull := node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null"
	switch target.Kind() {
	case reflect.Struct:
		return r.readMapping(node, path, name, isNull, func(key *yaml.Node) (reflect.Value, bool, *Error) {
			known := []string{}
			for index := range target.NumField() {
				field := target.Type().Field(index)
				if jsonName(field) == key.Value {
					return target.Field(index), field.Tag.Get("nullable") == "true", nil
				}
				known = append(known, jsonName(field))
			}
			return reflect.Value{}, false, r.at(key).errorf("%s has no key %s; it has: %s.", name, quotedText(key.Value), strings.Join(known, ", "))
		}, nil)
	case reflect.Map:
		target.Set(reflect.MakeMap(target.Type()))
		return r.readMapping(node, path, name, isNull, func(*yaml.Node) (reflect.Value, bool, *Error) {
			return reflect.New(target.Type().Elem()).Elem(), false, nil
		}, target.SetMapIndex)
	case reflect.Slice:
		if target.Type() == reflect.TypeFor[Objects]() && node.Kind == yaml.ScalarNode && !isNull {
			node = &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{node}} // a single value is a list of one
		}
		if node.Kind != yaml.SequenceNode && !isNull {
			return r.at(node).errorf("%s is %s; a list belongs here: [a, b].", name, describeNode(node))
		}
		list := reflect.MakeSlice(target.Type(), 0, len(node.Content))
		for index, child := range node.Content {
			element := reflect.New(target.Type().Elem()).Elem()
			r.positions[join(path, index)] = r.at(child)
			if failure := r.read(child, join(path, index), fmt.Sprintf("%s[%d]", name, index+1), element, false); failure != nil {
				return failure
			}
			list = reflect.Append(list, element)
		}
		target.Set(list)
		return nil
	}
	if isNull && nullable {
		return nil
	}
	if node.Kind != yaml.ScalarNode || isNull {
		return r.at(node).errorf("%s is %s; a value belongs here.", name, describeNode(node))
	}
	if target.Kind() == reflect.Bool {
		if node.ShortTag() != "!!bool" || node.Value != "true" && node.Value != "false" {
			return r.at(node).errorf("%s is %s; write true or false, without quotes.", name, quotedText(node.Value))
		}
		target.SetBool(node.Value == "true")
		return nil
	}
	if _, isSetting := target.Interface().(Setting); isSetting && node.Value == "" {
		return nil // the database says which settings may be empty
	}
	if failure := r.checkText(node, name); failure != nil {
		return failure
	}
	if allowed, ok := allowedValues[target.Type().Name()]; ok && !slices.Contains(allowed, node.Value) {
		return r.at(node).errorf("%s is %s; it can be: %s.", name, quotedText(node.Value), strings.Join(allowed, ", "))
	}
	target.SetString(node.Value)
	return nil
}

// readMapping reads the value of each key into the target that find returns for it, and then calls put, unless put is
// nil.
func (r *reader) readMapping(node *yaml.Node, path, name string, isNull bool,
	find func(*yaml.Node) (reflect.Value, bool, *Error), put func(key, value reflect.Value)) *Error {
	if node.Kind != yaml.MappingNode {
		if isNull {
			return nil // a key with nothing below it
		}
		return r.at(node).errorf("%s is %s; keys with values belong here: key: value.", name, describeNode(node))
	}
	seen := make(map[string]*yaml.Node, len(node.Content)/2)
	for index := 0; index < len(node.Content); index += 2 {
		key, child := node.Content[index], node.Content[index+1]
		switch {
		case key.Kind == yaml.AliasNode || key.Anchor != "":
			return r.at(key).errorf("Anchors and aliases are not supported: write the value out.")
		case key.Kind != yaml.ScalarNode:
			return r.at(key).errorf("A key in %s is %s; it has to be a text.", name, describeNode(key))
		case key.ShortTag() == "!!merge":
			return r.at(key).errorf("Merge keys (<<) are not supported: write the values out.")
		}
		if failure := r.checkText(key, "A key in "+name); failure != nil {
			return failure
		}
		if before := seen[key.Value]; before != nil {
			return r.at(key).errorf("%s is there twice; first in line %d.", quotedText(key.Value), before.Line)
		}
		seen[key.Value] = key
		target, nullable, failure := find(key)
		if failure != nil {
			return failure
		}
		r.positions[join(path, key.Value)] = r.at(key)
		if failure := r.read(child, join(path, key.Value), quotedText(key.Value), target, nullable); failure != nil {
			return failure
		}
		if put != nil {
			put(reflect.ValueOf(key.Value), target)
		}
	}
	return nil
}

// checkText refuses text that no column of Postern can hold, or that nobody can have meant.
func (r *reader) checkText(node *yaml.Node, name string) *Error {
	switch {
	case node.Value == "":
		return r.at(node).errorf("%s is empty.", name)
	case strings.ContainsRune(node.Value, 0):
		return r.at(node).errorf("%s has a NUL character, which no text can have.", name)
	}
	return nil
}

func jsonName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return name
}

func describeNode(node *yaml.Node) string {
	switch {
	case node.Kind == yaml.MappingNode:
		return "a mapping"
	case node.Kind == yaml.SequenceNode:
		return "a list"
	case node.ShortTag() == "!!null":
		return "empty"
	}
	return "a single value"
}

// quotedText quotes text that a reader could misjudge, because it has spaces at the ends or letters of other alphabets.
func quotedText(text string) string {
	if runes := []rune(text); len(runes) > 64 {
		text = string(runes[:64]) + "…"
	}
	if strings.ContainsFunc(text, func(character rune) bool { return character > unicode.MaxASCII && character != '…' }) {
		return strconv.QuoteToASCII(text)
	}
	return strconv.Quote(text)
}

// writeYAML is the inverse of readYAML.
func writeYAML(configuration *Configuration) ([]byte, error) {
	text, err := yaml.Dump(write(reflect.ValueOf(configuration)), yaml.WithLineWidth(-1))
	if err != nil {
		return nil, err
	}
	// The library leaves some characters unescaped, such as marks that change the direction of writing. They occur only in
	// double quotes.
	var escaped bytes.Buffer
	for _, character := range string(text) {
		switch {
		case printable.Rune(character) || character == '\n':
			escaped.WriteRune(character)
		case character > 0xffff:
			fmt.Fprintf(&escaped, `\U%08X`, character)
		default:
			fmt.Fprintf(&escaped, `\u%04X`, character)
		}
	}
	return escaped.Bytes(), nil
}

// write returns the node of a value; nil if the value is absent.
func write(value reflect.Value) *yaml.Node {
	switch value.Kind() {
	case reflect.Pointer:
		if value.IsNil() {
			return nil
		}
		return write(value.Elem())
	case reflect.Struct:
		mapping := &yaml.Node{Kind: yaml.MappingNode}
		for index := range value.NumField() {
			field := value.Type().Field(index)
			child := write(value.Field(index))
			if child == nil || child.Value == "" && child.Kind == yaml.ScalarNode {
				if child == nil || field.Tag.Get("nullable") != "true" {
					continue
				}
				child = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
			}
			mapping.Content = append(mapping.Content, textNode(jsonName(field)), child)
		}
		if _, isRule := value.Interface().(Rule); isRule || len(mapping.Content) == 0 {
			mapping.Style = yaml.FlowStyle
		}
		return mapping
	case reflect.Map:
		if value.IsNil() {
			return nil
		}
		mapping := &yaml.Node{Kind: yaml.MappingNode}
		keys := value.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, key := range keys {
			child := write(value.MapIndex(key))
			if child == nil {
				child = &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
			}
			mapping.Content = append(mapping.Content, textNode(key.String()), child)
		}
		if len(keys) == 0 {
			mapping.Style = yaml.FlowStyle
		}
		return mapping
	case reflect.Slice:
		if value.IsNil() {
			return nil
		}
		list := &yaml.Node{Kind: yaml.SequenceNode}
		for index := range value.Len() {
			list.Content = append(list.Content, write(value.Index(index)))
		}
		if value.Type().Elem().Kind() == reflect.String || value.Len() == 0 {
			list.Style = yaml.FlowStyle
		}
		return list
	case reflect.Bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(value.Bool())}
	}
	if _, isSetting := value.Interface().(Setting); isSetting && plainSetting.MatchString(value.String()) {
		return &yaml.Node{Kind: yaml.ScalarNode, Value: value.String()}
	}
	return textNode(value.String())
}

// plainSetting matches values that need no quotes: a truth value, or a number that everybody reads alike.
var plainSetting = regexp.MustCompile(`^(true|false|0|[1-9][0-9]{0,8})$`)

// textNode lets the library choose the quotes if that is safe. It escapes any other text.
func textNode(text string) *yaml.Node {
	node := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	switch {
	case readsAsLines(text):
		node.Style = yaml.LiteralStyle
	case strings.TrimSpace(text) != text || strings.ContainsFunc(text, func(character rune) bool { return !printable.Rune(character) }):
		node.Style = yaml.DoubleQuotedStyle
	}
	return node
}

// readsAsLines reports whether a text has several lines that can stand in a file unchanged, without anything invisible
// at an end.
func readsAsLines(text string) bool {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if !strings.Contains(text, "\n") || lines[0] == "" || lines[0][0] == ' ' || lines[len(lines)-1] == "" {
		return false
	}
	return !slices.ContainsFunc(lines, func(line string) bool {
		return strings.TrimRight(line, " ") != line || strings.ContainsFunc(line, func(character rune) bool { return !printable.Rune(character) })
	})
}
