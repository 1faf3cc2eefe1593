package cli

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/posternsql/postern/internal/program"
)

// helpWidth is the maximum width of help texts in columns, because longer lines are hard to read.
const helpWidth = 100

// fitHelp makes the help of all commands fit the terminal, and fills in the program's name.
func (a *application) fitHelp(root *cobra.Command) {
	width := helpWidth
	if opened := file(a.out); opened != nil {
		if columns, _, err := term.GetSize(int(opened.Fd())); err == nil && columns > 0 {
			width = min(width, columns)
		}
	}
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages ", fmt.Sprintf(".FlagUsagesWrapped %d ", width)))
	fitTexts(root, width)
}

func fitTexts(command *cobra.Command, width int) {
	command.Long = wrap(program.Text(command.Long), width)
	command.Example = program.Text(command.Example)
	command.Flags().VisitAll(func(flag *pflag.Flag) { flag.Usage = program.Text(flag.Usage) })
	for _, child := range command.Commands() {
		fitTexts(child, width)
	}
}

var trailingSpaces = regexp.MustCompile(`(?m) +$`)

// wrap breaks paragraphs into lines anew. It leaves a paragraph with indented lines unchanged, because that is a list
// or code.
func wrap(long string, width int) string {
	paragraphs := strings.Split(long, "\n\n")
	for index, paragraph := range paragraphs {
		if !strings.HasPrefix(paragraph, " ") && !strings.Contains(paragraph, "\n ") {
			wrapped := text.WrapSoft(strings.ReplaceAll(paragraph, "\n", " "), width)
			paragraphs[index] = trailingSpaces.ReplaceAllString(wrapped, "")
		}
	}
	return strings.Join(paragraphs, "\n\n")
}
