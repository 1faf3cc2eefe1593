-- An approval is bound to its changes, and the transaction that makes them runs twice. So what differs each time is left
-- out: ids that a sequence gives, and the moment of the change. Whether there is a moment is kept. A test fails on a
-- recorded column of such a type that is not named here.

create or replace function postern_internal.repeatable_change(object jsonb)
returns jsonb
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case when jsonb_typeof(object) = 'object'
              then object - array['rule_id', 'webhook_secret_id', 'log_drop_id']
                   || coalesce((select jsonb_object_agg(m.name, case when object ->> m.name is not null then '(a moment)' end)
                                  from unnest(array['unlocked_at', 'retired_at', 'disabled_at', 'expires_at']) as m (name)
                                 where object ? m.name), '{}')
              else object end
$$;
revoke execute on function postern_internal.repeatable_change(jsonb) from public;
comment on function postern_internal.repeatable_change(jsonb) is
'The key, before or after of an administered entry, without what differs each time the same change is made.';
