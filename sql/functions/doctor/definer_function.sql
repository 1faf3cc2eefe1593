create or replace view postern_internal.definer_function as
  select case when a.asks then 'warn' else 'error' end as level,
         'definer_function' as code, i.type || ' ' || i.identity as object,
         'A function shows rows of all companies to whoever may call it' as title,
         format('It runs as %s, a role that bypasses row security, and %s%s.', quote_ident(pg_get_userbyid(p.proowner)),
                concat_ws(' and ',
                          'names ' || case when length(f.tables) > 1000 then left(f.tables, 1000) || ' and others' else f.tables end,
                          'leads to such tables by calling ' || case when length(f.functions) > 1000 then left(f.functions, 1000) || ' and others' else f.functions end),
                case when a.asks then '; it checks the user''s companies itself' else '' end) as detail,
         case when f.suitable_owner is not null then format('alter %s %s owner to %I;', k.kind, i.identity, pg_get_userbyid(f.suitable_owner))
              else format('alter %s %s security invoker;', k.kind, i.identity) end as fix
    from postern.bypassing_functions() as f
    join pg_proc as p on p.oid = f.function
   cross join lateral (select case p.prokind when 'p' then 'procedure' else 'function' end as kind) as k
   cross join lateral (select p.prosrc ~* '\m(user_finance_auth_pub|user_finance_api|is_company_user|authorize_comb_finance_api)\M' as asks) as a
   cross join lateral pg_identify_object('pg_proc'::regclass, f.function, 0) as i;
comment on view postern_internal.definer_function is 'Check of postern.doctor: SECURITY DEFINER functions that name protected tables and whose owners bypass row security.';
