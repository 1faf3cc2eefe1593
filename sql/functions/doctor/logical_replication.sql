create or replace view postern_internal.logical_replication as
  with
  guarded as materialized (
    select g.relation, g.identity from postern_internal.guarded_table as g
  ),
  secret as materialized (
    select c.oid from pg_class as c where c.relnamespace = 'postern_internal'::regnamespace and c.relkind in ('r', 'p')
  ),
  published as (
    -- FOR ALL TABLES and FOR TABLES IN SCHEMA include the partitions with their table.
    select p.oid, p.pubname, r.prrelid as relation, null::oid as namespace from pg_publication as p join pg_publication_rel as r on r.prpubid = p.oid
     union all
    select p.oid, p.pubname, c.oid, s.pnnspid
      from pg_publication as p
      join pg_publication_namespace as s on s.pnpubid = p.oid
      join pg_class as c on c.relnamespace = s.pnnspid
     union all
    select p.oid, p.pubname, c.oid, null::oid as namespace
      from pg_publication as p
      join pg_class as c on p.puballtables and c.relkind in ('r', 'p')
  ),
  open as (
    select p.oid, p.pubname,
           bool_or(s.oid is not null) as has_secrets,
           string_agg(distinct coalesce(g.identity, 'postern_internal'), ', ') as tables,
           string_agg(distinct i.identity, ', ') filter (where p.namespace is null) as listed,
           string_agg(distinct quote_ident(n.nspname), ', ') as schemas
      from published as p
      left join guarded as g on g.relation = p.relation
      left join secret as s on s.oid = p.relation
      left join pg_namespace as n on n.oid = p.namespace
     cross join lateral pg_identify_object('pg_class'::regclass, p.relation, 0) as i
     where g.relation is not null or s.oid is not null
     group by p.oid, p.pubname
  )
  select case when o.has_secrets then 'error' else 'warn' end as level,
         'logical_replication' as code, 'publication ' || quote_ident(o.pubname) as object,
         case when o.has_secrets then 'Logical replication sends the keys and PINs of Postern' else 'Logical replication sends the rows of all companies' end as title,
         format('It publishes %s; row security does not apply to replicated rows.',
                case when length(o.tables) > 1000 then left(o.tables, 1000) || ' and others' else o.tables end) as detail,
         case when p.puballtables then format('drop publication %I;', o.pubname)
              else format('alter publication %I drop %s;', o.pubname, concat_ws(', ', 'table ' || o.listed, 'tables in schema ' || o.schemas)) end as fix
    from open as o
    join pg_publication as p on p.oid = o.oid
   union all
  -- With pgoutput, a publication decides what is sent. Any other plugin sends everything that the database writes.
  select 'error', 'logical_replication', 'replication slot ' || s.slot_name,
         'Logical replication sends the keys and PINs of Postern',
         format('Through the output plugin %s it sends everything that is written to any table of this database.', quote_ident(s.plugin)),
         format('select pg_drop_replication_slot(%L);', s.slot_name)
    from pg_replication_slots as s
   where s.slot_type = 'logical' and s.database = current_database() and s.plugin <> 'pgoutput' and not s.temporary
   union all
  -- What is applied fires no trigger of a statement, not even one that is enabled always.
  select 'warn', 'logical_replication', 'subscription ' || quote_ident(u.subname),
         'Logical replication writes guarded tables past their guards',
         format('It writes %s.', string_agg(distinct g.identity, ', ' order by g.identity)),
         format('Guard the tables on the server that sends the rows, and accept this finding. Or take the tables out of the publication there, and run: alter subscription %I refresh publication;', u.subname)
    from pg_subscription as u
    join pg_subscription_rel as r on r.srsubid = u.oid
    join postern_internal.guarded_relation as g on g.relation = r.srrelid and g.place <> 'above'
   where u.subdbid = (select d.oid from pg_database as d where d.datname = current_database())
   group by u.subname;
comment on view postern_internal.logical_replication is 'Check of postern.doctor: publications of protected tables or of Postern''s own tables, slots that send all tables, and subscriptions that write guarded tables.';
