-- The business tables again, with the audit table that applications usually have: a trigger on each table writes one
-- row for each changed row, with the row as JSON.

create table bench.audited_supplier_invoice (like bench.supplier_invoice including all);
create table bench.audited_invoice_item (like bench.invoice_item including all);
create table bench.audited_payment_proposal (like bench.payment_proposal including all);

create table bench.audit (
  audit_id bigint generated always as identity primary key,
  changed_at timestamptz not null default clock_timestamp(),
  userid text not null,
  db_role name not null default session_user,
  relation regclass not null,
  operation text not null,
  old_row jsonb,
  new_row jsonb
);
create index on bench.audit (relation, changed_at);
grant insert on bench.audited_supplier_invoice, bench.audited_invoice_item, bench.audited_payment_proposal to public;

create function bench.audit()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into bench.audit (userid, relation, operation, old_row, new_row)
  values (current_setting('app.userid'), tg_relid, tg_op, case when tg_op <> 'INSERT' then to_jsonb(old) end, case when tg_op <> 'DELETE' then to_jsonb(new) end);
  return null;
end
$$;
create trigger audit after insert or update or delete on bench.audited_supplier_invoice for each row execute function bench.audit();
create trigger audit after insert or update or delete on bench.audited_invoice_item for each row execute function bench.audit();
create trigger audit after insert or update or delete on bench.audited_payment_proposal for each row execute function bench.audit();

create function bench.insert_audited_rows(number integer)
returns void
language plpgsql
as $$
begin
  insert into bench.audited_supplier_invoice (company, supplier_id, invoice_no, invoice_date, due_date, currency, amount, state)
  values ('10', 'S-1001', 'INV-' || number, '2025-03-01', '2025-03-31', 'EUR', 1250.00, 'Approved');
  insert into bench.audited_invoice_item (company, invoice_no, line_no, description, quantity, price, tax_code)
  values ('10', 'INV-' || number, 1, 'Steel sheets 2 mm', 50, 25.00, 'V20');
  insert into bench.audited_payment_proposal (company, supplier_id, invoice_no, pay_date, amount, way, state)
  values ('10', 'S-1001', 'INV-' || number, '2025-03-28', 1250.00, 'SEPA', 'Proposed');
end
$$;
comment on function bench.insert_audited_rows(integer) is 'As bench.insert_rows, with an audit trigger on each table.';

create function bench.insert_approved_rows(
  gate_id text,
  parameters jsonb,
  number integer
)
returns void
language plpgsql
as $$
begin
  perform postern.checkpoint(gate_id, parameters);
  perform bench.insert_rows(number);
end
$$;
comment on function bench.insert_approved_rows(text, jsonb, integer) is 'As bench.insert_rows, behind a gate.';

-- So many earlier rows that the table is as long as the log.
create procedure bench.fill_audit(number_of_rows integer)
language plpgsql
as $$
begin
  perform set_config('app.userid', 'USER', true);
  for i in 1 .. number_of_rows / 3 loop
    perform bench.insert_audited_rows(i);
  end loop;
end
$$;
