-- The same table three times: without a guard, with one whose gate is inactive, and with one whose gate asks.

create procedure bench.fill_guarded(rows integer)
language plpgsql
as $$
declare
  name text;
begin
  perform postern.register_gate('BENCH_GUARD_INACTIVE', 'Approve invoices', '&ROWS invoices over &TOTAL approved', '{ROWS,TOTAL}', active => false);
  perform postern.register_gate('BENCH_GUARD', 'Approve invoices', '&ROWS invoices over &TOTAL approved', '{ROWS,TOTAL}', active => true);
  foreach name in array array['plain_invoice', 'inactive_invoice', 'guarded_invoice'] loop
    execute format('create table bench.%I (invoice_no integer primary key, supplier text not null, amount numeric not null, approved boolean not null, note text not null) with (autovacuum_enabled = off)', name);
    execute format('insert into bench.%I select n, ''Supplier '' || n %% 100, n, false, ''as ordered'' from generate_series(1, $1) as n', name) using rows;
    execute format('grant select, update on bench.%I to public', name);
  end loop;
  perform postern.protect_gate('bench.inactive_invoice', 'BENCH_GUARD_INACTIVE', columns => '{approved}', parameters => '{"ROWS": "count", "TOTAL": "sum(amount)"}', condition => 'new.approved and not old.approved');
  perform postern.protect_gate('bench.guarded_invoice', 'BENCH_GUARD', columns => '{approved}', parameters => '{"ROWS": "count", "TOTAL": "sum(amount)"}', condition => 'new.approved and not old.approved');
end
$$;
