package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// exitFound is the exit code of a command that has found something.
const exitFound = 3

// timeCommand runs a command of this program in a new process, which has done nothing else. The command finds something
// in a database and prints it as JSON. timeCommand reads that, and returns the seconds from start to end of the
// process.
func timeCommand(ctx context.Context, address string, found any, arguments ...string) (float64, error) {
	program, err := os.Executable()
	if err != nil {
		return 0, err
	}
	var out, problems bytes.Buffer
	command := exec.CommandContext(ctx, program, append(arguments, "--json")...)
	command.Env = append(os.Environ(), "DATABASE_URL="+address)
	command.Stdout, command.Stderr = &out, &problems
	began := time.Now()
	err = command.Run()
	took := time.Since(began).Seconds()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitFound {
		return 0, fmt.Errorf("%q ended with %v: %s", arguments, err, &problems)
	}
	if err := json.Unmarshal(out.Bytes(), found); err != nil {
		return 0, fmt.Errorf("read what %q printed: %w", arguments, err)
	}
	return took, nil
}
