package sql

import (
	"bufio"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// object is a file of functions/, and what it defines and mentions.
type object struct {
	file       string // below functions/
	folder     string // the first folder of the path
	text       string
	kind       string // function, procedure, view or table; empty where the file is about a schema
	schema     string
	name       string
	least      int // how many arguments a call gives
	most       int
	arguments  []string // the words between the parentheses: names and types
	references []reference
}

// reference is a mention of an object by schema and name.
type reference struct {
	schema, name string
	arguments    int  // of a call; -1 where nothing in parentheses follows
	quoted       bool // it stands in a string: a statement that is put together, or a policy
}

func (o *object) identity() string { return o.schema + "." + o.name }

// readObjects returns the files that install.sql lists, in its order.
func readObjects(t *testing.T, files fs.FS) []*object {
	t.Helper()
	text, err := fs.ReadFile(files, "install.sql")
	if err != nil {
		t.Fatal(err)
	}
	objects := []*object{}
	lines := bufio.NewScanner(strings.NewReader(string(text)))
	for lines.Scan() {
		file, found := strings.CutPrefix(strings.TrimSpace(lines.Text()), `\ir `)
		if !found || !strings.Contains(file, "/") {
			continue
		}
		text, err := fs.ReadFile(files, file)
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, newObject(file, string(text)))
	}
	return objects
}

// installed are the files from which Postern is installed.
func installed(t *testing.T) []*object {
	t.Helper()
	files, err := fs.Sub(Files, "functions")
	if err != nil {
		t.Fatal(err)
	}
	return readObjects(t, files)
}

func newObject(file, text string) *object {
	folder, _, _ := strings.Cut(file, "/")
	o := &object{file: file, folder: folder, text: text}
	tokens := lex(text)
	o.define(tokens)
	o.references = references(tokens)
	return o
}

// define finds the object of the file. That is what its first CREATE creates. If the object is assembled, or is a table
// of sql/schema, it is what the first REVOKE names.
func (o *object) define(tokens []token) {
	for _, statement := range []string{"create", "revoke"} {
		for index := range tokens {
			if o.name == "" && startsStatement(tokens, index) && tokens[index].is(statement) {
				o.nameFrom(tokens[index:])
			}
		}
	}
}

func (o *object) nameFrom(tokens []token) {
	at := slices.IndexFunc(tokens, func(t token) bool {
		return t.kind == symbol || slices.Contains([]string{"function", "procedure", "view", "on"}, t.text)
	})
	if at >= 0 && at+1 < len(tokens) && tokens[at].is("on") && slices.Contains([]string{"function", "procedure"}, tokens[at+1].text) {
		at++
	}
	if at < 0 || at+3 >= len(tokens) || tokens[at].kind == symbol || tokens[at+2].text != "." {
		return
	}
	o.kind, o.schema, o.name = tokens[at].text, tokens[at+1].text, tokens[at+3].text
	switch o.kind {
	case "on":
		o.kind = "table"
	case "function", "procedure":
		o.least, o.most = parameters(tokens[at+4:])
		for _, part := range parts(tokens[at+4:]) {
			for _, t := range part {
				o.arguments = append(o.arguments, t.text)
			}
		}
	}
}

// parameters returns how many arguments a call passes, at least and at most. The tokens begin with the parenthesis.
func parameters(tokens []token) (least, most int) {
	for _, part := range parts(tokens) {
		switch {
		case len(part) == 0 || part[0].is("out"):
		case part[0].is("variadic"):
			most += 100
		case slices.ContainsFunc(part, func(t token) bool { return t.is("default") }):
			most++
		default:
			least++
			most++
		}
	}
	return least, most
}

// parts splits the content of parentheses at its commas. The tokens begin with the parenthesis.
func parts(tokens []token) [][]token {
	depth, split, part := 0, [][]token{}, []token{}
	for _, t := range tokens {
		if t.kind == symbol && strings.Contains("([", t.text) {
			depth++
			if depth == 1 {
				continue
			}
		}
		if t.kind == symbol && strings.Contains(")]", t.text) {
			depth--
		}
		if depth == 0 {
			break
		}
		if depth == 1 && t.kind == symbol && t.text == "," {
			split, part = append(split, part), nil
			continue
		}
		part = append(part, t)
	}
	if len(part) > 0 {
		split = append(split, part)
	}
	return split
}

// references finds what is mentioned, except in the text of an error or in the comment of an object.
func references(tokens []token) []reference {
	found := []reference{}
	says := false
	for index, t := range tokens {
		switch {
		case t.is("raise"), t.is("comment") && startsStatement(tokens, index), isRemark(tokens, index):
			says = true
		case t.kind == symbol && t.text == ";":
			says = false
		case t.kind == quoted && !says && !isSetting(tokens, index):
			for _, r := range references(lex(t.text)) {
				r.quoted = true
				found = append(found, r)
			}
		case t.kind == word && index+2 < len(tokens) && tokens[index+1].text == "." && tokens[index+2].kind == word:
			r := reference{schema: t.text, name: tokens[index+2].text, arguments: -1}
			if index+3 < len(tokens) && tokens[index+3].kind == symbol && tokens[index+3].text == "(" {
				r.arguments = len(parts(tokens[index+3:]))
			}
			found = append(found, r)
		}
	}
	return found
}

// isRemark reports whether an assignment of an error's text begins here.
func isRemark(tokens []token, index int) bool {
	return slices.Contains([]string{"remedy", "reason", "fault"}, tokens[index].text) && index+1 < len(tokens) && tokens[index+1].text == ":"
}

// isSetting reports whether a string is the name of a setting, which may look like that of an object.
func isSetting(tokens []token, index int) bool {
	return index > 1 && tokens[index-1].text == "(" && (tokens[index-2].is("current_setting") || tokens[index-2].is("set_config"))
}

func startsStatement(tokens []token, index int) bool {
	return index == 0 || tokens[index-1].kind == symbol && tokens[index-1].text == ";"
}

// means returns the objects that a reference may mean. Parentheses distinguish a function from a view of the same name,
// and the number of arguments distinguishes overloads.
func (r reference) means(objects []*object) []*object {
	named := []*object{}
	for _, o := range objects {
		if o.schema == r.schema && o.name == r.name {
			named = append(named, o)
		}
	}
	fitting := slices.DeleteFunc(slices.Clone(named), func(o *object) bool {
		if isRelation := o.kind == "view" || o.kind == "table"; isRelation || r.arguments < 0 {
			return isRelation != (r.arguments < 0)
		}
		return r.arguments < o.least || r.arguments > o.most
	})
	if len(fitting) > 0 {
		return fitting
	}
	return named
}

// token is a piece of SQL.
type token struct {
	kind int
	text string
}

const (
	word   = iota // a name or a key word
	quoted        // a string, without its quotes
	symbol        // one character of anything else
)

// is reports whether the token is the word.
func (t token) is(text string) bool { return t.kind == word && t.text == text }

// lex splits SQL into tokens. It omits comments, and treats dollar-quoted text as SQL.
func lex(text string) []token {
	tokens := []token{}
	for text != "" {
		first, length := utf8.DecodeRuneInString(text)
		switch {
		case strings.HasPrefix(text, "--"):
			length = upTo(text, "\n")
		case strings.HasPrefix(text, "/*"):
			length = upTo(text, "*/")
		case first == '\'':
			length = stringLength(text)
			tokens = append(tokens, token{quoted, strings.ReplaceAll(text[1:max(1, length-1)], "''", "'")})
		case first == '"':
			length = 1 + upTo(text[1:], `"`)
			tokens = append(tokens, token{word, strings.Trim(text[:length], `"`)})
		case first == '$' && tag(text) != "":
			// Only the quotes are left out.
			length = len(tag(text))
		case isLetter(first):
			length = len(text) - len(strings.TrimLeftFunc(text, func(c rune) bool { return isLetter(c) || unicode.IsDigit(c) || c == '$' }))
			tokens = append(tokens, token{word, strings.ToLower(text[:length])})
		case !unicode.IsSpace(first):
			tokens = append(tokens, token{symbol, text[:length]})
		}
		text = text[length:]
	}
	return tokens
}

func isLetter(c rune) bool { return c == '_' || unicode.IsLetter(c) }

func upTo(text, end string) int {
	if at := strings.Index(text, end); at >= 0 {
		return at + len(end)
	}
	return len(text)
}

// stringLength is the length of a string with its quotes. A backslash counts like any other character, because no
// string here ends in an escaped quote.
func stringLength(text string) int {
	for at := 1; at < len(text); at++ {
		if text[at] != '\'' {
			continue
		}
		if at+1 < len(text) && text[at+1] == '\'' {
			at++
			continue
		}
		return at + 1
	}
	return len(text)
}

// tag is the dollar quote with which the text begins.
func tag(text string) string {
	end := strings.IndexByte(text[1:], '$') + 2
	if end < 2 || strings.ContainsFunc(text[1:end-1], func(c rune) bool { return !isLetter(c) }) {
		return ""
	}
	return text[:end]
}
