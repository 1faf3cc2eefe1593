// Package leash undoes what a process has made when that process ends, however it ends: a deferred call is not made when a
// process is killed, or when a test's time is up.
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

// waitScript waits for the end of a pipe whose other end is the watched process's alone. What stands behind it is the undoing.
const waitScript = `
trap '' INT HUP TERM PIPE
IFS= read -r word
[ "$word" = keep ] && exit 0
`

// folderScript makes the folder itself, so that there is none that nobody watches.
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

// Leash is what is undone with this process.
type Leash struct {
	command *exec.Cmd
	words   io.WriteCloser
	once    sync.Once
	err     error
}

// Command has a shell run a command when this process ends.
func Command(undo string) (*Leash, error) {
	l, _, err := start(waitScript + undo)
	return l, err
}

// Folder makes a folder that goes with this process. Its name begins with prefix.
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
	detach(command) // Ctrl-C ends the process that is watched; its leash has still to do its work
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

// held keeps the garbage collector from closing the pipe of a leash that nobody looks at any more.
var held sync.Map

// Undo does it now, and returns when it is done. It may be called twice, and after Keep, which it does not take back.
func (l *Leash) Undo() error {
	l.once.Do(func() {
		l.err = errors.Join(l.words.Close(), l.command.Wait())
		held.Delete(l)
	})
	return l.err
}

// Keep leaves everything as it is, also after the end of this process.
func (l *Leash) Keep() error {
	_, err := io.WriteString(l.words, "keep\n")
	return errors.Join(err, l.Undo())
}
