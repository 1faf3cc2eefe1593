// Package program knows the name under which this program was started.
package program

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Released is the name of released binaries. Text that outlives the process uses it: text stored in a database, written
// to a file, or printed in the documentation.
const Released = "postern"

// plain matches names that a shell and a format take literally.
var plain = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)

// Name is what a person types to run this program again: the name under which it was started, without the folder.
func Name() string { return nameOf(os.Args) }

func nameOf(arguments []string) string {
	if len(arguments) == 0 {
		return Released
	}
	name := strings.TrimSuffix(filepath.Base(arguments[0]), ".exe")
	if !plain.MatchString(name) {
		return Released
	}
	return name
}

// Text replaces each $0 by the program's name, as a shell does.
func Text(text string) string { return strings.ReplaceAll(text, "$0", Name()) }
