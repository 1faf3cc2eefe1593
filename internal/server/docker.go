package server

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/ory/dockertest/v3"
	"github.com/ory/dockertest/v3/docker"
)

// defaultImage is Docker's official image.
const defaultImage = "postgres:17"

// containerLifetime, in seconds, ends a container whose watcher has failed.
const containerLifetime = 4 * 60 * 60

// processLabel is the label of a container with the ID of the process that created it.
const processLabel = "org.posternsql.process"

// waitScript runs inside the container before the image's entrypoint. A container that nobody watches, because our
// process ended too early, then ends by itself.
const waitScript = `tries=0
until [ -e /tmp/postern-watched ]; do
	tries=$((tries + 1))
	[ "$tries" -lt 200 ] || exit 1
	sleep 0.05
done
exec "$@"`

// watchScript also runs inside the container. Its standard input ends with our process, whatever the cause, because the
// Docker engine then loses the connection. To keep the server, we send "keep" before that. The script kills process 1
// repeatedly, because that may still be the entrypoint, which prepares the server and does not react yet.
const watchScript = `: >/tmp/postern-watched; read -r word; [ "$word" = keep ] && exit 0; while kill -QUIT 1; do sleep 0.1; done`

// containerAttempts is how many containers are started before their silence counts as an error.
const containerAttempts = 3

// startDocker runs an image that accepts the environment variables of the official image. On a busy machine the engine
// sometimes fails to connect a container to its network. Its server runs then, but nobody can reach it, so we replace the
// container.
func startDocker(ctx context.Context, options Options) (*Server, error) {
	for attempt := 1; ; attempt++ {
		server, err := startContainer(ctx, options)
		if !errors.Is(err, errNoAnswer) || attempt == containerAttempts || ctx.Err() != nil {
			return server, err
		}
		options.Logger.Warn("the server in the container cannot be reached; starting another container", "error", err)
	}
}

func startContainer(ctx context.Context, options Options) (*Server, error) {
	pool, err := dockertest.NewPool("")
	if err != nil {
		return nil, err
	}
	if err := pool.Client.PingWithContext(ctx); err != nil {
		return nil, fmt.Errorf("no Docker engine answers: %w", err)
	}
	image := cmp.Or(os.Getenv(ImageVariable), defaultImage)
	repository, tag := splitImage(image)
	password := newPassword()
	values := settings(options)
	arguments := []string{"postgres"}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		arguments = append(arguments, "-c", name+"="+values[name])
	}
	if err := removeNeverStarted(ctx, pool); err != nil {
		return nil, err
	}
	options.Logger.Info("starting a container", "image", image)
	own, err := imageEntrypoint(ctx, pool, repository, tag)
	if err != nil {
		return nil, fmt.Errorf("image %s: %w", image, err)
	}
	entrypoint := append([]string{"/bin/sh", "-c", waitScript, "postern-wait"}, own...)
	resource, err := pool.RunWithOptions(&dockertest.RunOptions{
		Repository: repository,
		Tag:        tag,
		Env: []string{
			"POSTGRES_PASSWORD=" + password,
			"POSTGRES_INITDB_ARGS=--encoding=UTF8 --locale=C.UTF-8 --no-sync --auth-host=scram-sha-256",
		},
		Entrypoint:   entrypoint,
		Cmd:          arguments,
		Labels:       map[string]string{processLabel: strconv.Itoa(os.Getpid())},
		ExposedPorts: []string{"5432/tcp"},
		PortBindings: map[docker.Port][]docker.PortBinding{"5432/tcp": {{HostIP: "127.0.0.1"}}},
	}, func(host *docker.HostConfig) {
		host.AutoRemove = true
		host.PublishAllPorts = false
		host.ShmSize = 256 << 20 // Docker's default of 64 MB is too small for parallel queries
	})
	if err != nil {
		return nil, fmt.Errorf("image %s: %w", image, err)
	}
	container := newContainer(pool, resource)
	go container.awaitEnd()
	container.watch(options)
	stopFollowing := container.follow(ctx)
	address := superuserURL(resource.GetHostPort("5432/tcp"), password)
	text, err := awaitVersion(ctx, address, container.ended)
	log := stopFollowing()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("image %s: %w; its log:\n%s", image, err, strings.TrimSpace(log)), container.stop())
	}
	server := &Server{
		URL:         address,
		Source:      fmt.Sprintf("PostgreSQL %s in Docker, image %s", text, image),
		StopCommand: "docker rm --force --volumes " + resource.Container.ID[:12],
		close:       container.stop,
		keep:        container.keep,
		log:         container.log,
	}
	server.run = func(ctx context.Context, program Program) error { return container.run(ctx, server, program) }
	return server, nil
}

// splitImage splits "host:5000/name:tag" into repository and tag.
func splitImage(image string) (repository, tag string) {
	if colon := strings.LastIndexByte(image, ':'); colon > strings.LastIndexByte(image, '/') {
		return image[:colon], image[colon+1:]
	}
	return image, "latest"
}

// removeNeverStarted removes the containers of processes that were killed between creating and starting one. Nothing
// runs in such a container that could remove it.
func removeNeverStarted(ctx context.Context, pool *dockertest.Pool) error {
	containers, err := pool.Client.ListContainers(docker.ListContainersOptions{
		Context: ctx, All: true,
		Filters: map[string][]string{"label": {processLabel}, "status": {"created"}},
	})
	for _, c := range containers {
		if time.Since(time.Unix(c.Created, 0)) > time.Minute {
			// Ignore the error, because another process may have removed it first.
			_ = pool.Client.RemoveContainer(docker.RemoveContainerOptions{Context: ctx, ID: c.ID, RemoveVolumes: true})
		}
	}
	return err
}

// imageEntrypoint pulls the image if necessary, and returns its entrypoint.
func imageEntrypoint(ctx context.Context, pool *dockertest.Pool, repository, tag string) ([]string, error) {
	name := repository + ":" + tag
	image, err := pool.Client.InspectImage(name)
	if errors.Is(err, docker.ErrNoSuchImage) {
		pull := docker.PullImageOptions{Repository: repository, Tag: tag, Context: ctx}
		if err := pool.Client.PullImage(pull, docker.AuthConfiguration{}); err != nil {
			return nil, err
		}
		image, err = pool.Client.InspectImage(name)
	}
	if err != nil {
		return nil, err
	}
	return image.Config.Entrypoint, nil
}

// container is a server in Docker.
type container struct {
	pool     *dockertest.Pool
	resource *dockertest.Resource
	ended    chan struct{}
	stop     func() error
	// words are sent to the watcher in the container; unwatched is closed when the watcher has ended.
	words     io.Writer
	unwatched chan struct{}
	kept      chan struct{}
	keepOnce  sync.Once
}

func newContainer(pool *dockertest.Pool, resource *dockertest.Resource) *container {
	c := &container{pool: pool, resource: resource, ended: make(chan struct{}), kept: make(chan struct{})}
	c.stop = sync.OnceValue(func() error { return pool.Purge(resource) })
	return c
}

// awaitEnd waits for the container's end and reports it.
func (c *container) awaitEnd() {
	// An error means that either the container or the engine is gone. The server cannot be reached in either case.
	_, _ = c.pool.Client.WaitContainer(c.resource.Container.ID)
	close(c.ended)
}

// watch makes the container end with this process.
func (c *container) watch(options Options) {
	// We never close this pipe. Like the engine's connection, it lasts as long as this process.
	reader, writer := io.Pipe()
	c.words, c.unwatched = writer, make(chan struct{})
	go func() {
		defer close(c.unwatched)
		defer reader.Close()
		_, err := c.resource.Exec([]string{"/bin/sh", "-c", watchScript}, dockertest.ExecOptions{StdIn: reader})
		select {
		case <-c.ended:
		case <-c.kept:
		default:
			options.Logger.Warn("nobody watches the container any more", "container", c.resource.Container.ID, "error", err)
		}
	}()
	if !options.Keep {
		_ = c.resource.Expire(containerLifetime)
	}
}

// keep ends the watcher, and returns when it is gone.
func (c *container) keep() error {
	c.keepOnce.Do(func() { close(c.kept) })
	if _, err := io.WriteString(c.words, "keep\n"); err != nil {
		return err
	}
	<-c.unwatched
	return nil
}

// follow collects the container's output. The returned function stops that and returns the output. A container that
// fails to start is removed at once, and its log with it.
func (c *container) follow(ctx context.Context) func() string {
	ctx, cancel := context.WithCancel(ctx)
	content := bytes.Buffer{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		// Ignore the error: it only says that the context or the container ended.
		_ = c.pool.Client.Logs(docker.LogsOptions{
			Context: ctx, Container: c.resource.Container.ID, Follow: true,
			Stdout: true, Stderr: true, OutputStream: &content, ErrorStream: &content,
		})
	}()
	return func() string {
		cancel()
		<-done
		return content.String()
	}
}

func (c *container) log(ctx context.Context) (string, error) {
	content := bytes.Buffer{}
	err := c.pool.Client.Logs(docker.LogsOptions{
		Context: ctx, Container: c.resource.Container.ID,
		Stdout: true, Stderr: true, OutputStream: &content, ErrorStream: &content,
	})
	return content.String(), err
}

// run runs a client program inside the container, where the program has the server's version.
func (c *container) run(ctx context.Context, server *Server, program Program) error {
	config, err := pgx.ParseConfig(server.URL)
	if err != nil {
		return err
	}
	// The engine cannot end a program, so a cancelled program is abandoned.
	done := make(chan error, 1)
	go func() {
		code, err := c.resource.Exec(append([]string{program.Name}, program.Arguments...), dockertest.ExecOptions{
			Env:    connectionEnvironment(config, "127.0.0.1", 5432, program.Database),
			StdIn:  program.Stdin,
			StdOut: program.Stdout,
			StdErr: program.Stderr,
		})
		if err == nil && code != 0 {
			err = fmt.Errorf("exit status %d", code)
		}
		done <- err
	}()
	select {
	case err = <-done:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", program.Name, err)
	}
	return nil
}
