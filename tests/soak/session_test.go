//go:build linux

package soak

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/testdb"
)

const (
	gate = "SOAK_APPROVE"
	pin  = "482913"
	typo = "482931"

	// kinds are what sessions do.
	kinds = "read approve replay mistype cancel savepoint nobody"
)

// known is what the sessions know to have happened.
type known struct {
	lock sync.Mutex
	next int
	// approved has the user of each approval whose commit was confirmed. Of others it is not known.
	approved map[int]string
	// denied counts the wrong responses of each user whose denial was told.
	denied map[string]int
	// done counts what ended as it should, by kind; failed what ended with an error, by SQLSTATE.
	done, failed map[string]int
	faults       []string
}

func (k *known) note(do func()) {
	k.lock.Lock()
	defer k.lock.Unlock()
	do()
}

func (k *known) summary() string {
	return fmt.Sprintf("%d approvals confirmed of %d, done %v, failed %v", len(k.approved), k.next, k.done, k.failed)
}

func (k *known) expected() (approved map[int]string, denied map[string]int) {
	k.lock.Lock()
	defer k.lock.Unlock()
	return maps.Clone(k.approved), maps.Clone(k.denied)
}

// fault is an error that shows that Postern has failed, whatever broke.
type fault struct{ error }

// work is one session. It does one thing after the other, except while the world is paused.
func (w *world) work(ctx context.Context, number int) {
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), uint64(number)))
	s := &session{world: w, user: user(number), random: random}
	var connection *pgx.Conn
	for ctx.Err() == nil {
		w.pause.RLock()
		if connection == nil || connection.IsClosed() {
			var err error
			if connection, s.session, err = w.connect(ctx, number); err != nil {
				connection = nil
				w.pause.RUnlock()
				time.Sleep(50 * time.Millisecond)
				continue
			}
		}
		kind := strings.Fields(kinds)[random.IntN(len(strings.Fields(kinds)))]
		err := s.act(ctx, connection, kind)
		w.pause.RUnlock()
		w.known.note(func() {
			code := testdb.Code(err)
			switch {
			case err == nil:
				w.known.done[kind]++
			case errors.As(err, &fault{}) || strings.HasPrefix(code, "XX"):
				w.known.faults = append(w.known.faults, fmt.Sprintf("%s of %s: %v", kind, s.user, err))
			default: // the connection broke, or the server cannot work now
				w.known.failed[kind+" "+code]++
			}
		})
		if err != nil {
			time.Sleep(20 * time.Millisecond)
		}
	}
	if connection != nil {
		_ = connection.Close(context.WithoutCancel(ctx))
	}
}

type session struct {
	*world
	user    string
	random  *rand.Rand
	session postern.Session
}

func (s *session) act(ctx context.Context, connection *pgx.Conn, kind string) error {
	switch kind {
	case "read":
		return postern.Do(ctx, connection, s.session, nil, func(tx pgx.Tx) error { return s.readOwn(ctx, tx) })
	case "approve":
		return s.approve(ctx, connection, pin)
	case "mistype":
		return s.approve(ctx, connection, typo, pin)
	case "replay":
		return s.replay(ctx, connection)
	case "cancel":
		err := postern.Do(ctx, connection, s.session, func(context.Context, *postern.CheckpointRequired) (postern.Answer, error) {
			return postern.Answer{}, postern.ErrCancelled
		}, func(tx pgx.Tx) error { return insert(ctx, tx, 0) })
		if errors.Is(err, postern.ErrCancelled) {
			return nil
		}
		return notNil(err, "a cancelled approval")
	case "savepoint": // what failed in a savepoint leaves nothing behind, and the user stays
		return postern.Do(ctx, connection, s.session, nil, func(tx pgx.Tx) error {
			inner, err := tx.Begin(ctx)
			if err != nil {
				return err
			}
			if _, err := inner.Exec(ctx, "update public.voucher set approvals = approvals + 1"); err != nil {
				return err
			}
			if err := inner.Rollback(ctx); err != nil {
				return err
			}
			return s.readOwn(ctx, tx)
		})
	default: // nobody: a transaction without a session has no user
		tx, err := connection.Begin(ctx)
		if err != nil {
			return err
		}
		found, err := db.New(tx).CurrentUserid(ctx)
		if testdb.Code(err) == "PS401" {
			return tx.Rollback(ctx)
		}
		_ = tx.Rollback(ctx)
		return notNil(err, "without a session the user is "+found)
	}
}

// notNil makes a fault of a success that must not be.
func notNil(err error, what string) error {
	if err == nil {
		return fault{errors.New(what)}
	}
	return err
}

// readOwn reads who the user is, and of which companies there are rows.
func (s *session) readOwn(ctx context.Context, tx pgx.Tx) error {
	var got, companies string
	err := tx.QueryRow(ctx, "select postern.current_userid(), coalesce((select string_agg(v.company, ' ') from public.voucher as v), '')").Scan(&got, &companies)
	if err == nil && (got != s.user || companies != "C"+s.user) {
		return fault{fmt.Errorf("the user is %s and reads %q", got, companies)}
	}
	return err
}

// insert is the business function.
func insert(ctx context.Context, tx pgx.Tx, invoice int) error {
	if _, err := tx.Exec(ctx, "insert into public.approval (invoice) values ($1)", invoice); err != nil {
		return err
	}
	return db.New(tx).Checkpoint(ctx, gate, fmt.Appendf(nil, `{"INVOICE": %d}`, invoice))
}

func (s *session) newInvoice() (invoice int) {
	s.known.note(func() {
		s.known.next++
		invoice = s.known.next
	})
	return invoice
}

// approve approves an invoice that is only this session's, with these responses one after the other.
func (s *session) approve(ctx context.Context, connection *pgx.Conn, responses ...string) error {
	invoice, asked := s.newInvoice(), 0
	err := postern.Do(ctx, connection, s.session, func(context.Context, *postern.CheckpointRequired) (postern.Answer, error) {
		if asked > 0 { // it asks again, so the answer before was counted
			s.known.note(func() { s.known.denied[s.user]++ })
		}
		response := responses[min(asked, len(responses)-1)]
		asked++
		if asked > len(responses) {
			return postern.Answer{}, fault{errors.New("a right PIN was refused")}
		}
		return postern.Answer{Response: response}, nil
	}, func(tx pgx.Tx) error { return insert(ctx, tx, invoice) })
	if err == nil {
		s.known.note(func() { s.known.approved[invoice] = s.user })
	}
	return err
}

// replay uses a ticket whose transaction has committed, or may have committed, for the same thing again.
func (s *session) replay(ctx context.Context, connection *pgx.Conn) error {
	invoice := s.newInvoice()
	work := func(tx pgx.Tx) error { return insert(ctx, tx, invoice) }
	var required *postern.CheckpointRequired
	if err := postern.Do(ctx, connection, s.session, nil, work); !errors.As(err, &required) {
		return notNil(err, "the gate did not ask")
	}
	ticket, err := postern.Authenticate(ctx, connection, s.session, required.Challenge, postern.Answer{Username: s.user, Response: pin})
	if err != nil {
		return err
	}
	if err := postern.Do(ctx, connection, s.session.WithTicket(ticket), nil, work); err != nil {
		return err
	}
	s.known.note(func() { s.known.approved[invoice] = s.user })
	err = postern.Do(ctx, connection, s.session.WithTicket(ticket), nil, work)
	if errors.As(err, &required) || testdb.Code(err) == "PS103" {
		return nil
	}
	return notNil(err, "a ticket was used twice")
}
