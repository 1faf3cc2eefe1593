package leash

import (
	"os/exec"
	"syscall"
)

// Tie makes the kernel kill a command when this process ends. The command must not have started yet. On systems other
// than Linux, Tie does nothing.
func Tie(command *exec.Cmd) {
	if command.SysProcAttr == nil {
		command.SysProcAttr = &syscall.SysProcAttr{}
	}
	command.SysProcAttr.Pdeathsig = syscall.SIGKILL
}
