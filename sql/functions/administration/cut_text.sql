create or replace function postern_internal.cut_text(
  content text,
  room integer
)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case when length(content) > room then left(content, room) || '...' else content end
$$;
revoke execute on function postern_internal.cut_text(text, integer) from public;
comment on function postern_internal.cut_text(text, integer) is 'The beginning of a text of more than room characters, and three dots; a shorter text as it is.';
