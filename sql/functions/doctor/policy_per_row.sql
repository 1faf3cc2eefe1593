create or replace view postern_internal.policy_per_row as
  with called as (
    select y.oid, y.polrelid, y.polname, t.identity,
           string_agg(distinct i.identity, ', ') as functions,
           array_agg(distinct f.oid) as function_oids,
           bool_and(f.pronargs = 0 or n.nspname = 'user_finance_api' and f.proname in ('is_authorized', 'is_user_authorized')) as known
      from pg_policy as y
      join pg_class as c on c.oid = y.polrelid
     cross join lateral postern.functions_per_row(y.oid) as r
      join pg_proc as f on f.oid = r.function
      join pg_namespace as n on n.oid = f.pronamespace
     cross join lateral pg_identify_object('pg_proc'::regclass, f.oid, 0) as i
     cross join lateral pg_identify_object('pg_class'::regclass, c.oid, 0) as t
     where c.relowner is distinct from to_regrole('postern_owner')
       and c.relpersistence <> 't'
       -- Postern's own policies are as protection makes them; if not, changed_protection reports them.
       and y.polname not in ('postern_company', 'postern_ledger', 'postern_permit')
       -- Built-in functions are cheap, and pg_depend does not list them: policies that call only these are not
       -- examined.
       and exists (select from pg_depend as d where d.classid = 'pg_policy'::regclass and d.objid = y.oid and d.refclassid = 'pg_proc'::regclass)
       and n.nspname <> 'pg_catalog'
       and f.provolatile = 's'
       and (not r.takes_column or f.proowner = to_regrole('postern_owner'))
     group by y.oid, y.polrelid, y.polname, t.identity
  ),
  rewritten as (
    select k.*, postern.conditions_once_a_query(k.oid, k.function_oids) as conditions
      from called as k
  )
  select 'warn' as level, 'policy_per_row' as code, format('policy %I on %s', r.polname, r.identity) as object,
         'A policy calls a function for each row' as title,
         format('It calls %s for each row that a query reads; in a sub-select it would be called once per query.', r.functions) as detail,
         case
           when r.known and r.conditions is not null then format('alter policy %I on %s %s;', r.polname, r.identity, r.conditions)
           else format('Protect the table by postern.protect_company or postern.protect_ledger; or put each call of %s that needs no column of the row into a sub-select, as in (select postern.current_userid()).', r.functions)
         end as fix
    from rewritten as r;
comment on view postern_internal.policy_per_row is 'Check of postern.doctor: policies of applications that call a function for each row although one call per query would do.';
