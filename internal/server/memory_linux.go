package server

import (
	"bufio"
	"fmt"
	"os"
	"syscall"
)

// memoryFolder is a file system in memory.
const memoryFolder = "/dev/shm"

// room is more than the servers of simultaneous test binaries have ever filled.
const room = 4 << 30

// tmpfs is the type that statfs(2) reports for a file system in memory.
const tmpfs = 0x01021994

// hasRoom reports whether folder is a file system in memory with enough space, from which programs can be started. As
// much memory must also be free. A Docker container's file system in memory is small, and no programs can be started
// from it.
func hasRoom(folder string) bool {
	var files syscall.Statfs_t
	if syscall.Statfs(folder, &files) != nil || int64(files.Type) != tmpfs || int64(files.Flags)&syscall.MS_NOEXEC != 0 {
		return false
	}
	return files.Bavail*uint64(files.Bsize) >= room && availableMemory() >= room
}

// availableMemory is how many bytes programs can get without swapping; zero if unknown.
func availableMemory() uint64 {
	file, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var kilobytes uint64
		if _, err := fmt.Sscanf(lines.Text(), "MemAvailable: %d kB", &kilobytes); err == nil {
			return kilobytes << 10
		}
	}
	return 0
}
