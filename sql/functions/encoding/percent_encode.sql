create or replace function postern_internal.percent_encode(part text)
returns text
language sql
immutable
strict
parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(string_agg(case when c.character ~ '^[A-Za-z0-9._~-]$' then c.character
                                  else upper(regexp_replace(encode(convert_to(c.character, 'UTF8'), 'hex'), '(..)', E'%\\1', 'g')) end,
                             '' order by c.position), '')
    from regexp_split_to_table(part, '') with ordinality as c (character, position)
$$;
revoke execute on function postern_internal.percent_encode(text) from public;
comment on function postern_internal.percent_encode(text) is 'A part of a URI (RFC 3986): everything but its unreserved characters is encoded.';
