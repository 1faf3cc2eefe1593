create or replace function postern_internal.require_patterns(patterns text[])
returns void
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  pattern text;
begin
  for i in 1 .. 10 loop
    pattern := patterns[i];
    if pattern is null or pattern = '' or length(pattern) > 60 or length(regexp_replace(pattern, E'\\[([%_[])\\]', E'\\1', 'g')) > 20
       or pattern <> ' ' and pattern <> btrim(pattern) or pattern ~ '[[:cntrl:]]' then
      raise exception using
        errcode = 'PS301',
        message = format('The pattern of code part %s is not usable', substr('ABCDEFGHIJ', i, 1)),
        detail = format('code_%s is %s.', substr('abcdefghij', i, 1), coalesce(to_jsonb(left(pattern, 128))::text, 'NULL')),
        hint = 'Pass a value; a single space for blank; or a pattern of at most 20 characters with % for any characters or none, and _ for one; [%], [_] and [[] are the characters %, _ and [.';
    end if;
  end loop;
end
$$;
revoke execute on function postern_internal.require_patterns(text[]) from public;
comment on function postern_internal.require_patterns(text[]) is 'Errors: PS301 one of the ten patterns is NULL, empty, longer than a code part, or could match no code.';
