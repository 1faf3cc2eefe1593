create or replace view postern_internal.changed_protection as
  with guarded as materialized (
    select p.* from postern_internal.protected_relation as p
  )
  select 'error' as level, 'changed_protection' as code, 'table ' || p.identity as object,
         'The protection of a table was changed' as title,
         upper(left(f.faults, 1)) || substr(f.faults, 2) || '.' as detail,
         p.protect_again as fix
    from guarded as p
    left join pg_policy as y on y.polrelid = p.relation and y.polname = p.policy
    left join pg_policy as o on o.polrelid = p.relation and o.polname = 'postern_permit'
   cross join lateral postern.protection_condition(p.relation, p.protection, p.company_column, p.combination_column, p.ledger_column) as w
   cross join lateral (
     select postern.policy_condition(y.oid, false) as using_is, postern.policy_condition(y.oid, true) as check_is,
            postern.policy_condition(o.oid, false) as permits, postern.policy_condition(o.oid, true) as permits_new
     offset 0
   ) as c
   -- Comparing takes longest, and usually both conditions are the same. OFFSET 0 keeps each answer from being computed
   -- twice.
   cross join lateral (
     select postern.same_condition(c.using_is, w.using_expression) as same_using,
            c.check_is = c.using_is and w.check_expression = w.using_expression as one_condition,
            postern.same_condition(c.permits, 'true or (' || w.using_expression || ')') as same_permit,
            c.permits = c.permits_new and w.check_expression = w.using_expression as one_permit
     offset 0
   ) as e
   cross join lateral (
     select concat_ws('; ',
       case when not p.relrowsecurity then 'row security is off' end,
       case when y.oid is null then format('the policy %I is gone', p.policy) end,
       case when y.polpermissive then format('the policy %I is permissive: any other policy widens it', y.polname) end,
       case when y.polcmd <> '*' then format('the policy %I does not apply to all commands', y.polname) end,
       case when y.polroles <> '{0}' then format('the policy %I does not apply to all roles', y.polname) end,
       case when y.oid is not null and not e.same_using
            then format('the policy %I has a different USING condition', y.polname) end,
       case when y.oid is null then null
            when case when e.one_condition then not e.same_using else not postern.same_condition(c.check_is, w.check_expression) end
            then format('the policy %I has a different WITH CHECK condition', y.polname) end,
       case when exists (select
                           from pg_depend as d
                           join pg_attribute as a on a.attrelid = p.relation and a.attnum = d.refobjsubid
                          where d.classid = 'pg_policy'::regclass and d.objid = y.oid and d.refclassid = 'pg_class'::regclass and d.refobjid = p.relation
                            and a.attname not in (p.company_column, coalesce(p.combination_column, p.company_column), coalesce(p.ledger_column, p.company_column)))
            then format('the policy %I reads other columns', y.polname) end,
       -- It permits everything, by a condition that disappears together with the other one: see put_policy.
       case when not o.polpermissive or o.polcmd <> '*' or o.polroles <> '{0}'
                 or o.oid is not null and not (e.same_permit and (e.one_permit or postern.same_condition(c.permits_new, 'true or (' || w.check_expression || ')')))
            then 'the policy postern_permit permits other rows, or would remain after Postern is dropped' end,
       case when not exists (select
                               from pg_trigger as t
                              where t.tgrelid = p.relation and t.tgname = 'postern_refuse_truncate'
                                and t.tgfoid = 'postern.refuse_truncate()'::regprocedure and t.tgenabled in ('O', 'A'))
            then 'the trigger postern_refuse_truncate is missing or disabled' end) as faults
   ) as f
   -- Tables without any policy of their family are reported by unprotected_partition and unprotected_parent.
   where f.faults <> '' and (p.place = 'itself' or y.oid is not null);
comment on view postern_internal.changed_protection is 'Check of postern.doctor: protected tables whose policy or trigger was dropped, switched off, or replaced.';
