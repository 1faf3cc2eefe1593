create or replace function postern_internal.rule_matches(
  codes text[],
  patterns text[]
)
returns boolean
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select bool_and(postern_internal.code_matches(p.code, p.pattern)) from unnest(codes, patterns) as p (code, pattern)
$$;
revoke execute on function postern_internal.rule_matches(text[], text[]) from public;
comment on function postern_internal.rule_matches(text[], text[]) is 'Whether the ten patterns of a rule match the ten parts of a code string.';
