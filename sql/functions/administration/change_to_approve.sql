-- What an administrator reads before approving. Values are JSON, so that no name or description looks like the text
-- around it. The same change gives the same text each time, since the approval is bound to it. Each column that differs
-- is named, and short values are complete: a long description cuts only itself. What was cut ends with three dots.

create or replace function postern_internal.change_to_approve(
  kind text,
  key jsonb,
  before jsonb,
  after jsonb,
  message text
)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  named text;
  described text;
begin
  before := nullif(before, 'null');
  after := nullif(after, 'null');
  -- Entries about no row have a message of their own.
  if before is null and after is null then
    return case kind when 'apply' then message else left(to_jsonb(message)::text, 750) end;
  end if;
  select string_agg(case when k.value ~ '^[A-Za-z0-9_][A-Za-z0-9_.-]*$' and length(k.value) <= 140 then k.value
                         else postern_internal.cut_text(to_jsonb(k.value)::text, 140) end, ' ' order by k.name)
    into named
    from jsonb_each_text(postern_internal.repeatable_change(key)) as k (name, value);

  described := case
    when kind = 'gate' and before ->> 'active' <> after ->> 'active' and before - '{active,active_administered}'::text[] = '{}'
      then format('Gate %s switched %s', named, case after ->> 'active' when 'true' then 'on' else 'off' end)
    when kind = 'user' and before ->> 'active' <> after ->> 'active' and before - 'active' = '{}'
      then format('User %s %s', named, case after ->> 'active' when 'true' then 'enabled' else 'disabled' end)
    when kind = 'credential' and after ? 'hash' and after - '{hash,must_change}'::text[] = '{}' and before is not null
      then format('PIN of %s reset', named)
    when kind = 'credential' and after ? 'unlocked_at' and after - 'unlocked_at' = '{}' and before is not null
      then format('User %s unlocked', named)
  end;
  if described is null then
    select format('%s %s %s', initcap(left(kind, 1)) || translate(substring(kind from 2), '_', ' '), named,
                  case when before is null then 'added' when after is null then 'removed' else 'changed' end)
           || coalesce(': ' || string_agg(d.name || ' ' || concat_ws(' -> ', d.old_value, d.new_value), ', ' order by d.name), '')
      into described
      from (select v.name, postern_internal.cut_text(v.old_value, v.room) as old_value, postern_internal.cut_text(v.new_value, v.room) as new_value
              from (select n.name, (b.object -> n.name)::text as old_value, (a.object -> n.name)::text as new_value,
                           -- Those of more than 20 characters share the room.
                           greatest(350 / nullif(count(*) filter (where length((b.object -> n.name)::text) > 20) over ()
                                                 + count(*) filter (where length((a.object -> n.name)::text) > 20) over (), 0), 20)::integer as room
                      from (select postern_internal.repeatable_change(before)) as b (object)
                     cross join (select postern_internal.repeatable_change(after)) as a (object)
                     cross join jsonb_object_keys(coalesce(before, '{}') || coalesce(after, '{}')) as n (name)) as v) as d
     where d.old_value is not null or d.new_value is not null;
  end if;
  return postern_internal.cut_text(described, 750);
end
$$;
revoke execute on function postern_internal.change_to_approve(text, jsonb, jsonb, jsonb, text) from public;
comment on function postern_internal.change_to_approve(text, jsonb, jsonb, jsonb, text) is
'An administered entry in words, at most about 750 characters: what was changed, from which values to which. message: of the entry.';
