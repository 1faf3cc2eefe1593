-- A single space matches blank, and so does %, which matches everything.

create or replace function postern_internal.code_matches(
  code text,
  pattern text
)
returns boolean
language sql
immutable
parallel safe
return case when pattern ~ '^%+$' then true
            when pattern = ' ' then code is null
            else coalesce(code collate "C" like postern_internal.like_pattern(pattern), false) end;
revoke execute on function postern_internal.code_matches(text, text) from public;
comment on function postern_internal.code_matches(text, text) is 'Whether a pattern of a rule matches a code part (NULL: blank).';
