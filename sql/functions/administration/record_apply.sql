-- The program calls this first in the transaction that applies files, so this entry has the lowest log_id of that
-- transaction and the single changes follow it. Triggers write those, whatever is said here. No argument holds free text.

create or replace function postern.record_apply(
  digests text[],
  created bigint,
  changed bigint,
  removed bigint
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  if coalesce(cardinality(digests), 0) not between 1 and 10000
     or exists (select from unnest(digests) as d (digest) where d.digest is null or d.digest !~ '^[0-9a-f]{64}$')
     or created is null or changed is null or removed is null or least(created, changed, removed) < 0 then
    raise exception using
      errcode = 'PS107',
      message = 'The application of files cannot be recorded',
      detail = format('%s digests; created is %s, changed is %s, removed is %s.', coalesce(cardinality(digests), 0),
                      coalesce(created::text, 'NULL'), coalesce(changed::text, 'NULL'), coalesce(removed::text, 'NULL')),
      hint = 'Pass the SHA-256 of each file as 64 lower-case hexadecimal digits, and three counts.';
  end if;
  perform postern_internal.record_administration(
    kind => 'apply',
    key => jsonb_build_object('sha256', digests, 'created', created, 'changed', changed, 'removed', removed),
    before => null,
    after => null,
    message => format('configuration applied: %s created, %s changed, %s removed; SHA-256 %s', created, changed, removed,
                      array_to_string(digests[:3], ', ') || case when cardinality(digests) > 3 then format(' and %s more', cardinality(digests) - 3) else '' end));
end
$$;
revoke execute on function postern.record_apply(text[], bigint, bigint, bigint) from public;
grant execute on function postern.record_apply(text[], bigint, bigint, bigint) to postern_admin;
comment on function postern.record_apply(text[], bigint, bigint, bigint) is
'For postern apply: records that this transaction applies configuration files. The changes themselves are recorded whether it is called or not. digests: the SHA-256 of each file. created, changed, removed: how many objects. Errors: PS107 argument; 42501 this database does not allow the login.';
