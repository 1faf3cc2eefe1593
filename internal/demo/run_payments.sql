create function invoicing.run_payments()
returns void
language plpgsql
security definer set search_path = pg_catalog, pg_temp
as $$
declare
  due integer[] := array(
    select i.invoice_no from invoicing.supplier_invoice as i where i.state = 'approved' order by i.invoice_no for update);
  number integer;
begin
  perform postern.begin_action('PaymentRun', jsonb_build_object('INVOICES', array_to_string(due, ', ')));
  foreach number in array due loop
    perform invoicing.release_payment(number);  -- written years ago
  end loop;
end
$$;
