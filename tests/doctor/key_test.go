package doctor_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	. "github.com/posternsql/postern/internal/testsql"
)

// The role that runs migrations owns the tables and is not an end user. PostgreSQL checks a key's rows with that role's
// query.
func TestOwnerOfTheTableCanRunTheFixOfAKey(t *testing.T) {
	for name, seed := range map[string]string{
		"plain": `
create table shop.{other} (id integer primary key, company text);
create table shop.{table} (company text, id integer references shop.{other} on delete cascade);`,
		"partitioned": `
create table shop.{other} (id integer primary key, company text) partition by list (id);
create table shop.{other}_rest partition of shop.{other} default;
create table shop.{table} (company text, id integer references shop.{other} on delete cascade) partition by list (id);
create table shop.{table}_rest partition of shop.{table} default;`,
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, "voucher", "supplier")
			login := s.Login(t, "postern_admin")
			migrator := login.Connect(t)
			owner := pgx.Identifier{login.Name}.Sanitize()
			Run(t, s.Pool, "grant all on schema shop to "+owner+"; set role "+owner+"; "+s.fill(seed)+"reset role")
			Run(t, s.Pool, s.fill("insert into shop.{other} values (1, '10'); insert into shop.{table} values ('10', 1)"))
			Run(t, migrator, "select postern.protect_company('shop.supplier'), postern.protect_company('shop.voucher')")
			found := s.findings(t)
			if len(found) != 1 || found[0].Code != "foreign_key_action" {
				t.Fatalf("found %+v, want foreign_key_action only", found)
			}
			Run(t, migrator, found[0].Fix)
			s.requireFindings(t)
			if got := Value[bool](t, s.Pool, "select convalidated and confdeltype = 'a' from pg_catalog.pg_constraint where conrelid = 'shop.voucher'::pg_catalog.regclass and contype = 'f' and conparentid = 0"); !got {
				t.Error("the key has its action still, or is not valid")
			}
		})
	}
}
