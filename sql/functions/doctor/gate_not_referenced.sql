-- One finding for all functions that begin an action, because a registration replaces the one before.

create or replace function postern_internal.gate_not_referenced(callers jsonb)
returns table (level text, code text, object text, title text, detail text, fix text)
language sql
stable
rows 10
begin atomic
  with missing as (
    select a.action, a.checkpoint, a.legacy_checkpoints,
           pg_catalog.string_agg(distinct c.name, ' and ' order by c.name) as entries,
           pg_catalog.array_agg(distinct r.gate_id order by r.gate_id) as gates
      from postern_internal.gate_caller(callers) as c
     cross join lateral pg_catalog.unnest(c.actions) as b (action)
      join postern_internal.action as a on a.action = b.action
     cross join lateral pg_catalog.unnest(c.reached) as g (gate_id)
      join postern_internal.gate as r on r.gate_id = g.gate_id
     where not r.exclusive
       and r.gate_id is distinct from a.checkpoint
       and r.gate_id <> all (a.legacy_checkpoints)
     group by a.action
  )
  select 'warn' as level, 'gate_not_referenced' as code, 'action ' || m.action as object,
         'An action reaches gates that it does not reference' as title,
         pg_catalog.format('From %s, where it begins, it reaches %s. If one of them is active and the action''s own checkpoint is not, it fails with PS105.',
                           m.entries, pg_catalog.array_to_string(m.gates, ', ')) as detail,
         pg_catalog.format('select postern.register_action(%L, %s, array[%s]);', m.action, pg_catalog.quote_nullable(m.checkpoint),
                           (select pg_catalog.string_agg(pg_catalog.quote_literal(g.gate_id), ', ' order by g.position)
                              from pg_catalog.unnest(m.legacy_checkpoints || m.gates) with ordinality as g (gate_id, position))) as fix
    from missing as m;
end;
revoke execute on function postern_internal.gate_not_referenced(jsonb) from public;
comment on function postern_internal.gate_not_referenced(jsonb) is 'Check of postern.doctor: gates that an action reaches from where it begins, and that are neither its own checkpoint nor referenced by it. callers: as for postern.gate_findings.';
