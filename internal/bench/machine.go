package bench

import (
	"bufio"
	"context"
	"os"
	"runtime"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Machine describes where the numbers were measured.
type Machine struct {
	Processor string `json:"processor"`
	Cores     int    `json:"cores"`
	System    string `json:"system"`
	// Server says where the server came from.
	Server  string `json:"server"`
	Version string `json:"version"`
	// Settings are PostgreSQL's settings that influence the numbers.
	Settings map[string]string `json:"settings"`
}

// SettingNames lists the reported settings, in order.
func SettingNames() []string {
	return []string{"fsync", "synchronous_commit", "full_page_writes", "wal_level", "wal_sync_method", "shared_buffers", "jit"}
}

func readMachine(ctx context.Context, connection *pgx.Conn, source string) (Machine, error) {
	machine := Machine{
		Processor: processor(),
		Cores:     runtime.NumCPU(),
		System:    runtime.GOOS + "/" + runtime.GOARCH,
		Server:    source,
		Settings:  map[string]string{},
	}
	if err := connection.QueryRow(ctx, "select current_setting('server_version')").Scan(&machine.Version); err != nil {
		return machine, err
	}
	for _, name := range SettingNames() {
		var value string
		if err := connection.QueryRow(ctx, "select current_setting($1)", name).Scan(&value); err != nil {
			return machine, err
		}
		machine.Settings[name] = value
	}
	return machine, nil
}

// processor is Linux's name for the first processor; on other systems it is the architecture.
func processor() string {
	file, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if name, value, found := strings.Cut(lines.Text(), ":"); found && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
