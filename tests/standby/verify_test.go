package standby_test

import (
	"crypto/rand"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/install"
	. "github.com/posternsql/postern/internal/testsql"
)

// titles are what verify finds.
func titles(t *testing.T, config *pgx.ConnConfig) []string {
	t.Helper()
	differences, err := install.Verify(t.Context(), config, install.VerifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	found := []string{}
	for _, difference := range differences {
		found = append(found, difference.Title())
	}
	return found
}

// growth is how many bytes of WAL the primary writes during a call.
func (p *pair) growth(t *testing.T, do func()) int64 {
	t.Helper()
	before := Value[string](t, p.primary, "select pg_current_wal_insert_lsn()::text")
	do()
	return Value[int64](t, p.primary, "select (pg_current_wal_insert_lsn() - $1::pg_lsn)::bigint", before)
}

func TestAuditorVerifiesWithoutATrace(t *testing.T) {
	p := newPair(t)
	password := rand.Text()
	Run(t, p.primary, "create role controller login password '"+password+"' in role postern_auditor")
	p.replayed(t)
	onPrimary := connect(t, p.first, "controller", password).Config()
	onStandby := connect(t, p.second, "controller", password).Config()
	for _, config := range []*pgx.ConnConfig{onPrimary, onStandby} {
		if found := titles(t, config); len(found) > 0 {
			t.Errorf("verify finds %q", found)
		}
	}

	// The first reader tidies up after an installation, and the server writes a record of its own now and then. So one
	// quiet round is enough, and a verification that writes never has one.
	Run(t, p.primary, "vacuum")
	Run(t, p.primary, "checkpoint")
	least := int64(-1)
	for round := 0; round < 5 && least != 0; round++ {
		grown := p.growth(t, func() {
			for range 10 {
				titles(t, onPrimary)
			}
		})
		if least < 0 || grown < least {
			least = grown
		}
	}
	if least != 0 {
		t.Errorf("ten verifications write at least %d bytes of WAL", least)
	}
	if grown := p.growth(t, func() { Run(t, p.primary, "create table public.naive (); drop table public.naive") }); grown < 1000 {
		t.Errorf("naive: creating a table writes %d bytes", grown)
	}

	Run(t, p.primary, "alter function postern.set_pin(text) security invoker; grant select on postern_internal.credential to postern_user")
	p.replayed(t)
	for _, config := range []*pgx.ConnConfig{onPrimary, onStandby} {
		found := titles(t, config)
		if len(found) != 2 || found[0] != "changed: function postern.set_pin(new_pin text)" || found[1] != "extra: grant select on table postern_internal.credential to postern_user" {
			t.Errorf("verify finds %q", found)
		}
	}
}
