// Package leash cleans up after a process, however the process ends. Deferred calls do not run if a process is killed,
// or if a test runs out of time.
package leash

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
)

// waitScript waits for the end of a pipe. Only the watched process holds the other end. The cleanup follows the script.
const waitScript = `
trap '' INT HUP TERM PIPE
IFS= read -r word
[ "$word" = keep ] && exit 0
`

// folderScript creates the folder itself, so that no folder exists unwatched.
const folderScript = `
umask 077
directory=$(mktemp -d "$1/$2XXXXXXXX") || exit 1
printf '%s\n' "$directory"
exec >&-` + waitScript + `
tries=0
until rm -rf "$directory" 2>/dev/null; do
	tries=$((tries + 1))
	[ "$tries" -lt 100 ] || exit 1
	sleep 0.1
done
`

// Leash is something that is undone when this process ends.
type Leash struct {
	command *exec.Cmd
	words   io.WriteCloser
	once    sync.Once
	err     error
}

// Command makes a shell run a command when this process ends.
func Command(undo string) (*Leash, error) {
	l, _, err := start(waitScript + undo)
	return l, err
}

// Folder creates a folder that is removed with this process. Its name begins with prefix.
func Folder(prefix string) (name string, l *Leash, err error) {
	l, output, err := start(folderScript, os.TempDir(), prefix)
	if err != nil {
		return "", nil, err
	}
	name, err = bufio.NewReader(output).ReadString('\n')
	if err != nil {
		return "", nil, fmt.Errorf("make a folder in %s: %w", os.TempDir(), errors.Join(err, l.Undo()))
	}
	return strings.TrimSuffix(name, "\n"), l, nil
}

func start(script string, arguments ...string) (*Leash, io.Reader, error) {
	command := exec.Command("/bin/sh", append([]string{"-c", script, "postern-leash"}, arguments...)...)
	command.Dir = "/"
	detach(command) // Ctrl-C ends the watched process, but the leash must still clean up
	words, err := command.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := command.Start(); err != nil {
		return nil, nil, err
	}
	l := &Leash{command: command, words: words}
	held.Store(l, nil)
	return l, output, nil
}

// held keeps the garbage collector from closing the pipe of a leash that is no longer referenced.
var held sync.Map

// Undo cleans up now, and returns when that is done. It may be called twice, and after Keep. It does not undo what Keep
// has kept.
func (l *Leash) Undo() error {
	l.once.Do(func() {
		l.err = errors.Join(l.words.Close(), l.command.Wait())
		held.Delete(l)
	})
	return l.err
}

// Keep leaves everything as it is, even after this process ends.
func (l *Leash) Keep() error {
	_, err := io.WriteString(l.words, "keep\n")
	return errors.Join(err, l.Undo())
}
