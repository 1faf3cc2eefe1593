//go:build unix

package server

import (
	"errors"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// isolate starts a command in a new session, so that Ctrl-C does not reach it. It drops root's privileges, because
// PostgreSQL does not run with them.
func isolate(command *exec.Cmd) error {
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if os.Geteuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidError := strconv.ParseUint(account.Uid, 10, 32)
		gid, gidError := strconv.ParseUint(account.Gid, 10, 32)
		if uidError != nil || gidError != nil || uid == 0 {
			continue
		}
		command.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		return nil
	}
	return errors.New("PostgreSQL doesn't run as root, and there is no user postgres or nobody to run it as")
}
