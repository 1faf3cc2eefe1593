-- The application: a schema of its own, with nothing of Postern in it but the call of a gate.

create schema invoicing;

create table invoicing.supplier_invoice (
  invoice_no integer primary key,
  supplier text not null,
  amount numeric(12, 2) not null,
  state text not null default 'entered' check (state in ('entered', 'approved', 'paid'))
);

insert into invoicing.supplier_invoice (invoice_no, supplier, amount) values
  (1041, 'Nordic Paper', 1840.00),
  (1042, 'Baltic Timber', 720.50),
  (1043, 'Harbour Cranes', 15300.00),
  (6666, 'Mallory & Co', 98000.00);

create function invoicing.release_payment(number integer)
returns void
language plpgsql
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  invoice invoicing.supplier_invoice;
  msg text := message_sys.construct('SECURITY_CHECKPOINT');
begin
  select i.* into strict invoice from invoicing.supplier_invoice as i where i.invoice_no = number for update;
  call message_sys.add_attribute(msg, 'INVOICE_NO', invoice.invoice_no);
  call message_sys.add_attribute(msg, 'AMOUNT', invoice.amount);
  perform security_sys.security_checkpoint('PAYMNT_RELEASE', msg);

  update invoicing.supplier_invoice as i set state = 'paid' where i.invoice_no = number;
end
$$;
