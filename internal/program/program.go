// Package program knows the name that this program was started as.
package program

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Released is the name of released binaries. Whatever outlives the process says it: what is stored in a
// database, written to a file, or printed in the documentation.
const Released = "postern"

// plain names mean themselves in a shell and in a format.
var plain = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)

// Name is what a person types to run this program again: the name it was started as, without its folder.
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

// Text puts the program's name in the place of each $0, as a shell does.
func Text(text string) string { return strings.ReplaceAll(text, "$0", Name()) }
