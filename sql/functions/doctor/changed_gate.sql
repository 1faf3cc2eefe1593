-- Derived columns decide what a gate does; only a superuser or the owner can write them by hand. The check rebuilds the
-- message from its template, with expressions that fail on no template.

create or replace view postern_internal.changed_gate as
  select case when g.stops and not d.stops then 'warn' else 'error' end as level,
         'changed_gate' as code, 'gate ' || g.gate_id as object,
         case when d.stops then 'A gate is shown as active but does not stop transactions' else 'A gate stops transactions but is shown as inactive' end as title,
         format('stops is %s in postern_internal.gate, but the gate and the settings checkpoints_enabled and administration_gate give %s. Somebody changed it without Postern.', g.stops::text, d.stops::text) as detail,
         format('select postern.set_setting(''checkpoints_enabled'', %L);', s.value) as fix
    from postern_internal.gate as g
    join postern_internal.derived_gate as d on d.gate_id = g.gate_id
    join postern_internal.setting as s on s.name = 'checkpoints_enabled'
   where g.stops <> d.stops
   union all
  select 'error', 'changed_gate', 'gate ' || g.gate_id,
         'A gate shows and logs a message other than the registered one',
         format('The message is %L, but %L is shown. Somebody changed the template without Postern.', g.message, t.message),
         format('update postern_internal.gate set message_template = postern_internal.message_template(message, parameters) where gate_id = %L;', g.gate_id)
    from postern_internal.gate as g
   cross join lateral (
     select coalesce(string_agg(case when p.matched[1] is not null then '%'
                                     when p.matched[2] is not null then '&' || coalesce(g.parameters[p.matched[2]::integer], '')
                                     else p.matched[3] end, '' order by p.position), '') as message
       from regexp_matches(g.message_template, '(%%)|%([0-9]{1,4})\$s|([^%]+|%)', 'g') with ordinality as p (matched, position)
   ) as t
   where t.message <> g.message
   union all
  select 'error', 'changed_gate', 'gate ' || g.gate_id,
         'A gate is wrongly marked as built in, or as not built in',
         'Exactly the gates with the prefix POSTERN_ are built in. Somebody changed built_in without Postern.',
         format('update postern_internal.gate set built_in = %s where gate_id = %L; select postern.set_setting(''checkpoints_enabled'', %L);',
                case when g.built_in then 'false' else 'true' end, g.gate_id, s.value)
    from postern_internal.gate as g
    join postern_internal.setting as s on s.name = 'checkpoints_enabled'
   where g.built_in <> starts_with(g.gate_id, 'POSTERN_');
comment on view postern_internal.changed_gate is 'Check of postern.doctor: gates whose stops, message_template or built_in differs from what Postern derives.';
