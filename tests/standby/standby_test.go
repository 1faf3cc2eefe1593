// Package standby_test reads from a hot standby: who the user is, and which rows that user may see.
package standby_test

import (
	"context"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/db"
	"github.com/posternsql/postern/internal/install"
	"github.com/posternsql/postern/internal/server"
	"github.com/posternsql/postern/internal/testdb"
	. "github.com/posternsql/postern/internal/testsql"
)

// pair is a primary with Postern, and its hot standby.
type pair struct {
	first, second    *server.Server
	primary, standby *pgx.Conn
	// application is a login of postern_trusted_app on the standby; shop owns tables, on both.
	application *pgx.Conn
	signer      postern.Signer
}

func start(t *testing.T, options server.Options) *server.Server {
	t.Helper()
	started, err := server.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := started.Close(); err != nil {
			t.Error(err)
		}
	})
	return started
}

func connect(t *testing.T, to *server.Server, user, password string) *pgx.Conn {
	t.Helper()
	address, err := to.ConnectionString("postgres", user, password)
	if err != nil {
		t.Fatal(err)
	}
	connection, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close(context.Background()) })
	return connection
}

// requireBinaries skips the test if nothing can be copied: in a container, or on an existing server.
func requireBinaries(t *testing.T) {
	t.Helper()
	installed, err := filepath.Glob("/usr/lib/postgresql/*/bin/pg_basebackup")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("pg_basebackup"); err != nil && len(installed) == 0 && os.Getenv(server.BinariesVariable) == "" {
		t.Skip("there are no binaries of PostgreSQL, and a container is not copied")
	}
	t.Setenv(server.URLVariable, "")
	t.Setenv(server.WayVariable, "binaries")
}

func newPair(t *testing.T) *pair {
	t.Helper()
	requireBinaries(t)
	first := start(t, server.Options{})
	p := &pair{first: first, primary: connect(t, first, "", "")}
	if _, err := install.Install(t.Context(), p.primary.Config(), install.Options{}); err != nil {
		t.Fatal(err)
	}
	secret := make([]byte, 32)
	rand.Read(secret)
	if err := db.New(p.primary).CreateSessionKey(t.Context(), "web", secret); err != nil {
		t.Fatal(err)
	}
	var err error
	if p.signer, err = postern.NewSigner("web", secret, "postgres"); err != nil {
		t.Fatal(err)
	}
	password := rand.Text()
	Run(t, p.primary, "create role application login password '"+password+"' in role postern_trusted_app")
	Run(t, p.primary, "select postern.allow_login('application')")
	Run(t, p.primary, `
select postern.create_user('ANN', 'Ann'), postern.create_company('10', 'Ten'), postern.create_company('20', 'Twenty'),
       postern.grant_company('ANN', '10'), postern.reset_pin('ANN', '482913'),
       postern.register_gate('SHOP_PAY', 'Pay', 'Paid', active => true), postern.register_gate('SHOP_LOOK', 'Look', 'Looked'),
       postern.create_authority_class('10', 'ONLY_3'), postern.add_authority_combination('10', 'ONLY_3', true, '3%'),
       postern.set_row_level_security('10', true), postern.set_user_authority_class('10', 'ANN', 'ONLY_3');
create table public.voucher (voucher_id integer primary key, company text not null);
insert into public.voucher values (1, '10'), (2, '20');
create table public.posting (posting_id integer primary key, company text not null, posting_combination_id bigint not null,
                             foreign key (company, posting_combination_id) references postern.posting_combination);
insert into public.posting values
  (1, '10', postern.posting_combination_id('10', '3000')), (2, '10', postern.posting_combination_id('10', '4000')),
  (3, '20', postern.posting_combination_id('20', '3000'));
grant select on public.voucher, public.posting to application;
select postern.protect_company('public.voucher'), postern.protect_ledger('public.posting')`)
	p.second = start(t, server.Options{StandbyOf: first})
	p.standby = connect(t, p.second, "", "")
	p.application = connect(t, p.second, "application", password)
	return p
}

// replayed waits until the standby has what the primary has.
func (p *pair) replayed(t *testing.T) {
	t.Helper()
	position := Value[string](t, p.primary, "select pg_current_wal_lsn()::text")
	for deadline := time.Now().Add(time.Minute); !Value[bool](t, p.standby, "select pg_last_wal_replay_lsn() >= $1::pg_lsn", position); {
		if time.Now().After(deadline) {
			t.Fatal("the standby is not following")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// as does something on the standby in a transaction of ANN, who is asserted by a token.
func (p *pair) as(t *testing.T, do func(tx pgx.Tx)) {
	t.Helper()
	tx, err := p.application.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background())
	if err := postern.TokenSession(p.signer, "ANN").Start(t.Context(), tx); err != nil {
		t.Fatal(err)
	}
	do(tx)
}

func TestStandbyKnowsUsersAndRows(t *testing.T) {
	p := newPair(t)
	p.replayed(t)
	if !Value[bool](t, p.application, "select pg_is_in_recovery()") {
		t.Fatal("this is no standby")
	}
	// The naive way to remember the user writes a row.
	Run(t, p.primary, "create table public.naive_session (userid text); grant insert on public.naive_session to application")
	p.replayed(t)
	Fails(t, p.application, "25006", "insert into public.naive_session values ('ANN')")

	p.as(t, func(tx pgx.Tx) {
		for sql, want := range map[string]string{
			"select fnd_session_api.get_fnd_user()":                                                                                     "ANN",
			"select string_agg(company, ',') from postern.user_finance_auth_pub":                                                        "10",
			"select user_finance_api.is_allowed('10') || ' ' || user_finance_api.is_allowed('20')":                                      "TRUE FALSE",
			"select user_finance_api.is_authorized('10')::text || user_finance_api.is_user_authorized('20')":                            "truefalse",
			"select coalesce(user_finance_api.exist('10', 'ANN')::text, '')":                                                            "",
			"select coalesce(user_finance_api.exist_current_user('10')::text, '')":                                                      "",
			"select string_agg(voucher_id::text, ',') from public.voucher":                                                              "1",
			"select string_agg(posting_id::text, ',') from public.posting":                                                              "1",
			"select postern.posting_combination_id('10', '3000')::text":                                                                 "128",
			"select authorize_comb_finance_api.is_allowed('10', postern.posting_combination_id('10', '3000'))":                          "TRUE",
			"select authorize_comb_finance_api.is_allowed('10', postern.posting_combination_id('10', '4000'))":                          "FALSE",
			"select authorize_comb_finance_api.is_allowed_codestring('10', '31', null, null, null, null, null, null, null, null, null)": "TRUE",
			// An inactive gate stops nobody here either.
			"select coalesce(security_sys.security_checkpoint('SHOP_LOOK')::text, '')": "",
		} {
			if got := Value[string](t, tx, sql); got != want {
				t.Errorf("%s: %q, want %q", sql, got, want)
			}
		}
	})
	for _, statement := range []string{
		"select user_finance_api.exist('20', 'ANN')",
		"select user_finance_api.exist_current_user('20')",
	} {
		p.as(t, func(tx pgx.Tx) { Refused(t, tx, "PS201", statement) })
	}
	Refused(t, p.application, "PS401", "select fnd_session_api.get_fnd_user()")
	Refused(t, p.application, "PS402", "select postern.begin_session('made.up.token')")

	// A change on the primary applies as soon as it has arrived.
	Run(t, p.primary, "select postern.grant_company('ANN', '20'), postern.set_user_authority_class('10', 'ANN', null)")
	p.replayed(t)
	p.as(t, func(tx pgx.Tx) {
		if got := Values[int32](t, tx, "select voucher_id from public.voucher order by 1"); !slices.Equal(got, []int32{1, 2}) {
			t.Errorf("vouchers %v after the grant", got)
		}
	})
}

// Whatever has to be written is refused with a HINT where to go instead, and nobody is asked for a PIN.
func TestStandbyPassesNoCheckpoint(t *testing.T) {
	p := newPair(t)
	Run(t, p.primary, "select postern.register_action('shop.pay', 'SHOP_PAY')")
	var challenge, ticket string
	Run(t, p.primary, "set session authorization application")
	As(t, p.primary, "ANN", func(tx pgx.Tx) {
		challenge = Value[string](t, tx, "select postern.challenge('SHOP_PAY')")
		ticket = Value[string](t, tx, "select postern.authenticate($1, 'ANN', '482913')::text", challenge)
	})
	Run(t, p.primary, "reset session authorization")
	p.replayed(t)
	for _, statement := range []string{
		"select postern.challenge('SHOP_PAY')",
		"select postern.begin_action('shop.pay')",
		"select postern.open_gates('" + ticket + "')",
		"select postern.checkpoint('SHOP_PAY')",
		"select security_sys.security_checkpoint('SHOP_PAY')",
		"select postern.set_pin('739146')",
		"select postern.authenticate('" + challenge + "', 'ANN', '482913')",
		"select postern.cancel('" + challenge + "')",
		"select postern.open_gates('018f0000-0000-7000-8000-000000000000')",
		"select postern.posting_combination_id('10', '5000')",
	} {
		p.as(t, func(tx pgx.Tx) {
			refused := Refused(t, tx, "25006", statement)
			if refused.Message != "Nothing can be written on a standby" || !strings.Contains(refused.Hint, "target_session_attrs=read-write") {
				t.Errorf("%s: %s, HINT %s", statement, refused.Message, refused.Hint)
			}
		})
	}
	asked := 0
	err := postern.Do(t.Context(), p.application, postern.TokenSession(p.signer, "ANN"), func(context.Context, *postern.CheckpointRequired) (postern.Answer, error) {
		asked++
		return postern.Answer{Response: "482913"}, nil
	}, func(tx pgx.Tx) error {
		return db.New(tx).Checkpoint(t.Context(), "SHOP_PAY", []byte("{}"))
	})
	if testdb.Code(err) != "25006" || asked != 0 {
		t.Errorf("asked %d times: %v", asked, err)
	}
	status, err := install.ReadStatus(t.Context(), p.standby.Config(), nil)
	if err != nil || !status.Standby {
		t.Errorf("the standby's status is %+v, %v", status, err)
	}
	if status, err = install.ReadStatus(t.Context(), p.primary.Config(), nil); err != nil || status.Standby {
		t.Errorf("the primary's status is %+v, %v", status, err)
	}
}
