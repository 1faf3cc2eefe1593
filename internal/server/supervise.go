package server

import (
	"bufio"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed supervise.sh
var superviseScript string

// longestSocketPath is a length that fits the address of a unix socket on every system (sun_path has 104 bytes on
// some).
const longestSocketPath = 100

// supervisor is the shell that starts the server, watches this process through a pipe, and cleans up.
type supervisor struct {
	command   *exec.Cmd
	words     io.WriteCloser
	directory string
	process   string
	ended     chan struct{}
	once      sync.Once
	stopError error
}

// supervise starts the server whose programs are in folder and whose files are in a folder below parent, and returns
// before the server answers. For a standby, primary tells libpq where the primary is; otherwise it is nil.
func supervise(folder, parent, password string, port int, settings string, primary []string) (*supervisor, error) {
	command := exec.Command("/bin/sh", "-c", superviseScript, "postern-supervise", folder, strconv.Itoa(port), settings)
	command.Args = append(command.Args, parentFolders(parent)...)
	command.Dir = "/" // the server's user may not enter our working directory
	command.Env = append(serverEnvironment(os.Environ()), primary...)
	if err := isolate(command); err != nil {
		return nil, err
	}
	complaints := &strings.Builder{}
	command.Stderr = complaints
	words, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	s := &supervisor{command: command, words: words, ended: make(chan struct{})}
	reader := bufio.NewReader(output)
	_, err = io.WriteString(words, password+"\n")
	for _, target := range []*string{&s.directory, &s.process} {
		if err == nil {
			*target, err = reader.ReadString('\n')
			*target = strings.TrimSuffix(*target, "\n")
		}
	}
	if err != nil {
		words.Close()
		return nil, fmt.Errorf("%w: %s", errors.Join(err, command.Wait()), strings.TrimSpace(complaints.String()))
	}
	go func() {
		io.Copy(io.Discard, reader)
		close(s.ended)
	}()
	return s, nil
}

// keep lets the server outlive this process.
func (s *supervisor) keep() error {
	_, err := io.WriteString(s.words, "keep\n")
	return err
}

// crash ends the server at once and starts it again.
func (s *supervisor) crash() error {
	_, err := io.WriteString(s.words, "crash\n")
	return err
}

// stop ends the server even if it is kept, and returns when the server and its folder are gone.
func (s *supervisor) stop() error {
	s.once.Do(func() {
		_, err := io.WriteString(s.words, "stop\n")
		s.words.Close()
		<-s.ended
		s.stopError = errors.Join(err, s.command.Wait())
	})
	return s.stopError
}

func (s *supervisor) stopCommand() string {
	return fmt.Sprintf("kill -QUIT %s && rm -rf '%s'", s.process, s.directory)
}

// parentFolders lists where the server's folder may be created, with the wanted place first if there is one. The
// server's user may not be able to enter a place, or its path may be too long for a socket.
func parentFolders(wanted string) []string {
	folders := []string{}
	for _, folder := range []string{wanted, os.TempDir(), "/tmp", "/var/tmp"} {
		if folder != "" && len(folder)+len("/postern-XXXXXXXX/.s.PGSQL.65535") <= longestSocketPath && !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
	}
	return folders
}

// serverEnvironment omits variables that would influence the server or initdb: PGDATA, PGPORT, and the user's locale.
func serverEnvironment(environment []string) []string {
	environment = slices.DeleteFunc(environment, func(entry string) bool {
		return strings.HasPrefix(entry, "PG") || strings.HasPrefix(entry, "LC_") || strings.HasPrefix(entry, "LANG")
	})
	return append(environment, "LC_ALL=C")
}
