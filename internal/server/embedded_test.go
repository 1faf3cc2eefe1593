package server

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// repository replaces the one that the library downloads from, whatever its name is.
type repository struct {
	archive  []byte
	checksum string
	fetched  atomic.Int32
}

func (r *repository) RoundTrip(request *http.Request) (*http.Response, error) {
	recorded := bytes.Buffer{}
	status := http.StatusOK
	switch path := request.URL.Path; {
	case !strings.Contains(path, "/"+string(embeddedVersion)+"/"):
		status = http.StatusNotFound
	case strings.HasSuffix(path, ".jar"):
		r.fetched.Add(1)
		recorded.Write(r.archive)
	case strings.HasSuffix(path, ".jar.sha256"):
		recorded.WriteString(r.checksum)
	default:
		status = http.StatusNotFound
	}
	return &http.Response{StatusCode: status, ContentLength: int64(recorded.Len()), Body: readCloser{&recorded}, Request: request}, nil
}

type readCloser struct{ *bytes.Buffer }

func (readCloser) Close() error { return nil }

// newRepository has one archive with these files and links, in the format of the real repository.
func newRepository(t *testing.T, files, links map[string]string) *repository {
	t.Helper()
	if _, err := exec.LookPath("xz"); err != nil {
		t.Skip("xz is not installed (Debian: apt-get install xz-utils)")
	}
	packed := bytes.Buffer{}
	writer := tar.NewWriter(&packed)
	for name, content := range files {
		err := writer.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content)), Typeflag: tar.TypeReg})
		if err == nil {
			_, err = writer.Write([]byte(content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range links {
		if err := writer.WriteHeader(&tar.Header{Name: name, Linkname: target, Typeflag: tar.TypeSymlink}); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	compress := exec.Command("xz", "--stdout")
	compress.Stdin = &packed
	compressed, err := compress.Output()
	if err != nil {
		t.Fatal(err)
	}
	archive := bytes.Buffer{}
	outer := zip.NewWriter(&archive)
	inner, err := outer.Create("postgres.txz")
	if err == nil {
		_, err = inner.Write(compressed)
	}
	if err == nil {
		err = outer.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	checksum := sha256.Sum256(archive.Bytes())
	r := &repository{archive: archive.Bytes(), checksum: hex.EncodeToString(checksum[:])}
	usual := http.DefaultTransport
	http.DefaultTransport = r
	t.Cleanup(func() { http.DefaultTransport = usual })
	return r
}

// newCache returns a folder that the server's user can enter. That user cannot enter t.TempDir() if the test runs as
// root.
func newCache(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("/tmp", "postern-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	return folder
}

// The archive has links to the binaries of this machine. Downloaded binaries run, and any number of processes download
// only once.
func TestFetchedBinariesRun(t *testing.T) {
	folders := binaryFolders()
	if len(folders) == 0 {
		t.Skip("there are no binaries of PostgreSQL to be fetched")
	}
	links := map[string]string{}
	for _, program := range []string{"postgres", "initdb", "pg_ctl", "psql"} {
		links["bin/"+program] = filepath.Join(folders[0], program)
	}
	repository := newRepository(t, nil, links)
	cache := newCache(t)
	folder := filepath.Join(cache, string(embeddedVersion))
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if err := fetchEmbedded(cache, folder); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	fetched := repository.fetched.Load()
	server, err := startFetched(t.Context(), Options{Logger: slog.New(slog.DiscardHandler)}, cache)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	if !strings.HasSuffix(server.Source, " from "+folder+"/bin, fetched by embedded-postgres") {
		t.Errorf("the source is %q", server.Source)
	}
	if got := query[int](t, server.URL, "select 1"); got != 1 {
		t.Error("the server does not answer")
	}
	if repository.fetched.Load() != fetched {
		t.Error("what was there was fetched once more")
	}
	left, err := filepath.Glob(filepath.Join(cache, "fetching-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("the folder still has %v; error: %v", left, err)
	}
}

// The library starts neither its own server nor any other program.
func TestFetchedProgramsAreNotRunByTheLibrary(t *testing.T) {
	cache := newCache(t)
	program := "#!/bin/sh\ntouch '" + cache + "/ran'\n"
	newRepository(t, map[string]string{"bin/pg_ctl": program, "bin/initdb": program, "bin/postgres": program}, nil)
	if err := fetchEmbedded(cache, filepath.Join(cache, string(embeddedVersion))); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(cache, "ran")); err == nil {
		t.Error("the library ran a server's program")
	}
}

func TestFailedDownloadIsExplained(t *testing.T) {
	for name, test := range map[string]struct {
		files map[string]string
		spoil func(*repository)
		want  string
	}{
		"no server in it": {map[string]string{"bin/pg_ctl": ""}, func(*repository) {}, ""},
		"other checksum":  {map[string]string{"bin/postgres": ""}, func(r *repository) { r.checksum = strings.Repeat("0", 64) }, "checksums do not match"},
		"no archive":      {map[string]string{"bin/postgres": ""}, func(r *repository) { r.archive, r.checksum = []byte("no zip"), "" }, "checksums do not match"},
	} {
		t.Run(name, func(t *testing.T) {
			test.spoil(newRepository(t, test.files, nil))
			cache := newCache(t)
			_, err := startFetched(t.Context(), Options{Logger: slog.New(slog.DiscardHandler)}, cache)
			if err == nil || !strings.Contains(err.Error(), "fetch PostgreSQL "+string(embeddedVersion)) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if _, err := os.Stat(filepath.Join(cache, string(embeddedVersion))); err == nil {
				t.Error("half of it is there for the next one to find")
			}
		})
	}
}
