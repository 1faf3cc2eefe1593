create or replace view postern_internal.changed_guard as
  with guarded as materialized (
    select g.* from postern_internal.guarded_relation as g
  )
  select 'error' as level, 'changed_guard' as code, g.object,
         case g.place when 'above' then 'A guarded table is written through this one, past its guard'
                      else 'The guard of a table was changed' end as title,
         upper(left(f.faults, 1)) || substr(f.faults, 2) || '.' as detail,
         case when g.place = 'above' then coalesce(e.guard_it, e.leave)
              when g.relkind = 'f' then l.leave
              else case when p.proowner <> c.relowner and g.place = 'itself'
                        then format('alter function %s owner to %I; ', h.identity, pg_get_userbyid(c.relowner)) else '' end || g.guard_again end as fix
    from guarded as g
    join pg_class as c on c.oid = g.relation
    left join pg_proc as p on p.oid = g.guard
    left join lateral pg_identify_object('pg_proc'::regclass, p.oid, 0) as h on p.oid is not null
   cross join lateral (
     select string_agg(case when t.oid is null then format('the trigger %I is missing', o.name)
                            when t.tgenabled = 'D' then format('the trigger %I is disabled', o.name)
                            when t.tgenabled <> 'A' then format('the trigger %I does not always fire', o.name)
                            when t.tgfoid <> o.called then format('the trigger %I calls another function', o.name)
                            else format('the trigger %I was replaced', o.name) end, '; ' order by o.position) as faults,
            count(t.oid) = 0 as has_none
       from (select k.operation, k.position, postern.guard_name(g.gate_id, k.operation) as name,
                    case k.operation when 'truncate' then 'postern.refuse_guarded_truncate()'::regprocedure else g.guard::regprocedure end as called
               from unnest(g.operations || case when 'delete' = any (g.operations) then array['truncate'] end) with ordinality as k (operation, position)) as o
       left join pg_trigger as t on t.tgrelid = g.relation and t.tgname = o.name
      where not postern.guard_is_in_place(g.relation, g.gate_id, o.operation, o.called)
   ) as k
   cross join lateral (
     select case g.place
       when 'above' then format('this table became a parent of %s, which is guarded by gate %s, and has no such guard itself', g.recorded_identity, g.gate_id)
       when 'below' then
         case when k.has_none and k.faults is not null
              then format('the table was added below %s, which is guarded by gate %s, and has no trigger of the guard itself', g.recorded_identity, g.gate_id)
              else k.faults end
       else concat_ws('; ',
         case when p.oid is null then 'its function is gone' end,
         case when p.proowner <> c.relowner then format('its function belongs to %s instead of the owner of the table', quote_ident(pg_get_userbyid(p.proowner))) end,
         case when not p.prosecdef then 'its function runs with the rights of whoever writes the table' end,
         case when p.proconfig is distinct from postern.guard_settings() and p.oid is not null then 'its function has other settings' end,
         case when p.prosrc <> postern.guard_body(g.relation, g.gate_id, g.operations, g.columns, g.parameters, g.condition)
                   or p.prolang <> (select l.oid from pg_language as l where l.lanname = 'plpgsql') or p.prorettype <> 'trigger'::regtype
              then 'its function has another body' end,
         k.faults,
         case when 'update' = any (g.operations) and not postern.guarded_move_is_in_place(g.relation, g.gate_id, g.columns)
              then format('the trigger %I is missing, disabled or replaced, or does not know each partition key', '~' || postern.guard_name(g.gate_id, 'move')) end,
         case when g.exclusive and not (select s.exclusive from postern_internal.gate as s where s.gate_id = g.gate_id)
              then 'the gate is no longer exclusive: an approval of something else opens it' end)
       end as faults
   ) as f
   -- A table above a guarded one takes the guard if it has the columns.
   cross join lateral (
     select (select min(postern.guard_statement(u.identity, g.gate_id, g.operations, g.columns, g.parameters, g.condition, g.exclusive))
               from guarded as u
              where u.recorded = g.recorded and u.gate_id = g.gate_id and u.place = 'above'
                and not exists (select from pg_inherits as i where i.inhrelid = u.relation)
                and not exists (select
                                  from unnest(postern.guard_columns(g.columns, g.parameters)) as n (name)
                                 where not exists (select from pg_attribute as a where a.attrelid = u.relation and a.attnum > 0 and a.attname = n.name and not a.attisdropped))) as guard_it,
            (select string_agg(case when c.relkind = 'p' then format('alter table %s detach partition %s;', g.identity, d.identity)
                                    else format('alter table %s no inherit %s;', d.identity, g.identity) end, ' ' order by d.identity)
               from pg_inherits as i
               join guarded as d on d.relation = i.inhrelid and d.recorded = g.recorded and d.gate_id = g.gate_id
              where i.inhparent = g.relation) as leave
   ) as e
   -- A foreign table can have no such trigger.
   cross join lateral (
     select string_agg(case when a.relkind = 'p' then format('alter table %s detach partition %s;', d.identity, g.identity)
                            else format('alter foreign table %s no inherit %s;', g.identity, d.identity) end, ' ' order by d.identity) as leave
       from pg_inherits as i
       join pg_class as a on a.oid = i.inhparent
      cross join lateral pg_identify_object('pg_class'::regclass, i.inhparent, 0) as d
      where i.inhrelid = g.relation
   ) as l
   where f.faults <> '';
comment on view postern_internal.changed_guard is 'Check of postern.doctor: guarded tables, and tables below and above them, whose guard was dropped, switched off or replaced, or that have none.';
