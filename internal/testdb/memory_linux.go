package testdb

import (
	"bufio"
	"fmt"
	"os"
	"syscall"
)

// room is more than the servers of the test binaries that run at one time have filled.
const room = 4 << 30

// tmpfs is what statfs(2) calls a file system in memory.
const tmpfs = 0x01021994

// hasRoom tells whether folder is a file system in memory that has room, that programs can be started from, and behind which
// there is as much memory that nobody uses. The one of a Docker container is small, and has no programs.
func hasRoom(folder string) bool {
	var files syscall.Statfs_t
	if syscall.Statfs(folder, &files) != nil || int64(files.Type) != tmpfs || int64(files.Flags)&syscall.MS_NOEXEC != 0 {
		return false
	}
	return files.Bavail*uint64(files.Bsize) >= room && availableMemory() >= room
}

// availableMemory is how many bytes programs can have without swapping; zero where that is unknown.
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
