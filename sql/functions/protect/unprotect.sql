-- A table below several protected ones stays protected as long as one of them is, and so does one that is listed itself.
-- Hence each relation is asked for on its own, after target has left the list.

create or replace function postern.unprotect(target regclass)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  listed boolean;
  protecting regclass;
  relation regclass;
  before record;
  policy name;
  later text;
  kept regclass[] := '{}'::regclass[];
  parents text;
begin
  perform postern.check_allowed_login('postern_admin');
  perform from postern.protectable_tables(target, true);
  delete from postern.protected_table as p
   using pg_class as c join pg_namespace as n on n.oid = c.relnamespace
   where c.oid = target and p.schema_name = n.nspname and p.table_name = c.relname;
  listed := found;
  select t.target into protecting from postern.protecting_tables(target) as t limit 1;
  if not listed and protecting is not null then
    raise exception using
      errcode = 'PS107',
      message = format('%s is not protected by itself', target),
      detail = format('It is protected by way of %s.', protecting),
      hint = format('select postern.unprotect(%L); that ends it for all below %s.', protecting, protecting);
  elsif not listed and not exists (select from pg_policy as p where p.polrelid = target and p.polname in ('postern_company', 'postern_ledger')) then
    raise exception using
      errcode = 'PS107',
      message = format('%s is not protected', target),
      detail = 'It has no policy of Postern''s.',
      hint = 'See postern.protected_table for the tables that are.';
  end if;
  execute format('lock table %s in access exclusive mode', target);
  for relation in select p from postern.protectable_tables(target, true) as p loop
    if exists (select from postern.protecting_tables(relation)) then
      kept := kept || relation;
      continue;
    end if;
    select b.* into strict before from postern.before_protection(relation) as b;
    for policy in
      select p.polname from pg_policy as p
       where p.polrelid = relation and p.polname in ('postern_company', 'postern_ledger', 'postern_permit')
    loop
      execute format('drop policy %I on %s', policy, relation);
    end loop;
    if exists (select from pg_trigger as t where t.tgrelid = relation and t.tgname = 'postern_refuse_truncate') then
      execute format('drop trigger postern_refuse_truncate on %s', relation);
    end if;
    -- Policies that the application has made since rely on row security.
    select string_agg(quote_ident(p.polname), ', ' order by p.polname) into later
      from pg_policy as p
     where p.polrelid = relation and not before.enabled and p.polname::text <> all (before.policies);
    if later is not null then
      raise notice using
        message = format('Row security stays on, and forced, on %s', relation),
        detail = format('The table had none before it was protected, and has policies that came since: %s.', later),
        hint = format('Where that is not meant: alter table %s no force row level security, disable row level security;', relation);
      continue;
    end if;
    if not before.forced then
      execute format('alter table %s no force row level security', relation);
    end if;
    if not before.enabled then
      execute format('alter table %s disable row level security', relation);
    end if;
  end loop;
  -- Only now it is known which parents are open.
  foreach relation in array kept loop
    select t.target, ('postern_' || t.protection)::name into strict protecting, policy from postern.protecting_tables(relation) as t limit 1;
    parents := postern.open_parents(array[relation], policy);
    raise notice using
      message = format('%s stays protected', relation),
      detail = format('It is protected by way of %s too.', protecting)
               || coalesce(format(' Queries of these parents read its rows past its policy %I: %s.', policy, parents), ''),
      hint = format('select postern.unprotect(%L); ends that.', protecting)
             || case when parents is null then '' else ' Or close the parents: protect them again, or alter table child no inherit parent;' end;
  end loop;
end
$$;
revoke execute on function postern.unprotect(regclass) from public;
grant execute on function postern.unprotect(regclass) to postern_admin;
comment on function postern.unprotect(regclass) is
'Takes away what protect_company or protect_ledger gave a table and its partitions, and makes their row security what it was before. It stays on and forced where the application has made policies since. What is below another protected table, or is listed in postern.protected_table itself, stays protected; a NOTICE says so, and names the parents that read it past its policy. Errors: PS107 target is not protected, or by way of another table, or not the caller''s.';
