-- A reading is valid as long as this stays the same. It covers what internal/callgraph reads: functions, operators, and
-- the SQL that runs when relations are read and written. It omits what leads to no user-written function, so that a new
-- table, or its protection, does not invalidate the reading. It hashes contents instead of times of change: what is
-- restored to its old state is still covered by the reading.

create or replace function postern.gate_fingerprint()
returns text
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
set jit = off
begin atomic
  with schema as (
    select n.oid, n.nspname, pg_get_userbyid(n.nspowner) = 'postern_owner' as is_posterns
      from pg_namespace as n
     where n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_t(oast|emp)'
  ), relation as (
    select c.oid, n.nspname, c.relname
      from pg_class as c
      join schema as n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'v', 'm', 'f') and not n.is_posterns
  ), code as (
    -- With a relation: the code that runs with it.
    select r.ev_class as relation, row('rule', r.rulename, r.ev_type, r.ev_enabled, r.is_instead, r.ev_qual, r.ev_action)::text as content
      from pg_rewrite as r
     union all
    select t.tgrelid, row('trigger', t.tgname, t.tgfoid, t.tgtype, t.tgqual)::text
      from pg_trigger as t
      join pg_proc as p on p.oid = t.tgfoid
     where not t.tgisinternal and t.tgenabled <> 'D'
       and (t.tgqual is not null or p.pronamespace not in (select n.oid from schema as n where n.is_posterns))
     union all
    select d.adrelid, row('default', d.adnum, a.attgenerated, d.adbin)::text
      from pg_attrdef as d
      join pg_attribute as a on a.attrelid = d.adrelid and a.attnum = d.adnum
     where exists (select from pg_depend as p where p.classid = 'pg_attrdef'::regclass and p.objid = d.oid and p.refclassid = 'pg_proc'::regclass)
     union all
    select k.conrelid, row('check', k.conname, k.conbin)::text
      from pg_constraint as k
     where k.contype = 'c'
       and exists (select from pg_depend as p where p.classid = 'pg_constraint'::regclass and p.objid = k.oid and p.refclassid = 'pg_proc'::regclass)
     union all
    select p.polrelid, row('policy', p.polname, p.polcmd, p.polqual, p.polwithcheck)::text
      from pg_policy as p
     where exists (
       select from pg_depend as d
         left join pg_proc as f on d.refclassid = 'pg_proc'::regclass and f.oid = d.refobjid
         left join pg_class as c on d.refclassid = 'pg_class'::regclass and c.oid = d.refobjid
        where d.classid = 'pg_policy'::regclass and d.objid = p.oid and d.refobjid <> p.polrelid
          and (d.refclassid = 'pg_operator'::regclass
               or coalesce(f.pronamespace, c.relnamespace) not in (select n.oid from schema as n where n.is_posterns)))
  ), edge as (
    select i.inhparent as parent, i.inhrelid as child, 'inherits' as content from pg_inherits as i
     union all
    select k.confrelid, k.conrelid, row('key', k.confdeltype, k.confupdtype)::text
      from pg_constraint as k
     where k.contype = 'f' and (k.confdeltype in ('c', 'n', 'd') or k.confupdtype in ('c', 'n', 'd'))
  ), line as (
    select row('function', n.nspname, p.proname, p.proargtypes, p.proallargtypes, p.proargmodes, p.proargnames, p.pronargdefaults,
               p.proargdefaults, p.provariadic, p.prokind, p.prolang, p.prorettype, p.proretset, p.proconfig, p.prosrc, p.prosqlbody,
               a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn)::text as content
      from pg_proc as p
      join schema as n on n.oid = p.pronamespace
      left join pg_aggregate as a on a.aggfnoid = p.oid
     where not n.is_posterns
     union all
    select row('operator', n.nspname, o.oprname, o.oprcode)::text
      from pg_operator as o
      join schema as n on n.oid = o.oprnamespace
     union all
    select row('relation', r.nspname, r.relname, c.content)::text
      from code as c
      join relation as r on r.oid = c.relation
     union all
    -- What is below a relation that leads on.
    select row('edge', p.nspname, p.relname, r.nspname, r.relname, e.content)::text
      from edge as e
      join relation as p on p.oid = e.parent
      join relation as r on r.oid = e.child
     where e.child in (select c.relation from code as c) or e.child in (select other.parent from edge as other)
     union all
    -- From now on another relation of the same name may be meant.
    select row('names', r.relname, array_agg(r.nspname order by r.nspname))::text
      from relation as r
     group by r.relname
    having count(*) > 1
     union all
    -- Another release of Postern may read better; another release of PostgreSQL has other built-in functions.
    select row('version', current_setting('server_version_num')::integer / 10000,
               (select i.code_sha256 from postern_internal.installation as i order by i.installation_id desc limit 1))::text
  ), hashed as (
    select encode(sha256(convert_to(l.content, getdatabaseencoding())), 'hex') as hash from line as l
  )
  select encode(sha256(convert_to(string_agg(h.hash, '' order by h.hash), getdatabaseencoding())), 'hex') from hashed as h;
end;
revoke execute on function postern.gate_fingerprint() from public;
grant execute on function postern.gate_fingerprint() to postern_admin, postern_auditor;
comment on function postern.gate_fingerprint() is
'For postern doctor: a hash over everything from which it reads which functions reach which gates. It changes when functions, operators, views, triggers, rules, defaults, checks or policies that may lead to a gate are created, changed or dropped.';
