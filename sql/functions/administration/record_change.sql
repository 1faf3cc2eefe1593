-- The one way into the log for changes of who may do what. As a row trigger it cannot be forgotten by a function, nor by
-- a statement of a superuser, and it is in the same subtransaction as the change: neither stays without the other.
--
-- Everything about the table is in the trigger's arguments, so that a change costs no look-up: kind, about_column, and
-- columns by treatment. Values of secret columns leave this function nowhere, not even as a digest.

create or replace function postern_internal.record_change()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  keys constant text[] := tg_argv[2]::text[];
  others constant text[] := tg_argv[3]::text[];
  secrets constant text[] := tg_argv[4]::text[];
  excluded constant text[] := tg_argv[5]::text[];
  old_row jsonb;
  new_row jsonb;
  before jsonb;
  after jsonb;
begin
  if tg_op <> 'INSERT' then
    old_row := to_jsonb(old) - excluded;
  end if;
  if tg_op <> 'DELETE' then
    new_row := to_jsonb(new) - excluded;
  end if;
  if tg_op = 'UPDATE' then
    select jsonb_object_agg(o.key, o.value), jsonb_object_agg(o.key, new_row -> o.key)
      into before, after
      from jsonb_each(old_row) as o
     where o.value <> new_row -> o.key;
    -- Another key is another object: the history of neither may miss it.
    if not before ?| keys then
      perform postern_internal.record_administered_row(tg_argv[0], tg_argv[1], old_row - others, secrets, old_row, before, after);
      return null;
    end if;
  end if;
  if old_row is not null then
    perform postern_internal.record_administered_row(tg_argv[0], tg_argv[1], old_row - others, secrets, old_row, jsonb_strip_nulls(old_row - keys), null);
  end if;
  if new_row is not null then
    perform postern_internal.record_administered_row(tg_argv[0], tg_argv[1], new_row - others, secrets, new_row, null, jsonb_strip_nulls(new_row - keys));
  end if;
  return null;
end
$$;
revoke execute on function postern_internal.record_change() from public;
comment on function postern_internal.record_change() is 'Trigger of tables that say who may do what: adds an entry to the log for each row. Arguments: kind, about_column, the key columns, the other ones that count, those of them that are secret, and those that do not count.';
