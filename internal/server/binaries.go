package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// portAttempts bounds how often a start is repeated. Another process may take the port after we choose it and before
// the server binds it.
const portAttempts = 5

var errPortTaken = errors.New("the port was taken by somebody else")

var versionPattern = regexp.MustCompile(`\(PostgreSQL\) ((\d+)\S*)`)

// startBinaries runs the first usable PostgreSQL installation on this machine.
func startBinaries(ctx context.Context, options Options) (*Server, error) {
	folders := binaryFolders()
	if len(folders) == 0 {
		return nil, errors.New("none in PATH or /usr/lib/postgresql/*/bin")
	}
	failures := []error{}
	for _, folder := range folders {
		server, err := startFolder(ctx, options, folder)
		if err == nil {
			return server, nil
		}
		failures = append(failures, fmt.Errorf("%s: %w", folder, err))
		if ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(failures...)
}

// binaryFolders lists the folders to try: only the user's choice, or else all, with the newest version first.
func binaryFolders() []string {
	if folder := os.Getenv(BinariesVariable); folder != "" {
		return []string{folder}
	}
	folders := []string{}
	if program, err := exec.LookPath("postgres"); err == nil {
		if program, err = filepath.EvalSymlinks(program); err == nil {
			folders = append(folders, filepath.Dir(program))
		}
	}
	installed, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	major := func(folder string) int {
		number, _ := strconv.Atoi(filepath.Base(filepath.Dir(folder)))
		return number
	}
	slices.SortFunc(installed, func(a, b string) int { return major(b) - major(a) })
	for _, folder := range installed {
		// A client package leaves a folder that has only psql.
		if _, err := os.Stat(filepath.Join(folder, "postgres")); err == nil && !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
	}
	return folders
}

// startFolder runs the server whose programs are in folder.
func startFolder(ctx context.Context, options Options, folder string) (*Server, error) {
	output, err := exec.CommandContext(ctx, filepath.Join(folder, "postgres"), "--version").Output()
	if err != nil {
		return nil, err
	}
	match := versionPattern.FindStringSubmatch(string(output))
	if match == nil {
		return nil, fmt.Errorf("postgres --version printed %q", output)
	}
	if major, err := strconv.Atoi(match[2]); err != nil || major < minimumVersion {
		return nil, fmt.Errorf("PostgreSQL %s is too old, Postern needs %d or newer", match[1], minimumVersion)
	}
	if _, err := os.Stat(filepath.Join(folder, "initdb")); err != nil {
		return nil, err
	}
	for range portAttempts {
		var server *Server
		server, err = startOnce(ctx, options, folder)
		if !errors.Is(err, errPortTaken) {
			return server, err
		}
		options.Logger.Debug("starting once more", "error", err)
	}
	return nil, err
}

func startOnce(ctx context.Context, options Options, folder string) (*Server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	password, primary := newPassword(), []string(nil)
	if options.StandbyOf != nil {
		config, err := pgx.ParseConfig(options.StandbyOf.URL)
		if err != nil {
			return nil, err
		}
		password = config.Password
		primary = connectionEnvironment(config, config.Host, config.Port, "")
	}
	supervisor, err := supervise(folder, options.Folder, password, port, configuration(settings(options)), primary)
	if err != nil {
		return nil, err
	}
	readLog := func(context.Context) (string, error) {
		content, err := os.ReadFile(filepath.Join(supervisor.directory, "server.log"))
		return string(content), err
	}
	address := superuserURL(net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), password)
	text, err := awaitVersion(ctx, address, supervisor.ended)
	if err != nil {
		log, _ := readLog(ctx)
		if strings.Contains(log, "Address already in use") {
			err = errPortTaken
		} else {
			err = fmt.Errorf("%w; its log:\n%s", err, strings.TrimSpace(log))
		}
		return nil, errors.Join(err, supervisor.stop())
	}
	server := &Server{
		URL:         address,
		Source:      fmt.Sprintf("PostgreSQL %s from %s", text, folder),
		StopCommand: supervisor.stopCommand(),
		close:       supervisor.stop,
		keep:        supervisor.keep,
		crash:       supervisor.crash,
		log:         readLog,
	}
	server.run = func(ctx context.Context, program Program) error { return runFrom(ctx, server, folder, program) }
	return server, nil
}

// configuration writes settings as lines of postgresql.conf, so that "alter system" can still change them.
func configuration(values map[string]string) string {
	lines := []string{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		lines = append(lines, fmt.Sprintf("%s = '%s'", name, strings.ReplaceAll(values[name], "'", "''")))
	}
	return strings.Join(lines, "\n")
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
