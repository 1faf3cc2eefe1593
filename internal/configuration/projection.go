package configuration

import (
	"bytes"
	"regexp"
	"text/scanner"
)

// projectionParser reads the actions of projection files, in the documented form
//
//	action Name { … checkpoint = "…"; legacycheckpoints = "…", "…"; }
//
// and skips everything else. An action with neither key is not for Postern.
type projectionParser struct {
	source  *source
	scanner scanner.Scanner
	token   rune
	failure *Error
	objects []*object
}

func parseProjection(text *source) (*content, error) {
	p := &projectionParser{source: text}
	p.scanner.Init(bytes.NewReader(bytes.TrimPrefix(text.text, byteOrderMark)))
	p.scanner.Mode = scanner.ScanIdents | scanner.ScanStrings | scanner.ScanComments | scanner.SkipComments
	p.scanner.Error = func(s *scanner.Scanner, message string) {
		at := text.place(s.Position.Line, s.Position.Column)
		switch message {
		case "literal not terminated":
			p.fail(at, "This quote is not closed.")
		case "comment not terminated":
			p.fail(at, "This comment is not closed.")
		default:
			p.fail(at, "This is not valid text: "+message+".")
		}
	}
	p.next()
	for depth := 0; p.token != scanner.EOF; {
		switch p.token {
		case '{':
			depth++
		case '}':
			depth--
			if depth < 0 {
				p.fail(p.at(), "This brace closes nothing.")
			}
		case ';':
		default:
			if p.token == scanner.Ident && p.scanner.TokenText() == "action" {
				p.action()
			} else {
				p.skipStatement()
			}
			continue
		}
		p.next()
	}
	if p.failure != nil {
		return nil, p.failure
	}
	return &content{objects: p.objects}, nil
}

func (p *projectionParser) at() Position {
	return p.source.place(p.scanner.Position.Line, p.scanner.Position.Column)
}

// fail records the first error, and skips the rest of the text.
func (p *projectionParser) fail(at Position, message string) {
	if p.failure == nil {
		p.failure = at.errorf("%s", message)
	}
	p.token = scanner.EOF
}

// next reads a token. It skips comments that begin with --, and the rest of a line behind an annotation.
func (p *projectionParser) next() {
	for p.failure == nil {
		p.token = p.scanner.Scan()
		if p.failure != nil {
			p.token = scanner.EOF
		}
		if p.token != '@' && (p.token != '-' || p.scanner.Peek() != '-') {
			return
		}
		for character := p.scanner.Peek(); character != '\n' && character != scanner.EOF; character = p.scanner.Peek() {
			p.scanner.Next()
		}
	}
}

// skipStatement skips to the end of the statement, or to the brace that opens its body.
func (p *projectionParser) skipStatement() {
	for p.token != scanner.EOF && p.token != ';' && p.token != '{' && p.token != '}' {
		p.next()
	}
}

func (p *projectionParser) action() {
	p.next()
	name, position := p.scanner.TokenText(), p.at()
	if p.token != scanner.Ident {
		p.fail(position, "The name of the action is missing.")
		return
	}
	p.skipStatement() // its return type
	if p.token != '{' {
		return
	}
	p.next()
	fields := map[string]any{}
	for depth := 1; depth > 0; {
		switch p.token {
		case scanner.EOF:
			p.fail(position, "The action "+name+" is not closed: its } is missing.")
			return
		case '{':
			depth++
		case '}':
			depth--
		case ';':
		default:
			if keyword := p.scanner.TokenText(); depth == 1 && p.token == scanner.Ident && (keyword == "checkpoint" || keyword == "legacycheckpoints") {
				p.gates(keyword, fields)
			} else {
				p.skipStatement()
			}
			continue
		}
		p.next()
	}
	if len(fields) > 0 {
		complete := map[string]any{"checkpoint": "", "legacy_checkpoints": []string{}}
		for name, value := range fields {
			complete[name] = value
		}
		p.objects = append(p.objects, &object{kind: actionKind, keys: []string{name}, fields: complete, position: position})
	}
}

var identifier = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

// gates reads = "…", "…" up to the semicolon.
func (p *projectionParser) gates(keyword string, fields map[string]any) {
	start, names := p.at(), []string{}
	if p.next(); p.token != '=' {
		p.fail(p.at(), "An equals sign is missing after "+keyword+".")
	}
	for p.token == '=' || p.token == ',' {
		if p.next(); p.token != scanner.String {
			p.fail(p.at(), "A gate id in quotes is missing here.")
			return
		}
		text, position := p.scanner.TokenText(), p.at()
		p.next()
		text = text[1 : len(text)-1]
		if !identifier.MatchString(text) {
			// An unclosed quote ends where the next one was meant to begin.
			if p.failure != nil || p.token != ',' && p.token != ';' {
				p.failure = nil
				p.fail(position, "This quote is not closed.")
			} else {
				p.fail(position, quotedText(text)+" is not a gate id: it has letters, digits and underscores.")
			}
			return
		}
		names = append(names, text)
	}
	if p.token != ';' {
		p.fail(p.at(), "A comma, or the semicolon that ends "+keyword+", is missing here.")
		return
	}
	field := map[string]string{"checkpoint": "checkpoint", "legacycheckpoints": "legacy_checkpoints"}[keyword]
	if _, there := fields[field]; there {
		p.fail(start, keyword+" is there twice in this action.")
		return
	}
	if keyword == "legacycheckpoints" {
		fields[field] = names
		return
	}
	if len(names) != 1 {
		p.fail(start, "An action has one checkpoint; the others are legacycheckpoints.")
		return
	}
	fields[field] = names[0]
}
