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
'Whoever changes a class''s rules or map calls this first. Who changes the same class at the same time waits, and then sees what the other did, or fails with 40001 where its snapshot is older.';
