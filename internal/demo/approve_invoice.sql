create function invoicing.approve_invoice(number integer)
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
  call message_sys.add_attribute(msg, 'SUPPLIER', invoice.supplier);
  call message_sys.add_attribute(msg, 'AMOUNT', invoice.amount);
  perform security_sys.security_checkpoint('SINWOF_APPROVE', msg);  -- the gate

  update invoicing.supplier_invoice as i set state = 'approved' where i.invoice_no = number;
end
$$;
