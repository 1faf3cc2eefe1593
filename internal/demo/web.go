package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/posternsql/postern/examples/invoices"
	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/server"
)

// Web serves the page of examples/invoices on a throw-away server, until ctx ends. Its people have the PIN.
func Web(ctx context.Context, options Options, pin string) (err error) {
	options.OnProgress("Starting PostgreSQL")
	running, err := server.Start(ctx, server.Options{Logger: options.Logger})
	if err != nil {
		return err
	}
	defer func() {
		options.OnProgress("Stopping PostgreSQL")
		err = errors.Join(err, running.Close())
	}()
	s, err := openStage(ctx, running)
	if err != nil {
		return err
	}
	defer func() {
		cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
		defer cancel()
		err = errors.Join(err, s.close(cleanup, true))
	}()
	options.OnProgress("Installing Postern")
	if _, err := install.Install(ctx, s.config, install.Options{}); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	// Not the address: browsers make passkeys only for a name.
	page := fmt.Sprintf("http://localhost:%d", listener.Addr().(*net.TCPAddr).Port)
	application, pool, err := s.openInvoices(ctx, running, pin, page)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer pool.Close()
	options.OnProgress("")
	t := &teller{out: options.Out, colour: options.Colour}
	t.title("An approval page, on " + running.Source)
	t.say("Open %s/ and sign in as Alice or Bob. Approve an invoice: the dialog asks for the PIN that you have", page)
	t.say("chosen. Whoever approves an invoice does not pay it. Ctrl-C ends the page and the server.")
	return serve(ctx, listener, application)
}

// openInvoices makes the roles and the schema of the example, and connects as its login.
func (s *stage) openInvoices(ctx context.Context, running *server.Server, pin, origin string) (http.Handler, *pgxpool.Pool, error) {
	owner := pgx.Identifier{s.owner()}.Sanitize()
	role := pgx.Identifier{s.role}.Sanitize()
	if err := s.backstage(ctx, "create role "+owner+" in role postern_user",
		"create role "+role+" login password '"+s.password+"' in role postern_app"); err != nil {
		return nil, nil, err
	}
	address, err := running.ConnectionString(s.config.Database, "", "")
	if err != nil {
		return nil, nil, err
	}
	administrator, err := pgxpool.New(ctx, address)
	if err != nil {
		return nil, nil, err
	}
	defer administrator.Close()
	signer, err := invoices.Setup(ctx, administrator, s.owner(), s.role, pin, origin)
	if err != nil {
		return nil, nil, err
	}
	if address, err = running.ConnectionString(s.config.Database, s.role, s.password); err != nil {
		return nil, nil, err
	}
	pool, err := pgxpool.New(ctx, address)
	if err != nil {
		return nil, nil, err
	}
	return invoices.New(pool, signer), pool, nil
}

// serve ends without an error when ctx ends.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	site := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- site.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
		defer cancel()
		return errors.Join(site.Shutdown(cleanup), notClosed(<-ended))
	}
}

// notClosed leaves out the error with which Serve ends after Shutdown.
func notClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
