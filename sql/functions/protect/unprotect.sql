create or replace function postern.unprotect(target regclass)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  relation regclass;
  policy name;
  permitted boolean;
begin
  perform postern.check_allowed_login();
  perform from postern.protectable_tables(target);
  delete from postern.protected_table as p
   using pg_class as c join pg_namespace as n on n.oid = c.relnamespace
   where c.oid = target and p.schema_name = n.nspname and p.table_name = c.relname;
  if not found and not exists (select from pg_policy as p where p.polrelid = target and p.polname in ('postern_company', 'postern_ledger')) then
    raise exception using
      errcode = 'PS107',
      message = format('%s is not protected', target),
      detail = 'It has no policy of Postern''s.',
      hint = 'See postern.protected_table for the tables that are.';
  end if;
  execute format('lock table %s in access exclusive mode', target);
  for relation in select p from postern.protectable_tables(target) as p loop
    permitted := exists (select from pg_policy as p where p.polrelid = relation and p.polname = 'postern_permit');
    for policy in
      select p.polname from pg_policy as p
       where p.polrelid = relation and p.polname in ('postern_company', 'postern_ledger', 'postern_permit')
    loop
      execute format('drop policy %I on %s', policy, relation);
    end loop;
    if exists (select from pg_trigger as t where t.tgrelid = relation and t.tgname = 'postern_refuse_truncate') then
      execute format('drop trigger postern_refuse_truncate on %s', relation);
    end if;
    -- Row security that the application itself uses is not ours to switch off.
    if permitted and not exists (select from pg_policy as p where p.polrelid = relation) then
      execute format('alter table %s no force row level security', relation);
      execute format('alter table %s disable row level security', relation);
    end if;
  end loop;
end
$$;
revoke execute on function postern.unprotect(regclass) from public;
grant execute on function postern.unprotect(regclass) to postern_admin;
comment on function postern.unprotect(regclass) is
'Takes away what protect_company or protect_ledger gave a table and its partitions: everybody with a grant sees all rows again. Where the application has policies of its own, or had row security on before, that stays on, and forced. Errors: PS107 target is not protected, or not the caller''s.';
