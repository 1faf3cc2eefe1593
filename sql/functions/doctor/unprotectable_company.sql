create or replace view postern_internal.unprotectable_company as
  with guarded as materialized (
    select p.relation from postern_internal.protected_relation as p
  )
  select 'warn' as level, 'unprotectable_company' as code, 'table ' || i.identity as object,
         'Everybody with a grant reads the rows of all companies, and the table cannot be protected as it is' as title,
         format('The column %I is %s; to be protected it must be %s.', k.attname, format_type(k.atttypid, k.atttypmod),
                (select string_agg(format_type(t.type, null), ', ' order by t.position)
                   from unnest(postern.protectable_types('company_column')) with ordinality as t (type, position))) as detail,
         format('Give the column a type that can be protected, for example: alter table %s alter column %I type text using %I::text; then call postern.protect_company(%L, %L).',
                i.identity, k.attname, k.attname, i.identity, k.attname) as fix
    from postern_internal.company_column as k
   cross join lateral pg_identify_object('pg_class'::regclass, k.relation, 0) as i
   where k.relkind in ('r', 'p')
     and not k.relrowsecurity
     and not k.is_protectable
     -- A flag, a date or a range describes a company but does not name one.
     and k.typcategory in ('N', 'S', 'E', 'U')
     and not exists (select from pg_inherits as h where h.inhrelid = k.relation)
     and not exists (select from guarded as p where p.relation = k.relation);
comment on view postern_internal.unprotectable_company is 'Check of postern.doctor: tables with a company column of a type that protect_company does not accept.';
