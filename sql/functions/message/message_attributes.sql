create or replace function postern.message_attributes(message text)
returns table ("position" integer, name text, value text)
language plpgsql
immutable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  pairs text[] := postern_internal.parse_message(message);
begin
  if pairs is null then
    perform postern_internal.reject_message(message);
  end if;

  for i in 1 .. cardinality(pairs) / 2 loop
    position := i;
    name := pairs[2 * i - 1];
    value := pairs[2 * i];
    return next;
  end loop;
end
$$;

revoke execute on function postern.message_attributes(text) from public;
grant execute on function postern.message_attributes(text) to postern_user, postern_admin;
comment on function postern.message_attributes(text) is
'The attributes of an IFS Message in their order, with positions from 1; a nested message is a value like any other. Errors: PS107 the message is NULL or not valid; DETAIL names the line.';
