package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/checkpointhttp"
)

const (
	// approvals arrive so many times a second, however long the earlier ones take.
	approvals = 100
	// entriesBeside is how many entries the log has; a quick run has fewer.
	entriesBeside, quickEntriesBeside = 1_000_000, 10_000
)

// timeWeb returns the milliseconds that checkpointhttp itself takes for the slowest request of a hundred, when requests
// with tickets arrive at a fixed rate. What the pool and the database take is not its own part.
func timeWeb(ctx context.Context, s *scene, m measurement, round func()) (taken samples, err error) {
	entries := entriesBeside
	if s.quick {
		entries = quickEntriesBeside
	}
	grown, err := s.grow(ctx, dimension{name: "log"}, entries)
	if err != nil {
		return samples{}, err
	}
	pool, err := grown.pool(ctx)
	if err != nil {
		return samples{}, err
	}
	defer pool.Close()
	checkpoints := &checkpointhttp.Checkpoints{
		Pool:    pool,
		Session: func(*http.Request) (postern.Session, bool) { return postern.TrustedSession(userid), true },
	}
	timed := &timedHandler{next: checkpoints.Handler(func(w http.ResponseWriter, r *http.Request, tx pgx.Tx) error {
		_, err := tx.Exec(r.Context(), "select postern.checkpoint($1, $2)", activeGate, parameters)
		return err
	})}
	web := httptest.NewServer(timed)
	defer web.Close()

	count, requests := m.rounds.of(s.quick)
	for number := range count + 1 {
		tickets, err := grown.tickets(ctx, requests)
		if err != nil {
			return samples{}, err
		}
		timed.own = nil
		if err := sendAll(ctx, web, tickets); err != nil {
			return samples{}, err
		}
		if number > 0 { // the first round opens the connections
			slices.Sort(timed.own)
			taken.subject = append(taken.subject, percentile(timed.own, 0.99))
			round()
		}
	}
	return taken, nil
}

// sendAll sends one request for each ticket, at the rate of approvals.
func sendAll(ctx context.Context, web *httptest.Server, tickets []string) error {
	var group sync.WaitGroup
	failures := make([]error, len(tickets))
	ticker := time.NewTicker(time.Second / approvals)
	defer ticker.Stop()
	for number, ticket := range tickets {
		<-ticker.C
		group.Go(func() { failures[number] = send(ctx, web, ticket) })
	}
	group.Wait()
	return errors.Join(failures...)
}

func send(ctx context.Context, web *httptest.Server, ticket string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, web.URL, strings.NewReader(parameters))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(checkpointhttp.TicketHeader, ticket)
	response, err := web.Client().Do(request)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		err = fmt.Errorf("the approval ended with %s", response.Status)
	}
	return cmp.Or(err, response.Body.Close())
}

// timedHandler notes the milliseconds of next that are not those of the pool and of the database.
type timedHandler struct {
	next http.Handler

	lock sync.Mutex
	own  []float64
}

func (t *timedHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	elsewhere := &stopwatch{}
	began := time.Now()
	t.next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), stopwatchKey{}, elsewhere)))
	own := time.Since(began) - elsewhere.total
	t.lock.Lock()
	defer t.lock.Unlock()
	t.own = append(t.own, float64(own.Microseconds())/1000)
}

// stopwatch adds up what one request waits for. A request uses one connection, so it waits for one thing at a time.
type stopwatch struct {
	began time.Time
	total time.Duration
}

type stopwatchKey struct{}

// waiting is the tracer of a pool: it starts and stops the request's stopwatch.
type waiting struct{}

func (waiting) start(ctx context.Context) context.Context {
	if watch, ok := ctx.Value(stopwatchKey{}).(*stopwatch); ok {
		watch.began = time.Now()
	}
	return ctx
}

func (waiting) stop(ctx context.Context) {
	if watch, ok := ctx.Value(stopwatchKey{}).(*stopwatch); ok {
		watch.total += time.Since(watch.began)
	}
}

func (t waiting) TraceAcquireStart(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	return t.start(ctx)
}
func (t waiting) TraceAcquireEnd(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireEndData) {
	t.stop(ctx)
}
func (t waiting) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return t.start(ctx)
}
func (t waiting) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	t.stop(ctx)
}
func (t waiting) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return t.start(ctx)
}
func (waiting) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}
func (t waiting) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchEndData) {
	t.stop(ctx)
}

// pool is a pool of connections as login opens them.
func (s *scene) pool(ctx context.Context) (*pgxpool.Pool, error) {
	address, err := s.server.ConnectionString(s.name, "", "")
	if err != nil {
		return nil, err
	}
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, err
	}
	config.MaxConns = sessions
	config.ConnConfig.RuntimeParams["search_path"] = ""
	config.ConnConfig.Tracer = waiting{}
	config.AfterConnect = func(ctx context.Context, connection *pgx.Conn) error {
		_, err := connection.Exec(context.WithoutCancel(ctx), "set session authorization "+s.name)
		return err
	}
	return pgxpool.NewWithConfig(ctx, config)
}
