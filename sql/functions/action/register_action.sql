-- Part of the upgrade of an application, like the registration of gates. It replaces what was registered before.

create or replace function postern.register_action(
  action text,
  checkpoint text default null,
  legacy_checkpoints text[] default '{}'
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  reason text;
  gates text[];
  unknown text;
  built_in text;
  spelling text;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_text(action, 'action', 128);
  if action ~ '[[:cntrl:]]' then
    raise exception using
      errcode = 'PS107',
      message = 'The name of the action is not usable',
      detail = format('action is %s.', to_jsonb(action)),
      hint = 'Remove the control characters.';
  end if;
  reason := case
    when legacy_checkpoints is null then 'legacy_checkpoints is NULL.'
    when array_ndims(legacy_checkpoints) > 1 then 'legacy_checkpoints has more than one dimension.'
    when cardinality(legacy_checkpoints) > 200 then format('There are %s; 200 are allowed.', cardinality(legacy_checkpoints))
    when array_position(legacy_checkpoints, null) is not null then 'One of them is NULL.'
    when (select count(distinct gate_id) from unnest(legacy_checkpoints) as gate_id) < cardinality(legacy_checkpoints) then 'A gate occurs twice.'
  end;
  if reason is not null then
    raise exception using
      errcode = 'PS107',
      message = 'The legacy checkpoints of the action are not usable',
      detail = reason,
      hint = 'Pass the ids of the gates that the action''s business code reaches, each once. Omit the argument if there are none.';
  end if;

  gates := array_remove(checkpoint || legacy_checkpoints, null);
  select string_agg(to_jsonb(left(reference.gate_id, 128))::text, ', ') filter (where g.gate_id is null),
         string_agg(g.gate_id, ', ') filter (where g.built_in)
    into unknown, built_in
    from unnest(gates) as reference (gate_id)
    left join postern_internal.gate as g on g.gate_id = reference.gate_id;
  if unknown is not null then
    raise exception using
      errcode = 'PS106',
      message = 'The action references gates that do not exist',
      detail = format('Not registered: %s.', left(unknown, 1000)),
      hint = coalesce(
        (select 'Write ' || string_agg(g.gate_id, ', ' order by g.gate_id) || ', the registered spelling: upper and lower case differ.'
           from unnest(gates) as reference (gate_id)
           join postern_internal.gate as g
             on upper(g.gate_id collate "C") = upper(reference.gate_id collate "C") and g.gate_id <> reference.gate_id),
        'Register them with postern.register_gate first, or choose gates in postern.gate.');
  end if;
  if built_in is not null then
    raise exception using
      errcode = 'PS107',
      message = 'An action cannot reference a built-in gate',
      detail = format('Built in: %s.', built_in),
      hint = 'Leave it out: it always needs its own approval, even inside an action.';
  end if;

  perform postern_internal.lock_settings();
  select a.action into spelling
    from postern_internal.action as a
   where upper(a.action collate "C") = upper(register_action.action collate "C") and a.action <> register_action.action;
  if found then
    raise exception using
      errcode = 'PS107',
      message = 'The action is registered in another spelling',
      detail = format('action is %s, but %s is registered.', to_jsonb(action), to_jsonb(spelling)),
      hint = 'Use the registered spelling, in the registration and where the action begins; or remove it first, with postern.remove_action.';
  end if;
  insert into postern_internal.action as a (action, checkpoint, legacy_checkpoints)
  values (action, checkpoint, legacy_checkpoints)
  on conflict on constraint action_pkey do update
     set checkpoint = excluded.checkpoint,
         legacy_checkpoints = excluded.legacy_checkpoints,
         registered_at = excluded.registered_at;
end
$$;
revoke execute on function postern.register_action(text, text, text[]) from public;
grant execute on function postern.register_action(text, text, text[]) to postern_admin;
comment on function postern.register_action(text, text, text[]) is
'Registers an action, or replaces what was registered. action: its name, at most 128 characters. checkpoint: the gate that stops the action itself; NULL: none. legacy_checkpoints: the gates that its business code reaches, at most 200. Errors: PS106 no such gate, PS107 argument.';
