-- What is recorded has no secrets, so values may be shown. Each is cut, because a template or a condition may be long. In
-- ASCII, so that the subject of a mail needs no encoding.

create or replace function postern_internal.change_text(
  kind text,
  message text,
  parameters jsonb
)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select left(case when message = '' then replace(kind, '_', ' ') || ' (redacted)'
                   when parameters ->> 'before' is null or parameters ->> 'after' is null then message
                   else concat_ws(' ', replace(kind, '_', ' '),
                                  (select string_agg(k.value, ' ') from jsonb_each_text(parameters -> 'key') as k),
                                  'changed:',
                                  (select string_agg(b.key || case when v.before <> v.after  -- a secret is '(not recorded)' twice
                                                                   then format(' %s -> %s', regexp_replace(v.before, '^(.{57}).{4,}$', E'\\1...'),
                                                                                           regexp_replace(v.after, '^(.{57}).{4,}$', E'\\1...'))
                                                                   else '' end, ', ')
                                     from jsonb_object_keys(parameters -> 'before') as b (key)
                                    cross join lateral (select (parameters -> 'before' -> b.key)::text as before, (parameters -> 'after' -> b.key)::text as after) as v)) end, 300)
$$;
revoke execute on function postern_internal.change_text(text, text, jsonb) from public;
comment on function postern_internal.change_text(text, text, jsonb) is 'A change of who may do what in words, with the values before and after, at most 300 characters. The arguments are the action, message and parameters of its entry.';
