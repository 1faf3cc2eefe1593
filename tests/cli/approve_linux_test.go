package cli_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/posternsql/postern/internal/cli"
	"github.com/posternsql/postern/internal/testdb"
	"github.com/posternsql/postern/internal/testsql"
)

// On a terminal a command shows the change, asks for the PIN, and sends the change again.
func TestAdministratorApprovesOnTheTerminal(t *testing.T) {
	database := testdb.New(t)
	ada := testsql.NewAdministrator(t, database, "ADA")
	ada.Do(t, "select postern.register_gate('APP_PAY', 'Pay', 'Paid', active => true); select postern.set_setting('administration_gate', 'all')")
	t.Setenv("DATABASE_URL", ada.Login.URL)

	terminal, screen := openTerminal(t)
	go func() { _, _ = io.Copy(io.Discard, terminal) }() // what it echoes; ends with EIO when the terminal is closed
	asked, answers := io.Pipe()
	said := bytes.Buffer{}
	done := make(chan int, 1)
	go func() {
		done <- cli.Main(t.Context(), []string{"gate", "disable", "APP_PAY"}, screen, io.Discard, answers)
		answers.Close()
	}()
	// Types an answer each time that the command asks.
	pins := []string{"no such pin 1", ada.PIN}
	for buffer := make([]byte, 4096); ; {
		count, err := asked.Read(buffer)
		said.Write(buffer[:count])
		if err != nil {
			break
		}
		if strings.HasSuffix(said.String(), "PIN of ADA: ") && len(pins) > 0 {
			if _, err := terminal.WriteString(pins[0] + "\n"); err != nil {
				t.Fatal(err)
			}
			pins = pins[1:]
		}
	}
	if code := <-done; code != 0 {
		t.Fatalf("exit code %d: %s", code, said.String())
	}
	if !strings.Contains(said.String(), "Gate APP_PAY switched off (changes: 1, digest: ") || !strings.Contains(said.String(), "The user name or the PIN was wrong") {
		t.Errorf("it says %q", said.String())
	}
	if err := screen.Close(); err != nil {
		t.Error(err)
	}
	if strings.Contains(said.String(), "8391") {
		t.Errorf("the PIN is shown: %q", said.String())
	}
	if testsql.Value[bool](t, database.Pool, "select active from postern.gate where gate_id = 'APP_PAY'") {
		t.Error("the gate is active")
	}
}
