//go:build linux

package soak

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/install"
)

// diskSize is enough for the server, and soon full with what is put beside it.
const diskSize = "700m"

// smallDisk mounts a small file system, of which the server takes the root directory. Without the right to mount it
// returns an empty string, and the disk does not fill.
func smallDisk(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("/var/tmp", "postern-soak-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(folder) })
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "mode=1777,size="+diskSize); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("CI has to be able to mount a file system: %v", err)
		}
		t.Logf("the disk does not fill, because no small one can be mounted: %v", err)
		return ""
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return folder
}

// fakeClock makes the servers that are started from now on read their clock through testdata/clock.c. It returns the file
// that says how many seconds the clock is off.
func fakeClock(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("/var/tmp", "postern-clock-") // where the server's user may read
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	library, file := filepath.Join(folder, "clock.so"), filepath.Join(folder, "offset")
	if said, err := exec.Command("cc", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, "testdata/clock.c").CombinedOutput(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("CI needs a C compiler (Debian's packages gcc and libc6-dev): %v: %s", err, said)
		}
		t.Logf("the clock does not jump, because nothing compiles C (Debian's packages gcc and libc6-dev): %v: %s", err, said)
		return ""
	}
	if err := errors.Join(os.Chmod(folder, 0o755), setClock(file, 0)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("LD_PRELOAD", library)
	t.Setenv("SOAK_CLOCK", file)
	return file
}

// setClock never truncates the file, because the servers have it in their memory.
func setClock(file string, seconds int64) error {
	to, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	return errors.Join(binary.Write(to, binary.NativeEndian, seconds), to.Close())
}

// event is something that happens to the world, and is over when do returns.
type event struct {
	what string
	do   func(context.Context) error
}

func (w *world) events() []event {
	events := []event{
		{"the server crashes", w.server.Crash},
		{"a backend is killed, so all are", w.killBackend},
		{"sessions are terminated", w.terminate},
		{"connections break", w.cut},
		{"a service is killed", func(context.Context) error { return w.killService(0) }},
		{"the other service is killed", func(context.Context) error { return w.killService(1) }},
		{"Postern is installed again", w.install},
	}
	if w.disk != "" {
		events = append(events, event{"the disk is full", w.fill})
	}
	if w.clock != "" {
		events = append(events,
			event{"the clock is 20 seconds fast", func(ctx context.Context) error { return w.jump(ctx, 20) }},
			event{"the clock is 10 minutes slow", func(ctx context.Context) error { return w.jump(ctx, -600) }},
			event{"the clock is 3 minutes fast", func(ctx context.Context) error { return w.jump(ctx, 180) }})
	}
	return events
}

// asSuperuser waits until the server answers, for a minute at most.
func (w *world) asSuperuser(ctx context.Context, do func(*pgx.Conn) error) error {
	waiting, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for ; ; time.Sleep(20 * time.Millisecond) {
		connection, err := pgx.ConnectConfig(waiting, w.superuser)
		if err == nil {
			defer connection.Close(ctx)
			return do(connection)
		}
		if waiting.Err() != nil {
			return fmt.Errorf("the server does not answer: %w", err)
		}
	}
}

const backends = "select pid from pg_stat_activity where usename = 'soak_app' or usename = 'soak_trusted' order by random()"

func (w *world) killBackend(ctx context.Context) error {
	return w.asSuperuser(ctx, func(connection *pgx.Conn) error {
		var process int
		err := pgx.ErrNoRows
		for ; errors.Is(err, pgx.ErrNoRows); time.Sleep(10 * time.Millisecond) { // until the sessions are back
			err = connection.QueryRow(ctx, backends+" limit 1").Scan(&process)
		}
		if err != nil {
			return err
		}
		return syscall.Kill(process, syscall.SIGKILL)
	})
}

func (w *world) terminate(ctx context.Context) error {
	return w.asSuperuser(ctx, func(connection *pgx.Conn) error {
		_, err := connection.Exec(ctx, "select pg_terminate_backend(pid) from ("+backends+" limit 10) as b")
		return err
	})
}

// cut closes each connection of the sessions, wherever its transaction is.
func (w *world) cut(context.Context) error {
	w.lock.Lock()
	defer w.lock.Unlock()
	for connection := range w.connections {
		_ = connection.Close() // some are closed already
		delete(w.connections, connection)
	}
	return nil
}

func (w *world) killService(number int) error {
	if err := w.services[number].kill(); err != nil {
		return err
	}
	time.Sleep(time.Second)
	return w.restart(w.services[number])
}

// install installs what is installed already, as an upgrade within a release does.
func (w *world) install(ctx context.Context) error {
	_, err := install.Install(ctx, w.superuser, install.Options{})
	return err
}

// fill fills the disk for a while. The server may have to end, and then somebody starts it again.
func (w *world) fill(ctx context.Context) error {
	ballast := filepath.Join(w.disk, "ballast")
	file, err := os.Create(ballast)
	if err != nil {
		return err
	}
	for block := make([]byte, 1<<20); ; {
		if _, err = file.Write(block); err != nil {
			break
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		return errors.Join(err, file.Close(), os.Remove(ballast))
	}
	time.Sleep(3 * time.Second)
	if err := errors.Join(file.Close(), os.Remove(ballast)); err != nil {
		return err
	}
	return w.server.Crash(ctx)
}

// jump makes the clock wrong for a while.
func (w *world) jump(ctx context.Context, seconds int64) error {
	if err := setClock(w.clock, seconds); err != nil {
		return err
	}
	wrong := w.asSuperuser(ctx, func(connection *pgx.Conn) error {
		var now time.Time
		if err := connection.QueryRow(ctx, "select clock_timestamp()").Scan(&now); err != nil {
			return err
		}
		if off := time.Until(now) - time.Duration(seconds)*time.Second; off.Abs() > 10*time.Second {
			return fmt.Errorf("the server's clock is %s, which is wrong by another %s", now, off)
		}
		return nil
	})
	time.Sleep(3 * time.Second)
	return errors.Join(wrong, setClock(w.clock, 0))
}
