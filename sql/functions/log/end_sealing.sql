-- The snapshot is the transaction's only at REPEATABLE READ: it has to be the one by which the entries were read.

create or replace function postern.end_sealing()
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.require_allowed_login();
  if current_setting('transaction_isolation') <> 'repeatable read' then
    raise exception using
      errcode = '25001',
      message = 'Sealing needs one snapshot',
      detail = format('The transaction is %s.', current_setting('transaction_isolation')),
      hint = 'Seal with "installer log seal".';
  end if;
  update postern_internal.sealing as s
     set snapshot = pg_current_snapshot(),
         system_identifier = (select c.system_identifier from pg_control_system() as c);
end
$$;
revoke execute on function postern.end_sealing() from public;
grant execute on function postern.end_sealing() to postern_sealer;
comment on function postern.end_sealing() is
'Says that all entries which this transaction sees have a leaf now. Errors: 25001 the transaction is not REPEATABLE READ.';
