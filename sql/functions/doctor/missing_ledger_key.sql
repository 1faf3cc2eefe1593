create or replace view postern_internal.missing_ledger_key as
  with guarded as materialized (
    select p.* from postern_internal.protected_relation as p
  )
  select 'warn' as level, 'missing_ledger_key' as code, 'table ' || p.identity as object,
         'Queries compare the company of each row' as title,
         format('With a valid foreign key (%I, %I) to postern.posting_combination, the combination would tell the company.', p.company_column, p.combination_column) as detail,
         concat_ws(' ',
           format('alter table %s alter column %I set not null, alter column %I set not null;', p.identity, p.company_column, p.combination_column),
           case
             when k.conname is null
               then format('alter table %s add constraint postern_combination foreign key (%I, %I) references postern.posting_combination (company, posting_combination_id)%s;',
                           p.identity, p.company_column, p.combination_column,
                           case when c.relkind = 'r' then format(' not valid; alter table %s validate constraint postern_combination', p.identity) end)
             when k.condeferrable then format('alter table %s alter constraint %I not deferrable;', p.identity, k.conname)
           end,
           case when not k.convalidated then format('alter table %s validate constraint %I;', p.identity, k.conname) end) as fix
    from guarded as p
    join pg_class as c on c.oid = p.relation
    left join lateral (
      select k.conname, k.condeferrable, k.convalidated
        from pg_constraint as k
       where k.conrelid = p.relation and k.contype = 'f' and k.confrelid = 'postern.posting_combination'::regclass and cardinality(k.conkey) = 2
         and not exists (select from unnest(k.conkey) as n (attnum)
                           join pg_attribute as a on a.attrelid = p.relation and a.attnum = n.attnum
                          where a.attname not in (p.company_column, p.combination_column))
       order by k.convalidated desc, k.condeferrable
       limit 1
    ) as k on true
   where p.protection = 'ledger' and p.place = 'itself' and p.ledger_column is null
     and not postern.ledger_key_is_valid(p.relation)
     -- No foreign key can be created on these.
     and not exists (select from pg_attribute as a where a.attrelid = p.relation and a.attname = p.combination_column and a.atttypid = 'numeric'::regtype)
     and (c.relkind = 'p' or not exists (select from pg_inherits as i where i.inhparent = p.relation));
comment on view postern_internal.missing_ledger_key is 'Check of postern.doctor: protected ledgers whose queries a foreign key would make faster.';
