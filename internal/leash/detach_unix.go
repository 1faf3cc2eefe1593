//go:build unix

package leash

import (
	"os/exec"
	"syscall"
)

// detach puts a command into a session of its own: signals of a terminal do not reach it.
func detach(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
