create or replace function postern_internal.class_rules(
  class_id bigint,
  out class_nos integer[],
  out allowed boolean[],
  out patterns text[]
)
returns record
language sql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(1), '{}'),
         coalesce(array_agg(c.allowed order by c.rule_id), '{}'),
         coalesce(array_agg(c.patterns order by c.rule_id), '{}')
    from postern_internal.authority_combination as c
   where c.class_id = class_rules.class_id
$$;
revoke execute on function postern_internal.class_rules(bigint) from public;
comment on function postern_internal.class_rules(bigint) is
'The rules of a class, as compile_blocks takes those of one or more classes. For each rule: the number of its class (1), whether it allows, and ten patterns.';
