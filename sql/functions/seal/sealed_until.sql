create or replace function postern.sealed_until()
returns table (tree_size bigint, snapshot pg_snapshot)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select s.tree_size,
         case when (s.place).system_identifier = (select c.system_identifier from pg_control_system() as c) then s.snapshot end
    from postern_internal.sealing as s
$$;
revoke execute on function postern.sealed_until() from public;
grant execute on function postern.sealed_until() to postern_auditor, postern_sealer;
comment on function postern.sealed_until() is
'For postern log seal: how far the log is sealed. tree_size: the number of leaves. snapshot: all entries that it sees have a leaf; NULL if nothing was sealed in this cluster.';
