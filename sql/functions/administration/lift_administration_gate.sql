-- For the day on which no administrator can answer any more. Only superusers and members of postern_owner may call it.
-- They could remove the trigger as well; this way the log says who it was and why. The entry exempts the transaction, so
-- it is written first.

create or replace function postern_internal.lift_administration_gate(reason text)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.require_text(reason, 'reason', 500);
  perform postern_internal.lock_settings();
  perform postern_internal.record_administration(
    kind => 'administration_gate',
    key => jsonb_build_object('reason', reason),
    before => null,
    after => null,
    message => 'Gate POSTERN_ADMINISTRATION lifted by the owner of Postern: ' || reason);
  update postern_internal.setting as s set value = 'none' where s.name = 'administration_gate';
  perform postern_internal.derive_gate_stops();
end
$$;
revoke execute on function postern_internal.lift_administration_gate(text) from public;
comment on function postern_internal.lift_administration_gate(text) is
'Switches the gate POSTERN_ADMINISTRATION off without an approval, and exempts this transaction. For the owner of Postern, if no administrator can answer any more. reason: for the log, up to 500 characters. Errors: PS107 argument.';
