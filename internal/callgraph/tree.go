package callgraph

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// tree is a node of a parse tree, as PostgreSQL's parser has made it; nil where there is none.
type tree = *element

// element is an object, a list or a value.
type element struct {
	name  string // that it has in the object around it
	text  string // of a value: a string, a number, true or false
	items []tree // of an object or a list
}

// decoder makes trees of the JSON that the parser gives. Maps would take three times as long, and as much memory: nearly all
// objects have one or two fields, and nearly all words come again and again.
type decoder struct {
	json   *jsontext.Decoder
	words  map[string]string // by how they are written
	opened []tree            // the items so far of all objects and lists that are not yet at their end
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
		unquoted, _ := jsontext.AppendUnquote(nil, written) // fails where it has replaced what is no UTF-8
		word = string(unquoted)
	}
	if len(written) <= longestKept {
		d.words[string(written)] = word
	}
	return word, nil
}

// field follows names downwards; nil where one is missing.
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

// list are the items of a list, or the fields of an object.
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

// whole is a whole number; 0 where there is none, which the parser leaves out.
func whole(t tree) int {
	number, _ := strconv.Atoi(text(t))
	return number
}

// words are the names of a qualified name.
func words(t tree) []string {
	names := []string{}
	for _, item := range list(t) {
		names = append(names, text(field(item, "String", "sval")))
	}
	return names
}
