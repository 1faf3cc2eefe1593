-- The application's part of the database. invoices_owner is the role that owns everything, and is in postern_user.
-- invoices_web is the login of the web server: it reads, and changes nothing except through the functions.

create schema invoices;

create table invoices.invoice (
  no text primary key,
  supplier text not null,
  amount numeric(12, 2) not null,
  approved_by text,
  paid_by text
);

insert into invoices.invoice (no, supplier, amount) values
  ('INV-1041', 'Nordic Paper', 1840.00),
  ('INV-1042', 'Baltic Timber', 720.50),
  ('INV-1043', 'Harbour Cranes', 15300.00),
  ('INV-6666', 'Mallory & Co', 98000.00);

select postern.register_gate('INVOICE_APPROVE', 'Approve an invoice',
  'Invoice &NO of &SUPPLIER over &AMOUNT approved', '{NO,SUPPLIER,AMOUNT}', active => true);
select postern.register_gate('INVOICE_PAY', 'Pay an invoice',
  '&AMOUNT paid to &SUPPLIER for invoice &NO', '{NO,SUPPLIER,AMOUNT}', active => true);

-- Both functions lock the row first, so that it cannot change between the question and the update.
create function invoices.approve(no text)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  i invoices.invoice;
begin
  select * into strict i from invoices.invoice as o where o.no = approve.no for update;
  if i.approved_by is not null then
    raise exception '% has approved invoice % already.', i.approved_by, no;
  end if;
  perform postern.checkpoint('INVOICE_APPROVE', jsonb_build_object('NO', no, 'SUPPLIER', i.supplier, 'AMOUNT', i.amount));
  update invoices.invoice as o set approved_by = postern.current_userid() where o.no = approve.no;
end
$$;

create function invoices.pay(no text)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  i invoices.invoice;
begin
  select * into strict i from invoices.invoice as o where o.no = pay.no for update;
  if i.approved_by is null or i.paid_by is not null then
    raise exception 'Invoice % cannot be paid now.', no;
  end if;
  if i.approved_by = postern.current_userid() then
    raise exception 'You have approved invoice %, so somebody else has to pay it.', no;
  end if;
  perform postern.checkpoint('INVOICE_PAY', jsonb_build_object('NO', no, 'SUPPLIER', i.supplier, 'AMOUNT', i.amount));
  update invoices.invoice as o set paid_by = postern.current_userid() where o.no = pay.no;
end
$$;

alter schema invoices owner to invoices_owner;
alter table invoices.invoice owner to invoices_owner;
alter function invoices.approve(text) owner to invoices_owner;
alter function invoices.pay(text) owner to invoices_owner;
revoke execute on all functions in schema invoices from public;
grant usage on schema invoices to invoices_web;
grant select on invoices.invoice to invoices_web;
grant execute on all functions in schema invoices to invoices_web;
