-- Refuses to replace a function of the same name that belongs to somebody else. PostgreSQL would let a superuser do
-- that.

create or replace function postern.put_guard_function(
  target regclass,
  gate_id text,
  body text
)
returns regprocedure
language plpgsql
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off -- which is also how PostgreSQL stores the search_path of the function
as $$
declare
  place record;
  found_function record;
  name text;
begin
  perform postern.check_allowed_login('postern_admin');
  perform from postern.protectable_tables(target);
  if body is null or not exists (select from postern.gate as g where g.gate_id = put_guard_function.gate_id) then
    raise exception using
      errcode = 'PS107',
      message = 'The function of the guard is not usable',
      detail = format('gate_id is %s; the body has %s characters.', coalesce(to_jsonb(left(gate_id, 128))::text, 'NULL'), coalesce(length(body), 0)),
      hint = 'Call postern.protect_gate, which calls this.';
  end if;
  select c.relowner::regrole as owner, n.oid, n.nspname, postern.guard_name(gate_id, left(md5(c.relname), 8)) as proname
    into strict place
    from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
   where c.oid = target;
  name := format('%I.%I', place.nspname, place.proname);
  select p.oid::regprocedure as oid, p.proowner, p.prosrc = body and p.prosecdef and p.proconfig = postern.guard_settings()
         and p.prorettype = 'trigger'::regtype and p.prolang = (select l.oid from pg_language as l where l.lanname = 'plpgsql') as same
    into found_function
    from pg_proc as p
   where p.pronamespace = place.oid and p.proname = place.proname and p.pronargs = 0;
  if found_function.proowner <> place.owner then
    raise exception using
      errcode = 'PS107',
      message = format('The function %s stands in the way of the guard', name),
      detail = format('It belongs to %s, the table %s to %s.', found_function.proowner::regrole, target, place.owner),
      hint = format('Find out who made it, and have it dropped: drop function %s();', name);
  elsif found_function.same then
    return found_function.oid;
  end if;
  execute format('create or replace function %s() returns trigger language plpgsql security definer %s as %L', name,
                 (select string_agg(format('set %I to %s', split_part(s.setting, '=', 1),
                                           (select string_agg(quote_literal(btrim(part)), ', ') from unnest(string_to_array(split_part(s.setting, '=', 2), ',')) as part)), ' ' order by s.position)
                    from unnest(postern.guard_settings()) with ordinality as s (setting, position)),
                 body);
  execute format('revoke all on function %s() from public', name);
  if place.owner <> current_user::regrole then
    execute format('alter function %s() owner to %s', name, place.owner);
  end if;
  execute format('comment on function %s() is %L', name, format('Made by Postern: the guard of %s by gate %s.', target, gate_id));
  return (name || '()')::regprocedure;
end
$$;
revoke execute on function postern.put_guard_function(regclass, text, text) from public;
grant execute on function postern.put_guard_function(regclass, text, text) to postern_admin;
comment on function postern.put_guard_function(regclass, text, text) is
'For protect_gate: creates or repairs the function of a guard, which belongs to the owner of the table. Errors: PS107 somebody else has a function of that name.';
