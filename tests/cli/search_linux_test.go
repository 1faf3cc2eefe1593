package cli_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/testdb"
)

// maximumSearchPeak is the memory in kB that doctor and the search for gates may use.
const maximumSearchPeak = 300 << 10

func TestGateSearchKeepsWithinItsMemory(t *testing.T) {
	database := testdb.New(t)
	connection, err := pgx.Connect(t.Context(), database.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close(t.Context())
	// Each function calls two others and reads a table. One in fifty has a gate, which the action references.
	if _, err := connection.Exec(t.Context(), `
create schema erp;
do $do$
begin
  for i in 0 .. 1999 loop
    execute format('create table erp.table_%s (id integer, amount numeric)', i);
  end loop;
  for i in 0 .. 4999 loop
    execute format($$create function erp.function_%s(i integer) returns void language plpgsql as $body$
begin
  -- %s
  perform t.id from erp.table_%s as t where t.amount > i;
  perform erp.function_%s(i), erp.function_%s(i);
  %s
end
$body$ $$, i, repeat('what it does, and why ', 50), i % 2000, (2 * i + 1) % 5000, (2 * i + 2) % 5000,
      case when i % 50 = 7 then format('perform postern.checkpoint(%L);', 'ERP_GATE_' || i) end);
    if i % 50 = 7 then
      perform postern.register_gate('ERP_GATE_' || i, 'A gate', 'Passed');
    end if;
  end loop;
  perform postern.register_action('Everything', null, array(select 'ERP_GATE_' || i from generate_series(7, 4999, 50) as i));
end
$do$`); err != nil {
		t.Fatal(err)
	}
	kilobytes, lines := peak(t, database, "postern-peak", "action", "gates", "Everything", "--entry", "erp.function_0")
	if lines < 200 {
		t.Errorf("the search printed %d lines", lines)
	}
	if kilobytes > maximumSearchPeak {
		t.Errorf("the search held %d kB, more than %d", kilobytes, maximumSearchPeak)
	}
	t.Logf("%d kB", kilobytes)

	// The same for doctor, for a hundred actions at once.
	if _, err := connection.Exec(t.Context(), `
do $do$
begin
  for i in 1 .. 100 loop
    execute format($$create function erp.entry_%1$s() returns void language plpgsql as 'begin perform postern.begin_action(''Everything''); perform erp.function_%1$s(1); end' $$, i);
  end loop;
end
$do$`); err != nil {
		t.Fatal(err)
	}
	// It exits with 0 if it finds nothing but accepted findings about the server.
	kilobytes, _ = peak(t, database, "postern-peak", "doctor")
	if kilobytes > maximumSearchPeak {
		t.Errorf("doctor held %d kB, more than %d", kilobytes, maximumSearchPeak)
	}
	t.Logf("doctor: %d kB", kilobytes)
}
