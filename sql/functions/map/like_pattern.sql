-- [_], [%] and [[] stand for the character between the brackets. A backslash would be a bad escape character: codes may
-- contain backslashes, and shells, strings and files would need escapes of their own. Any other bracket and every
-- backslash stand for themselves.
--
-- Has no SET clause, so that the planner inlines it. Called only by functions that pin their search_path.

create or replace function postern_internal.like_pattern(pattern text)
returns text
language sql
immutable
parallel safe
return case when strpos(pattern, '[') = 0 then replace(pattern, E'\\', E'\\\\')
            else regexp_replace(replace(pattern, E'\\', E'\\\\'), '\[([%_[])\]', E'\\\\\\1', 'g') end;
revoke execute on function postern_internal.like_pattern(text) from public;
comment on function postern_internal.like_pattern(text) is 'The pattern of a rule, translated into a pattern of LIKE.';
