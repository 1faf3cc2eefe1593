-- Derived columns say what a gate does; nobody but a superuser or the owner can write them by hand. The message is put
-- together again from its template, in words that fail on no template.

create or replace view postern_internal.changed_gate as
  select case when g.stops and not d.stops then 'warn' else 'error' end as level,
         'changed_gate' as code, 'gate ' || g.gate_id as object,
         case when d.stops then 'A gate is shown as active and stops nobody' else 'A gate stops everybody and is shown as inactive' end as title,
         format('stops is %s in postern_internal.gate; from the gate and the setting checkpoints_enabled follows %s. Somebody changed it past Postern.', g.stops::text, d.stops::text) as detail,
         format('select postern.set_setting(''checkpoints_enabled'', %L);', s.value) as fix
    from postern_internal.gate as g
    join postern_internal.derived_gate as d on d.gate_id = g.gate_id
    join postern_internal.setting as s on s.name = 'checkpoints_enabled'
   where g.stops <> d.stops
   union all
  select 'error', 'changed_gate', 'gate ' || g.gate_id,
         'A gate shows and logs another message than the registered one',
         format('The message is %L; shown is %L. Somebody changed the template past Postern.', g.message, t.message),
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
         'A gate is built in that is not Postern''s, or Postern''s own is not',
         'The prefix POSTERN_ says which gates are. Somebody changed built_in past Postern.',
         format('update postern_internal.gate set built_in = %s where gate_id = %L; select postern.set_setting(''checkpoints_enabled'', %L);',
                case when g.built_in then 'false' else 'true' end, g.gate_id, s.value)
    from postern_internal.gate as g
    join postern_internal.setting as s on s.name = 'checkpoints_enabled'
   where g.built_in <> starts_with(g.gate_id, 'POSTERN_');
comment on view postern_internal.changed_gate is 'Check of postern.doctor: gates whose stops, message_template or built_in is not what Postern made it.';
