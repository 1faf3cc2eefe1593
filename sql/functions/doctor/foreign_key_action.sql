-- The action of a foreign key bypasses row security. It stays within a company under three conditions: the key contains
-- the company on both sides, the referenced table is protected by it, and the action does not move a row to another
-- company.

create or replace view postern_internal.foreign_key_action as
  with recursive guarded as materialized (
    select p.* from postern_internal.protected_relation as p
  ),
  family (top, relation) as (
    select g.relation, g.relation from guarded as g
     union
    select f.top, i.inhrelid from family as f join pg_inherits as i on i.inhparent = f.relation
  ),
  forced as (
    select distinct f.top, f.relation, g.identity
      from family as f
      join guarded as g on g.relation = f.relation
     where g.relrowsecurity and g.relforcerowsecurity
  )
  select 'warn' as level, 'foreign_key_action' as code, format('constraint %I on %s', k.conname, p.identity) as object,
         'A foreign key changes rows of other companies' as title,
         format('Row security does not stop %s: whoever changes rows of %s also changes the rows that refer to them, of any company.',
                concat_ws(' and ', 'ON DELETE ' || upper(d.action), 'ON UPDATE ' || upper(u.action)), i.identity) as detail,
         -- Partitioned tables accept no unvalidated key: existing rows are checked when it is added. So FORCE is
         -- removed meanwhile, as in validate_constraint, which explains it.
         format('%salter table %s drop constraint %I, add constraint %I foreign key (%s) references %s (%s)%s%s;%s',
                case when c.relkind = 'p' then 'begin; ' || (select string_agg(format('alter table %s no force row level security; ', x.identity), '' order by x.relation) from forced as x where x.top in (p.relation, k.confrelid)) end,
                p.identity, k.conname, k.conname, n.columns, i.identity, n.referenced,
                concat(case when k.confmatchtype = 'f' then ' match full' end,
                       case when k.confdeltype = 'r' then ' on delete restrict' end,
                       case when k.confupdtype = 'r' then ' on update restrict' end,
                       case when k.condeferrable then ' deferrable' end,
                       case when k.condeferred then ' initially deferred' end),
                case when c.relkind = 'r' then ' not valid' end,
                case when c.relkind = 'r' and k.convalidated then format(' select postern.validate_constraint(%L, %L);', p.identity, k.conname)
                     when c.relkind = 'p' then (select string_agg(format(' alter table %s force row level security;', x.identity), '' order by x.relation) from forced as x where x.top in (p.relation, k.confrelid)) || ' commit;' end) as fix
    from guarded as p
    join pg_class as c on c.oid = p.relation
    join pg_constraint as k on k.conrelid = p.relation and k.contype = 'f' and k.conparentid = 0
    join pg_class as f on f.oid = k.confrelid
    left join (values ('c', 'cascade'), ('n', 'set null'), ('d', 'set default')) as d (type, action) on d.type = k.confdeltype
    left join (values ('c', 'cascade'), ('n', 'set null'), ('d', 'set default')) as u (type, action) on u.type = k.confupdtype
   cross join lateral pg_identify_object('pg_class'::regclass, k.confrelid, 0) as i
   cross join lateral (
     select string_agg(quote_ident(a.attname), ', ' order by x.position) as columns,
            string_agg(quote_ident(b.attname), ', ' order by x.position) as referenced
       from unnest(k.conkey, k.confkey) with ordinality as x (attnum, referenced, position)
       join pg_attribute as a on a.attrelid = k.conrelid and a.attnum = x.attnum
       join pg_attribute as b on b.attrelid = k.confrelid and b.attnum = x.referenced
   ) as n
   where (d.action is not null or u.action is not null)
     -- Only administrators change Postern's own tables.
     and f.relowner is distinct from to_regrole('postern_owner')
     and not exists (
       select
         from guarded as r
         join pg_attribute as b on b.attrelid = r.relation and b.attname = r.company_column
         join pg_attribute as a on a.attrelid = p.relation and a.attname = p.company_column
         join unnest(k.conkey, k.confkey) as x (attnum, referenced) on x.attnum = a.attnum and x.referenced = b.attnum
        where r.relation = k.confrelid
          and not (a.atthasdef
                   and (k.confupdtype = 'd' or k.confdeltype = 'd' and a.attnum = any (coalesce(k.confdelsetcols, k.conkey)))));
comment on view postern_internal.foreign_key_action is 'Check of postern.doctor: foreign keys of protected tables whose action reaches rows of other companies.';
