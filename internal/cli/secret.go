package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/posternsql/postern/internal/printable"
	"github.com/posternsql/postern/internal/sessionkey"
)

// maximumInput is the maximum length in bytes of a PIN, a message or a secret.
const maximumInput = 1 << 20

// readPIN asks for a new PIN twice on a terminal. Otherwise it reads one line from standard input.
func (a *application) readPIN(ctx context.Context, userid string, fromInput bool) (string, error) {
	var (
		pin string
		err error
	)
	switch {
	case !terminal(a.in):
		pin, err = a.readLine("PIN")
	case fromInput:
		return "", usageError("--pin-stdin: standard input is a terminal, which would show the PIN; pipe it, or omit the flag to be asked")
	default:
		pin, err = a.askTwice(ctx, userid)
	}
	if err != nil {
		return "", err
	}
	if !utf8.ValidString(pin) || strings.ContainsRune(pin, 0) {
		// Check this here, because the server's message would quote a piece of the PIN.
		return "", errors.New("the PIN is not UTF-8 text")
	}
	return pin, nil
}

func (a *application) askTwice(ctx context.Context, userid string) (string, error) {
	first, err := a.ask(ctx, fmt.Sprintf("New PIN for %s: ", printable.Text(userid)))
	if err != nil {
		return "", err
	}
	second, err := a.ask(ctx, "Again: ")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", errors.New("the two PINs differ; nothing was changed")
	}
	return first, nil
}

// ask reads a line from the terminal without echoing it.
func (a *application) ask(ctx context.Context, prompt string) (string, error) {
	descriptor := int(file(a.in).Fd())
	before, err := term.GetState(descriptor)
	if err != nil {
		return "", err
	}
	fmt.Fprint(a.err, prompt)
	type answer struct {
		line []byte
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		line, err := term.ReadPassword(descriptor)
		answers <- answer{line, err}
	}()
	select {
	case given := <-answers:
		fmt.Fprintln(a.err)
		return string(given.line), given.err
	case <-ctx.Done():
		// The read itself cannot be stopped before the process ends, but the terminal must echo again.
		_ = term.Restore(descriptor, before)
		fmt.Fprintln(a.err)
		return "", ctx.Err()
	}
}

// readLine reads standard input, which must be one line.
func (a *application) readLine(what string) (string, error) {
	content, err := readAll(a.in)
	if err != nil {
		return "", fmt.Errorf("read the %s from standard input: %w", what, err)
	}
	line := strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
	if line == "" {
		return "", usageError("there is no %s on standard input", what)
	}
	if strings.ContainsAny(line, "\r\n") {
		return "", usageError("standard input has more than one line; the %s is one", what)
	}
	return line, nil
}

// readFile reads a small file; "-" is standard input.
func (a *application) readFile(path string) ([]byte, error) {
	if path == "-" {
		return readAll(a.in)
	}
	opened, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	content, err := readAll(opened)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return content, nil
}

func readAll(reader io.Reader) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(reader, maximumInput+1))
	if err == nil && len(content) > maximumInput {
		err = fmt.Errorf("there are more than %d bytes", maximumInput)
	}
	return content, err
}

// readSecret reads the secret of a session key from a file.
func (a *application) readSecret(path string) ([]byte, error) {
	content, err := a.readFile(path)
	if err != nil {
		return nil, err
	}
	return sessionkey.Secret(content), nil
}
