package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/template"
	"text/template/parse"

	"github.com/posternsql/postern/internal/printable"
)

const (
	// maximumText bounds in bytes the text that a template makes of an event.
	maximumText = 1 << 20
	// maximumCommands bounds how often a template calls a function or inserts a parameter. Each of these runs once.
	maximumCommands = 500
)

// Template is the text of a mail or the body of a webhook.
type Template struct{ parsed *template.Template }

// templateFunctions are the functions that a template may call, besides a few of Go's. The output of each is little
// longer than its input. Go's printf could be asked for a billion spaces, and JSON of JSON of JSON doubles its length
// each time.
var templateFunctions = template.FuncMap{
	"json": func(value any) (string, error) {
		switch one := value.(type) {
		case text:
			value = one.String()
		case list:
			value = one.printable()
		}
		written, err := json.Marshal(value)
		if len(written) > maximumText {
			return "", errTooLong
		}
		return string(written), err
	},
	"lines": func(value list) string {
		var lines strings.Builder
		for _, one := range value.printable() {
			lines.WriteString("- " + one + "\n")
		}
		return lines.String()
	},
	"lower": func(value any) string { return strings.ToLower(fmt.Sprint(value)) },
	"raw": func(value any) any {
		switch one := value.(type) {
		case text:
			return string(one)
		case list:
			return []string(one)
		}
		return value
	},
	"upper": func(value any) string { return strings.ToUpper(fmt.Sprint(value)) },
}

// text is a parameter in a template. Text for people is printable and on one line; raw returns it as it was written.
type text string

func (t text) String() string { return printable.Text(string(t)) }

// list is a parameter with several texts. It is one line too, unless the template asks for lines.
type list []string

func (l list) printable() []string {
	shown := make([]string, len(l))
	for index, one := range l {
		shown[index] = printable.Text(one)
	}
	return shown
}

func (l list) String() string { return strings.Join(l.printable(), "; ") }

var errTooLong = fmt.Errorf("the text has more than %d bytes", maximumText)

var permittedFunctions = map[string]bool{
	"json": true, "lines": true, "lower": true, "raw": true, "upper": true, "html": true, "urlquery": true,
	"eq": true, "ne": true, "lt": true, "le": true, "gt": true, "ge": true, "and": true, "or": true, "not": true,
}

// ParseTemplate checks a text in which {{.message}} stands for a parameter of the event. A template may use {{if}},
// {{else}}, comparisons, and the functions json, lines, html, urlquery, lower, upper and raw. It may not use loops or other
// templates, so it always ends quickly.
func ParseTemplate(text string) (*Template, error) {
	parsed, err := template.New("template").Option("missingkey=error").Funcs(templateFunctions).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("the template is not usable: %w", err)
	}
	if len(parsed.Templates()) != 1 || strings.TrimSpace(text) == "" {
		return nil, errors.New("the template is not usable: it is empty, or defines other templates")
	}
	commands := 0
	if err := check(parsed.Tree.Root, &commands); err != nil {
		return nil, fmt.Errorf("the template is not usable: %w", err)
	}
	made := &Template{parsed}
	if _, err := made.render(sample()); err != nil {
		return nil, fmt.Errorf("the template is not usable: %w", err)
	}
	return made, nil
}

// check permits only what is known to end, and counts the commands.
func check(node parse.Node, commands *int) error {
	switch node := node.(type) {
	case *parse.ListNode:
		if node == nil {
			return nil
		}
		for _, child := range node.Nodes {
			if err := check(child, commands); err != nil {
				return err
			}
		}
		return nil
	case *parse.TextNode, *parse.CommentNode, *parse.StringNode, *parse.NumberNode, *parse.BoolNode:
		return nil
	case *parse.ActionNode:
		return check(node.Pipe, commands)
	case *parse.IfNode:
		return errors.Join(check(node.Pipe, commands), check(node.List, commands), check(node.ElseList, commands))
	case *parse.PipeNode:
		if len(node.Decl) > 0 {
			return fmt.Errorf("%s: there are no variables", node)
		}
		if *commands += len(node.Cmds); *commands > maximumCommands {
			return fmt.Errorf("it has more than %d parameters and calls", maximumCommands)
		}
		for _, command := range node.Cmds {
			for _, argument := range command.Args {
				if err := check(argument, commands); err != nil {
					return err
				}
			}
		}
		return nil
	case *parse.FieldNode:
		if _, known := sample()[node.Ident[0]]; !known || len(node.Ident) > 1 {
			return fmt.Errorf("%s: there is no such parameter", node)
		}
		return nil
	case *parse.IdentifierNode:
		if !permittedFunctions[node.Ident] {
			return fmt.Errorf("%s: there is no such function", node)
		}
		return nil
	}
	return fmt.Errorf("%s: only parameters, conditions and functions are permitted", node)
}

func (t *Template) render(parameters map[string]any) (string, error) {
	shown := make(map[string]any, len(parameters))
	for name, value := range parameters {
		switch one := value.(type) {
		case string:
			value = text(one)
		case []string:
			value = list(one)
		}
		shown[name] = value
	}
	out := &limitedText{}
	if err := t.parsed.Execute(out, shown); err != nil {
		return "", permanent("the template failed: %w", err)
	}
	return out.String(), nil
}

type limitedText struct{ strings.Builder }

func (l *limitedText) Write(text []byte) (int, error) {
	if l.Len()+len(text) > maximumText {
		return 0, errTooLong
	}
	return l.Builder.Write(text)
}
