-- [_], [%] and [[] stand for the character between the brackets. Brackets, and not a backslash: with a backslash, patterns
-- would need escapes of their own in shells, in strings and in files, and codes may contain one. Any other bracket, and
-- every backslash, stands for itself. Without a SET clause, so that it is inlined: called only by functions that pin their
-- search_path.

create or replace function postern_internal.like_pattern(pattern text)
returns text
language sql
immutable
parallel safe
return case when strpos(pattern, '[') = 0 then replace(pattern, E'\\', E'\\\\')
            else regexp_replace(replace(pattern, E'\\', E'\\\\'), '\[([%_[])\]', E'\\\\\\1', 'g') end;
revoke execute on function postern_internal.like_pattern(text) from public;
comment on function postern_internal.like_pattern(text) is 'A pattern of a rule as LIKE takes it.';
