-- The code lane ends with this. It drops what an earlier code lane made in Postern's schemas and this one did not, and
-- records this one. What others have made there stays, for "postern verify" to report. The words in capitals are
-- replaced.

do $settle$
declare
  schemas constant name[] := array[SCHEMAS];
  recorded constant jsonb := 'RECORD';
  server_major constant integer := current_setting('server_version_num')::integer / 10000;
  made text[];
  leftovers text[];
  leftover text;
  kept text[];
  reasons text[];
  reason text;
begin
  -- Names are compared, with each other and with what an earlier installation recorded.
  perform set_config('quote_all_identifiers', 'off', true);

  -- "create or replace" writes the catalog's row anew, so what this transaction has not written the code lane did not
  -- make. Its savepoints have later numbers than it has itself. Partitions of the log come and go, and their triggers
  -- with them.
  with code (classid, oid, written) as (
    select 'pg_proc'::regclass, p.oid, p.xmin
      from pg_proc as p
     where p.pronamespace::regnamespace::text::name = any (schemas) and pg_get_userbyid(p.proowner) in (OWNING)
    union all
    select 'pg_class'::regclass, c.oid, w.xmin
      from pg_class as c
      join pg_rewrite as w on w.ev_class = c.oid and w.rulename = '_RETURN'
     where c.relnamespace::regnamespace::text::name = any (schemas) and pg_get_userbyid(c.relowner) in (OWNING)
    union all
    select 'pg_policy'::regclass, y.oid, y.xmin
      from pg_policy as y
      join pg_class as c on c.oid = y.polrelid
     where c.relnamespace::regnamespace::text::name = any (schemas) and pg_get_userbyid(c.relowner) = 'postern_owner' and not c.relispartition
    union all
    select 'pg_trigger'::regclass, g.oid, g.xmin
      from pg_trigger as g
      join pg_class as c on c.oid = g.tgrelid
     where c.relnamespace::regnamespace::text::name = any (schemas) and pg_get_userbyid(c.relowner) = 'postern_owner'
       and not c.relispartition and not g.tgisinternal
  ),
  named as (
    select o.type || ' ' || o.identity as name, age(c.written) <= age(pg_current_xact_id()::xid) as made_now
      from code as c
     cross join lateral pg_identify_object(c.classid, c.oid, 0) as o
  ),
  earlier as (
    select i.code_objects from postern_internal.installation as i order by i.installation_id desc limit 1
  )
  select coalesce(array_agg(n.name order by n.name) filter (where n.made_now), '{}'),
         coalesce(array_agg(n.name order by n.name) filter (where not n.made_now and n.name = any (e.code_objects)), '{}')
    into made, leftovers
    from named as n
    left join earlier as e on true;

  -- What depends on another leftover goes before that.
  while cardinality(leftovers) > 0 loop
    kept := '{}';
    reasons := '{}';
    foreach leftover in array leftovers loop
      begin
        execute 'drop ' || leftover;
      exception when dependent_objects_still_exist then
        get stacked diagnostics reason = pg_exception_detail;
        kept := kept || leftover;
        reasons := reasons || reason;
      end;
    end loop;
    if cardinality(kept) = cardinality(leftovers) then
      raise exception 'Objects of this database depend on what this version of Postern no longer has'
        using errcode = 'dependent_objects_still_exist',
              detail = array_to_string(reasons, e'\n'),
              hint = 'Drop or change what the detail names first, then install again. Nothing was changed.';
    end if;
    leftovers := kept;
  end loop;

  insert into postern_internal.installation (version, schema_version, schema_sha256, code_sha256, code_objects, built_at, server_major)
  values (recorded ->> 'version', (recorded ->> 'schema_version')::integer, recorded ->> 'schema_sha256', recorded ->> 'code_sha256',
          made, (recorded ->> 'built_at')::timestamptz, server_major);
  execute format('comment on table postern_internal.installation is %L',
                 'PURPOSE ' || (recorded || jsonb_build_object('server_major', server_major))::text);
end
$settle$;
