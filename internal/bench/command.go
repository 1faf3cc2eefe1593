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

// timeCommand runs this program again, as a process that has done nothing else, with a command that finds something in a
// database, and reads the JSON that it prints. It gives the seconds from its start to its end.
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
