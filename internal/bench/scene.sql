-- The objects of the measurements. A superuser creates them in a new database.

create schema bench;
grant usage on schema bench to public;

create table bench.probe (
  name text primary key,
  value boolean not null
);
comment on table bench.probe is 'As many rows as there are gates.';
insert into bench.probe values ('BENCH_ROW', true), ('OTHER_ROW', true), ('THIRD_ROW', false);

create function bench.read_one_row(name text)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  value boolean;
begin
  select p.value into value from bench.probe as p where p.name = read_one_row.name;
end
$$;
comment on function bench.read_one_row(text) is 'What a gate that stops nobody is compared with.';

create table bench.supplier_invoice (
  invoice_id bigint generated always as identity primary key,
  company text not null,
  supplier_id text not null,
  invoice_no text not null,
  invoice_date date not null,
  due_date date not null,
  currency text not null,
  amount numeric not null,
  state text not null,
  created_at timestamptz not null default clock_timestamp()
);
create table bench.invoice_item (
  item_id bigint generated always as identity primary key,
  company text not null,
  invoice_no text not null,
  line_no integer not null,
  description text not null,
  quantity numeric not null,
  price numeric not null,
  tax_code text not null,
  created_at timestamptz not null default clock_timestamp()
);
create table bench.payment_proposal (
  proposal_id bigint generated always as identity primary key,
  company text not null,
  supplier_id text not null,
  invoice_no text not null,
  pay_date date not null,
  amount numeric not null,
  way text not null,
  state text not null,
  created_at timestamptz not null default clock_timestamp()
);
grant insert on bench.supplier_invoice, bench.invoice_item, bench.payment_proposal to public;

create function bench.insert_rows(number integer)
returns void
language plpgsql
as $$
begin
  insert into bench.supplier_invoice (company, supplier_id, invoice_no, invoice_date, due_date, currency, amount, state)
  values ('10', 'S-1001', 'INV-' || number, '2025-03-01', '2025-03-31', 'EUR', 1250.00, 'Approved');
  insert into bench.invoice_item (company, invoice_no, line_no, description, quantity, price, tax_code)
  values ('10', 'INV-' || number, 1, 'Steel sheets 2 mm', 50, 25.00, 'V20');
  insert into bench.payment_proposal (company, supplier_id, invoice_no, pay_date, amount, way, state)
  values ('10', 'S-1001', 'INV-' || number, '2025-03-28', 1250.00, 'SEPA', 'Proposed');
end
$$;
comment on function bench.insert_rows(integer) is 'What passing a gate is compared with.';

create function bench.pass(
  ticket uuid,
  gate_id text,
  parameters jsonb
)
returns void
language plpgsql
as $$
begin
  perform postern.open_gates(ticket);
  perform postern.checkpoint(gate_id, parameters);
end
$$;
comment on function bench.pass(uuid, text, jsonb) is 'What a transaction that is sent again with a ticket does besides its business.';

-- Times the inside of transactions, baseline and subject in turns. Each runs in a separate transaction, since a
-- transaction can use only one ticket. Setting the end user, and the commit, are not timed.
create procedure bench.transactions(
  userid text,
  tickets uuid[],
  gate_id text,
  parameters jsonb,
  inout baseline double precision default null,
  inout subject double precision default null
)
language plpgsql
as $$
declare
  started timestamptz;
  baselines double precision[] := '{}';
  subjects double precision[] := '{}';
begin
  for number in 1 .. cardinality(tickets) loop
    perform postern.assume_user(userid);
    started := clock_timestamp();
    perform bench.insert_rows(number);
    baselines[number] := extract(epoch from clock_timestamp() - started) * 1000000;
    commit;
    perform postern.assume_user(userid);
    started := clock_timestamp();
    perform bench.pass(tickets[number], gate_id, parameters);
    subjects[number] := extract(epoch from clock_timestamp() - started) * 1000000;
    commit;
  end loop;
  select percentile_cont(0.5) within group (order by b), percentile_cont(0.5) within group (order by s)
    into baseline, subject
    from unnest(baselines, subjects) as measured (b, s);
end
$$;
comment on procedure bench.transactions(text, uuid[], text, jsonb, double precision, double precision) is 'Median microseconds of baseline and subject.';

create function bench.make_tickets(
  userid text,
  gate_id text,
  parameters jsonb,
  session_role name,
  number_of_tickets integer
)
returns setof uuid
language sql
as $$
  with approved as materialized (
    select g.gate_id, g.exclusive,
           postern_internal.digest(g.gate_id, null, g.unbound_parameters, make_tickets.parameters) as digest,
           postern_internal.substitute(g.message_template, g.parameters, make_tickets.parameters) as message
      from postern_internal.gate as g
     where g.gate_id = make_tickets.gate_id
  )
  insert into postern_internal.ticket
    (ticket, nonce, verdict, locked_until, userid, authenticated_by, scheme, comment, gate_id, exclusive, digest, parameters, message, session_role, expires_at)
  select postern_internal.new_uuid(), postern_internal.new_uuid(), 'accepted', '-infinity', userid, userid, 'PIN', 'As agreed with the supplier', a.gate_id, a.exclusive,
         a.digest, make_tickets.parameters::text, a.message, session_role, clock_timestamp() + interval '1 hour'
    from approved as a, generate_series(1, number_of_tickets)
  returning ticket
$$;

-- Rows of earlier days, so that no table is empty and no index is a single page.
create procedure bench.fill(number_of_rows integer)
language plpgsql
as $$
begin
  insert into postern_internal.ticket
    (ticket, nonce, verdict, locked_until, userid, authenticated_by, scheme, gate_id, exclusive, digest, parameters, message, session_role, transaction_id, expires_at)
  select postern_internal.new_uuid(), postern_internal.new_uuid(), 'accepted', '-infinity', 'USER' || i % 500, 'USER' || i % 500, 'PIN', 'BENCH_APPROVE', false, sha256(i::text::bytea),
         jsonb_build_object('SUPPLIER_ID', 'S-1001', 'INVOICE_NO', 'INV-' || i, 'AMOUNT', '1250.00'), 'Invoice INV-' || i || ' of S-1001 over 1250.00 approved', 'erp',
         i::text::xid8, clock_timestamp() - interval '1 day'
    from generate_series(1, number_of_rows) as i;
  insert into postern_internal.open_gate
    (ticket, nonce, transaction_id, opened_at, userid, authenticated_by, scheme, gate_id, exclusive, digest, parameters, message, session_role, expires_at, session)
  select t.ticket, t.nonce, t.transaction_id, t.expires_at, t.userid, t.authenticated_by, t.scheme, t.gate_id, t.exclusive, t.digest, t.parameters, t.message, t.session_role, t.expires_at, 'of an earlier transaction'
    from postern_internal.ticket as t;
  insert into postern_internal.checkpoint_entry
    (outcome, gate_id, userid, authenticated_by, logged_at, message, parameters, scheme, session_role, transaction_id)
  select 'passed', 'BENCH_APPROVE', 'USER' || i % 500, 'USER' || i % 500, clock_timestamp() - interval '1 day', 'Invoice INV-' || i || ' of S-1001 over 1250.00 approved',
         jsonb_build_object('SUPPLIER_ID', 'S-1001', 'INVOICE_NO', 'INV-' || i, 'AMOUNT', '1250.00'), 'PIN', 'erp', i::text::xid8
    from generate_series(1, number_of_rows) as i;
  for i in 1 .. number_of_rows loop
    perform bench.insert_rows(i);
  end loop;
end
$$;
