create or replace function postern_internal.setting_kinds(value text)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case when w.wanted in ('none', 'all') then w.wanted
              when string_to_array(w.wanted, ',') <@ postern_internal.administered_kinds()
              then (select string_agg(distinct k.kind, ',' order by k.kind) from unnest(string_to_array(w.wanted, ',')) as k (kind)) end
    from (select regexp_replace(lower(value), '[[:space:]]', '', 'g')) as w (wanted)
$$;
revoke execute on function postern_internal.setting_kinds(text) from public;
comment on function postern_internal.setting_kinds(text) is
'A value of the setting administration_gate as it is stored: each kind once, in alphabetical order, without spaces. NULL if the setting cannot have the value.';
