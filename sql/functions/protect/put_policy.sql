-- Dynamic, because DDL takes no parameters. It runs with the caller's rights, so it fails for a caller who may not
-- change the table. Each policy is created under another name and compared with the existing one as PostgreSQL prints
-- both. So nothing changes if nothing differs, and a policy that somebody has weakened is repaired.
--
-- A restrictive policy only takes rights away. If grants alone controlled access before, the policy postern_permit lets
-- them continue to do so. It says "true or" followed by the condition of the other policy. The planner reduces that to
-- true, so it costs nothing. But it depends on everything that the other policy depends on: dropping Postern by cascade
-- drops both, and row security without a policy shows no rows.

create or replace function postern.put_policy(
  relation regclass,
  policy name,
  using_expression text,
  check_expression text
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  candidate constant name := 'postern_candidate'::name;
  now_is record;
  before record;
  remark text;
  wanted record;
  same boolean;
begin
  perform postern.check_allowed_login('postern_admin');
  -- Partitions come here too; protectable_tables accepts them only together with their parents.
  if relation is null
     or not exists (select from pg_class as c where c.oid = relation and pg_has_role(current_user, c.relowner, 'usage'))
     or policy is null or policy not in ('postern_company', 'postern_ledger')
     or using_expression is null or check_expression is null then
    raise exception using
      errcode = 'PS107',
      message = 'The table or the policy is not usable',
      detail = format('relation is %s, policy is %s.', coalesce(relation::text, 'NULL'), coalesce(quote_ident(policy), 'NULL')),
      hint = 'Call postern.protect_company or postern.protect_ledger as the owner of the table: they call this.';
  end if;
  select c.relrowsecurity, c.relforcerowsecurity into strict now_is from pg_class as c where c.oid = relation;
  select b.* into strict before from postern.before_protection(relation) as b;
  remark := 'Made by Postern. Before protection: ' || jsonb_build_object('enabled', before.enabled, 'forced', before.forced, 'policies', before.policies)::text;

  for wanted in
    select policy as name, 'restrictive' as kind, using_expression as using_expression, check_expression as check_expression
     union all
    select 'postern_permit', 'permissive', format('true or (%s)', using_expression), format('true or (%s)', check_expression)
     -- A lost policy is restored, unless the application by now permits rows with a policy of its own.
     where exists (select from pg_policy as p where p.polrelid = relation and p.polname = 'postern_permit')
        or before.permitted and not exists (select from pg_policy as p where p.polrelid = relation and p.polpermissive and p.polname <> policy)
  loop
    execute format('create policy %I on %s as %s for all to public using (%s) with check (%s)',
                   candidate, relation, wanted.kind, wanted.using_expression, wanted.check_expression);
    select pg_get_expr(c.polqual, c.polrelid) = pg_get_expr(p.polqual, p.polrelid)
           and pg_get_expr(c.polwithcheck, c.polrelid) = pg_get_expr(p.polwithcheck, p.polrelid)
           and (c.polpermissive, c.polcmd, c.polroles) = (p.polpermissive, p.polcmd, p.polroles)
      into same
      from pg_policy as c
      join pg_policy as p on p.polrelid = c.polrelid and p.polname = wanted.name
     where c.polrelid = relation and c.polname = candidate;
    if same then
      execute format('drop policy %I on %s', candidate, relation);
    else
      if same is not null then  -- the existing policy differs from the required one
        execute format('drop policy %I on %s', wanted.name, relation);
      end if;
      execute format('alter policy %I on %s rename to %I', candidate, relation, wanted.name);
    end if;
  end loop;
  if (select obj_description(p.oid, 'pg_policy') from pg_policy as p where p.polrelid = relation and p.polname = policy) is distinct from remark then
    execute format('comment on policy %I on %s is %L', policy, relation, remark);
  end if;
  if not now_is.relrowsecurity then
    execute format('alter table %s enable row level security', relation);
  end if;
  if not now_is.relforcerowsecurity then
    execute format('alter table %s force row level security', relation);
  end if;
  if not exists (select
                   from pg_trigger as t
                  where t.tgrelid = relation and t.tgname = 'postern_refuse_truncate'
                    and t.tgfoid = 'postern.refuse_truncate()'::regprocedure and t.tgenabled in ('O', 'A')) then
    execute format('create or replace trigger postern_refuse_truncate before truncate on %s for each statement execute function postern.refuse_truncate()', relation);
    -- Replacing a trigger does not enable a disabled one.
    execute format('alter table %s enable trigger postern_refuse_truncate', relation);
  end if;
end
$$;
revoke execute on function postern.put_policy(regclass, name, text, text) from public;
grant execute on function postern.put_policy(regclass, name, text, text) to postern_admin;
comment on function postern.put_policy(regclass, name, text, text) is
'For protect_...: gives a table a restrictive policy for all commands, forces row security on its owner, and refuses TRUNCATE. A table that had neither row security nor policies also gets the permissive policy postern_permit. Errors: PS107 an argument is missing, the policy is not one of Postern''s, the table is not the caller''s.';
