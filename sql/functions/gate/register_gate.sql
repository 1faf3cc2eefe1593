-- Registration is part of the upgrade of an application, so it runs again and again. It updates description and
-- parameters, and keeps what an administrator has changed.

create or replace function postern.register_gate(
  gate_id text,
  description text,
  message text,
  parameters text[] default '{}',
  active boolean default false,
  bound_parameters text[] default null,
  exclusive boolean default null
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  kept_message text;
  reason text;
  spelling text;
  guarded text;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  if gate_id is null or length(gate_id) > 30 or gate_id !~ '^[A-Za-z][A-Za-z0-9]*_[A-Za-z0-9_]+$' then
    reason := format('gate_id is %s.', coalesce(to_jsonb(left(gate_id, 128))::text, 'NULL'));
  elsif starts_with(upper(gate_id collate "C"), 'POSTERN_') then
    reason := format('gate_id is %s; the prefix POSTERN is Postern''s own.', to_jsonb(gate_id));
  end if;
  if reason is not null then
    raise exception using
      errcode = 'PS107',
      message = 'The gate id is not usable',
      detail = reason,
      hint = 'Use at most 30 letters, digits and underscores, with the component as prefix: SINWOF_APPROVE.';
  end if;
  perform postern_internal.require_text(description, 'description', 200);
  if parameters is null or active is null then
    raise exception using
      errcode = 'PS107',
      message = 'An argument is missing',
      detail = format('%s is NULL.', case when parameters is null then 'parameters' else 'active' end),
      hint = 'Omit the argument to get its default.';
  end if;

  select case
           when cardinality(parameters) > 50 then format('There are %s parameters; 50 are allowed.', cardinality(parameters))
           when array_ndims(parameters) > 1 or array_ndims(bound_parameters) > 1 then 'An array has more than one dimension.'
           when exists (select from unnest(parameters) as name where name is null or name !~ '^[A-Za-z][A-Za-z0-9_]{0,29}$')
             then 'Not usable: ' || (select string_agg(coalesce(to_jsonb(left(name, 128))::text, 'NULL'), ', ')
                                       from unnest(parameters) as name where name is null or name !~ '^[A-Za-z][A-Za-z0-9_]{0,29}$') || '.'
           when (select count(distinct name) from unnest(parameters) as name) < cardinality(parameters) then 'A name occurs twice.'
           when not coalesce(bound_parameters, parameters) <@ parameters or array_position(bound_parameters, null) is not null
             then format('Bound, but not a parameter of the gate: %s.',
                         (select string_agg(coalesce(to_jsonb(left(name, 128))::text, 'NULL'), ', ')
                            from unnest(bound_parameters) as name where name is null or name <> all (parameters)))
         end
    into reason;
  if reason is not null then
    raise exception using
      errcode = 'PS107',
      message = 'The parameters of the gate are not usable',
      detail = reason,
      hint = 'Give each parameter a name of 1 to 30 letters, digits and underscores, beginning with a letter; list some of them in bound_parameters.';
  end if;
  perform postern_internal.check_gate_message(message, parameters);

  perform postern_internal.lock_settings();
  select g.gate_id into spelling
    from postern_internal.gate as g
   where upper(g.gate_id collate "C") = upper(register_gate.gate_id collate "C") and g.gate_id <> register_gate.gate_id;
  if found then
    raise exception using
      errcode = 'PS107',
      message = 'The gate is registered in another spelling',
      detail = format('gate_id is %s, but %s is registered.', gate_id, spelling),
      hint = 'Use the registered spelling, in the registration and in the business code.';
  end if;
  -- An administrator's message must fit the new parameters too, or each later pass would fail.
  select g.message into kept_message
    from postern_internal.gate as g
   where g.gate_id = register_gate.gate_id and g.message_administered
     for update;
  if found then
    perform postern_internal.check_gate_message(kept_message, parameters);
  end if;

  -- Otherwise the approval of one row would open the next UPDATE of ten thousand rows.
  if not exclusive then
    select string_agg(format('%I.%I', p.schema_name, p.table_name), ', ' order by p.schema_name, p.table_name)
      into guarded
      from postern_internal.protected_table as p
     where p.gate_id = register_gate.gate_id and p.exclusive;
    if guarded is not null then
      raise exception using
        errcode = 'PS107',
        message = format('Gate %s must stay exclusive', gate_id),
        detail = format('It guards tables that ask for themselves: %s.', guarded),
        hint = 'Omit exclusive. To change it, first guard each table with exclusive => false: call postern.unprotect_gate, and postern.protect_gate again.';
    end if;
  end if;

  if not exclusive and exists (select from postern_internal.gate as g where g.gate_id = register_gate.gate_id and g.schemes is not null) then
    raise exception using
      errcode = 'PS107',
      message = format('Gate %s must stay exclusive', gate_id),
      detail = 'It accepts only some schemes, and the approval of another gate would open it with any.',
      hint = 'Omit exclusive. To change it, first let the gate accept every scheme: call postern.set_gate_schemes with NULL.';
  end if;

  -- An approval that was given before would open other gates too, and this one many times.
  if exclusive then
    update postern_internal.ticket as t
       set expires_at = clock_timestamp()
      from postern_internal.gate as g
     where g.gate_id = register_gate.gate_id
       and not g.exclusive
       and t.gate_id = g.gate_id
       and t.expires_at > clock_timestamp();
  end if;

  insert into postern_internal.gate as g (gate_id, description, message, message_template, parameters, unbound_parameters, active, exclusive)
  values (gate_id, description, message, postern_internal.message_template(coalesce(kept_message, message), parameters), parameters,
          array(select name from unnest(parameters) as name where name <> all (bound_parameters)), active, coalesce(exclusive, false))
  on conflict on constraint gate_pkey do update
     set description = excluded.description,
         message = case when g.message_administered then g.message else excluded.message end,
         message_template = excluded.message_template,
         parameters = excluded.parameters,
         unbound_parameters = excluded.unbound_parameters,
         exclusive = coalesce(register_gate.exclusive, g.exclusive),
         active = case when g.active_administered then g.active else excluded.active end,
         registered_at = excluded.registered_at;
  perform postern_internal.derive_gate_stops(gate_id);
end
$$;
revoke execute on function postern.register_gate(text, text, text, text[], boolean, text[], boolean) from public;
grant execute on function postern.register_gate(text, text, text, text[], boolean, text[], boolean) to postern_admin;
comment on function postern.register_gate(text, text, text, text[], boolean, text[], boolean) is
'Registers a gate, or updates it; what an administrator set with set_gate_active and set_gate_message stays. gate_id: at most 30 characters, with the component as prefix. description: for the dialog and for administrators, at most 200 characters. message: for the log, at most 2000 characters, with &NAME for parameters. active: whether the gate stops transactions; ignored once an administrator has set it. bound_parameters: those whose values must stay the same when the approved transaction is sent again; NULL: all. The others may then differ from what the person was shown; if they are in the message, the log has both messages. exclusive: whether each pass needs its own approval, which opens nothing else; NULL: unchanged, and false for a new gate. When a gate becomes exclusive, unused approvals end. A gate that guards a table with exclusive => true, or that accepts only some schemes, stays so. Errors: PS107. Warns if the message repeats what each log entry contains anyway.';
