create or replace function sec_checkpoint_gate_api.register(
  gate_id text,
  info_msg text
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  attributes jsonb := postern.message_to_jsonb(info_msg);
  unknown text;
begin
  select string_agg(left(name, 128), ', ') into unknown
    from jsonb_object_keys(attributes) as name
   where name not in ('DESCRIPTION', 'MESSAGE', 'ACTIVE', 'PARAMETERS');
  if unknown is not null or coalesce(attributes ->> 'ACTIVE', 'FALSE') not in ('TRUE', 'FALSE')
     or jsonb_typeof(attributes -> 'PARAMETERS') <> 'object' and attributes ->> 'PARAMETERS' <> '' then
    raise exception using
      errcode = 'PS107',
      message = 'The registration message is not usable',
      detail = case when unknown is not null then format('Unknown attributes: %s.', left(unknown, 1000))
                    when coalesce(attributes ->> 'ACTIVE', 'FALSE') not in ('TRUE', 'FALSE')
                    then format('ACTIVE is %s.', left((attributes -> 'ACTIVE')::text, 128))
                    else 'PARAMETERS is not a message with the header PARAMETERS.' end,
      hint = 'Use the attributes DESCRIPTION, MESSAGE, ACTIVE (TRUE or FALSE) and PARAMETERS, a nested message with the header PARAMETERS and one attribute per parameter.';
  end if;
  perform postern.register_gate(
    gate_id,
    attributes ->> 'DESCRIPTION',
    attributes ->> 'MESSAGE',
    array(select a.name
            from message_sys.get_attributes(coalesce(nullif(message_sys.find_attribute(info_msg, 'PARAMETERS', ''), ''), '!PARAMETERS')) as a
           order by a.position),
    coalesce(attributes ->> 'ACTIVE', 'FALSE') = 'TRUE');
end
$$;
revoke execute on function sec_checkpoint_gate_api.register(text, text) from public;
grant execute on function sec_checkpoint_gate_api.register(text, text) to postern_admin;
comment on function sec_checkpoint_gate_api.register(text, text) is
'Sec_Checkpoint_Gate_API.Register: postern.register_gate with the definition as an IFS Message: DESCRIPTION, MESSAGE, ACTIVE (TRUE or FALSE; FALSE if missing), PARAMETERS (a nested message with the header PARAMETERS, one attribute per parameter). Whether the gate is exclusive stays unchanged, because such a message cannot say it. Errors: PS107.';
