//go:build unix

package leash

import (
	"os/exec"
	"syscall"
)

// detach starts a command in a new session, so that signals of a terminal do not reach it.
func detach(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
