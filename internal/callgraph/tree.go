package callgraph

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// tree is a node of a parse tree from PostgreSQL's parser; nil if there is none.
type tree = *element

// element is an object, a list or a value.
type element struct {
	name  string // its name in the surrounding object
	text  string // of a value: a string, a number, true or false
	items []tree // of an object or a list
}

// decoder builds trees from the parser's JSON. Maps would take three times as long and as much memory: nearly all
// objects have one or two fields, and nearly all words occur again and again.
type decoder struct {
	json   *jsontext.Decoder
	words  map[string]string // by their spelling
	opened []tree            // the items so far of all objects and lists that are still open
	unused []element         // room for elements
}

var decoders = sync.Pool{New: func() any {
	return &decoder{json: jsontext.NewDecoder(strings.NewReader("")), words: map[string]string{}}
}}

func decode(source string) (tree, error) {
	d := decoders.Get().(*decoder)
	defer decoders.Put(d)
	// An escape in a literal, such as E'\xff', may stand for bytes that are not UTF-8.
	d.json.Reset(strings.NewReader(source), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	d.opened = d.opened[:0]
	t, err := d.read("")
	if err != nil {
		return nil, fmt.Errorf("read the parse tree: %w", err)
	}
	return t, nil
}

func (d *decoder) read(name string) (t tree, err error) {
	t = d.element(name)
	kind := d.json.PeekKind()
	if kind != jsontext.KindBeginObject && kind != jsontext.KindBeginArray {
		t.text, err = d.word()
		return t, err
	}
	if _, err := d.json.ReadToken(); err != nil {
		return nil, err
	}
	first := len(d.opened)
	for next := d.json.PeekKind(); next != jsontext.KindEndObject && next != jsontext.KindEndArray; next = d.json.PeekKind() {
		name := ""
		if kind == jsontext.KindBeginObject {
			if name, err = d.word(); err != nil {
				return nil, err
			}
		}
		item, err := d.read(name)
		if err != nil {
			return nil, err
		}
		d.opened = append(d.opened, item)
	}
	t.items = append(t.items, d.opened[first:]...)
	d.opened = d.opened[:first]
	_, err = d.json.ReadToken()
	return t, err
}

func (d *decoder) element(name string) tree {
	if len(d.unused) == 0 {
		d.unused = make([]element, 100)
	}
	t := &d.unused[0]
	d.unused = d.unused[1:]
	t.name = name
	return t
}

// word reads a value or the name of a field.
func (d *decoder) word() (string, error) {
	const longestKept = 40
	written, err := d.json.ReadValue()
	if err != nil {
		return "", err
	}
	if word, known := d.words[string(written)]; known {
		return word, nil
	}
	word := string(written)
	if written.Kind() == jsontext.KindString {
		unquoted, _ := jsontext.AppendUnquote(nil, written) // fails if it has replaced invalid UTF-8
		word = string(unquoted)
	}
	if len(written) <= longestKept {
		d.words[string(written)] = word
	}
	return word, nil
}

// field follows names downwards; nil if one is missing.
func field(t tree, names ...string) tree {
	for _, name := range names {
		items := list(t)
		index := slices.IndexFunc(items, func(item tree) bool { return item.name == name })
		if index < 0 {
			return nil
		}
		t = items[index]
	}
	return t
}

// list returns the items of a list, or the fields of an object.
func list(t tree) []tree {
	if t == nil {
		return nil
	}
	return t.items
}

func text(t tree) string {
	if t == nil {
		return ""
	}
	return t.text
}

func isTrue(t tree) bool { return text(t) == "true" }

// whole returns a whole number; 0 if there is none, because the parser leaves out 0.
func whole(t tree) int {
	number, _ := strconv.Atoi(text(t))
	return number
}

// words returns the parts of a qualified name.
func words(t tree) []string {
	names := []string{}
	for _, item := range list(t) {
		names = append(names, text(field(item, "String", "sval")))
	}
	return names
}
