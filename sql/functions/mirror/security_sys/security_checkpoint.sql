-- Reads the message only if the gate is active: most gates are not, most of the time. Every value stays text, even if
-- it is itself a message. As an object it would lose its order and its comments, and an approval would hold for a text
-- other than the one shown.

create or replace function security_sys.security_checkpoint(
  gate_id text,
  msg text default null
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if postern_internal.gate_is_active(gate_id) then
    if octet_length(msg) > 262144 then
      raise exception using
        errcode = 'PS107',
        message = 'The message is too long',
        detail = format('It has %s bytes; 262144 are allowed.', octet_length(msg)),
        hint = 'Pass what identifies the business object instead of the object itself: this text goes into the log.';
    end if;
    perform postern.checkpoint(
      gate_id,
      case when msg is null then '{}'
           else (select coalesce(jsonb_object_agg(a.name, a.value), '{}') from message_sys.get_attributes(msg) as a) end);
  end if;
end
$$;
revoke execute on function security_sys.security_checkpoint(text, text) from public;
grant execute on function security_sys.security_checkpoint(text, text) to postern_user;
comment on function security_sys.security_checkpoint(text, text) is
'Security_SYS.Security_Checkpoint: postern.checkpoint with the parameters as an IFS Message, which is read only if the gate is active. NULL: no parameters. Errors: those of postern.checkpoint.';
