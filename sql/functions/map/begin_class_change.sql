create or replace function postern_internal.begin_class_change(class_id bigint)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  update postern_internal.authority_class as c
     set revision = c.revision + 1
   where c.class_id = begin_class_change.class_id;
end
$$;
revoke execute on function postern_internal.begin_class_change(bigint) from public;
comment on function postern_internal.begin_class_change(bigint) is
'Comes before each change of a class''s rules or map. A second transaction that changes the same class waits here. It then sees the changes of the first one, or fails with 40001 if its snapshot is older.';
