-- Moves the log to where no installation looks, with the types that its columns have and without what calls
-- Postern's functions. LOG_SCHEMA is replaced.

do $$
begin
  if not has_database_privilege(current_user, current_database(), 'create') then
    raise exception '% may not create the schema that keeps the log', current_user
      using errcode = 'insufficient_privilege',
            detail = 'The log of Postern is kept in a schema of its own.',
            hint = format('As the owner of the database: grant create on database %I to %I; or uninstall with --drop-log.', current_database(), current_user);
  end if;
end
$$;
create schema LOG_SCHEMA authorization postern_owner;
comment on schema LOG_SCHEMA is 'The log of a Postern that was uninstalled.';
set local role postern_owner;
do $$
declare
  kept regclass;
  part record;
begin
  -- The log with its partitions, those too that somebody has detached; the tree that proves it; and the signed heads.
  for kept in
    select i.inhrelid::regclass from pg_inherits as i where i.inhparent = 'postern_internal.checkpoint_entry'::regclass
    union
    select c.oid::regclass from pg_class as c
     where c.relnamespace = 'postern_internal'::regnamespace and c.relkind = 'r' and c.relname like 'checkpoint\_entry\_%'
    union all
    select unnest(array['postern_internal.checkpoint_entry', 'postern_internal.leaf', 'postern_internal.tree_head']::regclass[])
  loop
    for part in
      select g.tgname from pg_trigger as g where g.tgrelid = kept and not g.tgisinternal
         and g.tgparentid = 0 -- others go with the trigger of the whole log
    loop
      execute format('drop trigger %I on %s', part.tgname, kept);
    end loop;
    for part in
      select y.polname from pg_policy as y where y.polrelid = kept
    loop
      execute format('drop policy %I on %s', part.polname, kept);
    end loop;
    -- Nothing is added any more, and defaults use sequences that go.
    for part in
      select a.attname
        from pg_attrdef as f
        join pg_attribute as a on a.attrelid = f.adrelid and a.attnum = f.adnum
       where f.adrelid = kept and a.attgenerated = ''
    loop
      execute format('alter table only %s alter column %I drop default', kept, part.attname);
    end loop;
    for part in
      select distinct t.oid::regtype as type
        from pg_attribute as a
        join pg_type as t on t.oid = a.atttypid
        join pg_namespace as n on n.oid = t.typnamespace
       where a.attrelid = kept and not a.attisdropped and n.nspname = 'postern_internal'
    loop
      execute format('alter type %s set schema LOG_SCHEMA', part.type);
    end loop;
    execute format('alter table %s disable row level security', kept);
    execute format('alter table %s no force row level security', kept);
    execute format('alter table %s set schema LOG_SCHEMA', kept);
    execute format('revoke all on table %s from public, %s', kept,
                   (select string_agg(quote_ident(r.rolname), ', ') from pg_roles as r where r.rolname = any (array['postern_user', 'postern_app', 'postern_trusted_app', 'postern_admin', 'postern_sealer', 'postern_redactor', 'postern_event_worker'])));
  end loop;
end
$$;
grant usage on schema LOG_SCHEMA to postern_auditor;
grant select on LOG_SCHEMA.checkpoint_entry, LOG_SCHEMA.leaf, LOG_SCHEMA.tree_head to postern_auditor;
do $$
declare
  left_behind text;
begin
  -- The removal would take along whatever of the log still hangs on Postern's schemas: columns, defaults, checks.
  select string_agg(pg_describe_object(d.classid, d.objid, d.objsubid), ', ')
    into left_behind
    from pg_depend as d
    left join pg_constraint as k on d.classid = 'pg_constraint'::regclass and k.oid = d.objid
    left join pg_attrdef as f on d.classid = 'pg_attrdef'::regclass and f.oid = d.objid
   where array(select c.oid from pg_class as c where c.relnamespace = 'LOG_SCHEMA'::regnamespace)::regclass[]
         && array[case when d.classid = 'pg_class'::regclass then d.objid end, k.conrelid, f.adrelid]::regclass[]
     and (pg_identify_object_as_address(d.refclassid, d.refobjid, d.refobjsubid)).object_names[1] ~ '^(postern|postern_internal)(\.|$)';
  if left_behind is not null then
    raise exception 'The log cannot be kept: parts of it depend on what is to be removed'
      using detail = left_behind,
            hint = 'Export the log, then uninstall with --drop-log.';
  end if;
end
$$;
reset role;
