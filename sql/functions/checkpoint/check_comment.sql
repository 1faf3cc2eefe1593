create or replace function postern_internal.check_comment(comment text)
returns text
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  if octet_length(comment) > 8000 or length(comment) > 2000 then
    raise exception using
      errcode = 'PS107',
      message = 'The comment is too long',
      detail = format('It has %s bytes; 2000 characters are allowed.', octet_length(comment)),
      hint = 'Shorten the comment.';
  end if;
  return nullif(btrim(comment, E' \t\r\n'), '');
end
$$;
revoke execute on function postern_internal.check_comment(text) from public;
comment on function postern_internal.check_comment(text) is
'The comment without white space at its ends; NULL if nothing is left. Errors: PS107 over 2000 characters.';
