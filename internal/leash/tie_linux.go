package leash

import (
	"os/exec"
	"syscall"
)

// Tie has the kernel kill a command, not yet started, when this process ends. Elsewhere than on Linux it does nothing.
func Tie(command *exec.Cmd) {
	if command.SysProcAttr == nil {
		command.SysProcAttr = &syscall.SysProcAttr{}
	}
	command.SysProcAttr.Pdeathsig = syscall.SIGKILL
}
