create or replace function postern.keep_gate_reading(
  fingerprint text,
  callers jsonb
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  maximum constant integer := 8 * 1024 * 1024;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_text(fingerprint, 'fingerprint', 64);
  if octet_length(callers::text) > maximum then
    raise exception using
      errcode = 'PS107',
      message = 'The reading is too large',
      detail = format('callers has %s bytes; %s are allowed.', octet_length(callers::text), maximum),
      hint = 'Run postern doctor, which shows its findings without storing a reading.';
  end if;
  perform postern_internal.require_gate_callers(callers);

  insert into postern_internal.gate_reading as r (fingerprint, callers)
  values (fingerprint, callers)
  on conflict on constraint gate_reading_pkey do update
     set fingerprint = excluded.fingerprint,
         callers = excluded.callers,
         read_at = excluded.read_at,
         read_by = excluded.read_by;
end
$$;
revoke execute on function postern.keep_gate_reading(text, jsonb) from public;
grant execute on function postern.keep_gate_reading(text, jsonb) to postern_admin;
comment on function postern.keep_gate_reading(text, jsonb) is
'For postern doctor: stores a reading in place of the previous one, for postern.doctor to show. fingerprint: postern.gate_fingerprint() before the reading. callers: as for postern.gate_findings, at most 8 MB. Errors: PS107 argument.';
