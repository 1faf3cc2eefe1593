create or replace view postern_internal.materialized_view as
  with recursive
  reached (relation, guarded) as (
    select g.relation, g.identity from postern_internal.guarded_table as g
    union
    select w.ev_class, r.guarded
      from reached as r
      join pg_depend as d on d.refclassid = 'pg_class'::regclass and d.refobjid = r.relation and d.classid = 'pg_rewrite'::regclass
      join pg_rewrite as w on w.oid = d.objid
     where w.ev_class <> r.relation
  ),
  found as (
    select v.oid, v.relacl, v.relowner, string_agg(distinct r.guarded, ', ') as tables
      from reached as r
      join pg_class as v on v.oid = r.relation
     where v.relkind = 'm'
     group by v.oid, v.relacl, v.relowner
  )
  select case when g.grantees is null then 'warn' else 'error' end as level,
         'materialized_view' as code, 'materialized view ' || i.identity as object,
         'A materialized view holds rows without row security' as title,
         format('It holds what %s saw in %s when it was last refreshed; %s.', quote_ident(pg_get_userbyid(f.relowner)), f.tables,
                coalesce('readers: ' || g.grantees, 'nobody has decided yet who may read it')) as detail,
         format('revoke all on %s from %s cascade;', i.identity, concat_ws(', ', 'public', e.roles)) as fix
    from found as f
   cross join lateral (
     -- Public comes first, and is always named.
     select string_agg(distinct case when a.grantee = 0 then null else quote_ident(pg_get_userbyid(a.grantee)) end, ', ') as roles,
            bool_or(a.grantee = 0) as is_public
       from aclexplode(f.relacl) as a
      where a.grantee <> f.relowner
   ) as e
   cross join lateral (select nullif(concat_ws(', ', case when e.is_public then 'public' end, e.roles), '') as grantees) as g
   cross join lateral pg_identify_object('pg_class'::regclass, f.oid, 0) as i
   -- An owner who has revoked all rights from all others has decided.
   where f.relacl is null or g.grantees is not null;
comment on view postern_internal.materialized_view is 'Check of postern.doctor: materialized views over protected tables that roles other than their owner may read, or for which nobody has decided who may.';
