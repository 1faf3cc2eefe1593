create or replace function postern_internal.add_combination(
  class_id bigint,
  allowed boolean,
  patterns text[]
)
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  rule_id bigint;
begin
  perform postern_internal.require_administrable_class(class_id);
  if allowed is null then
    raise exception using
      errcode = 'PS301',
      message = 'allowed is missing',
      detail = 'allowed is NULL.',
      hint = 'Pass true for code strings that the class allows, false for those that it does not.';
  end if;
  perform postern_internal.require_patterns(patterns);
  -- Increases the class's revision first, so that of two concurrent changes the second compiles the rules of both.
  perform postern_internal.begin_class_change(class_id);
  select c.rule_id
    into rule_id
    from postern_internal.authority_combination as c
   where c.class_id = add_combination.class_id and c.allowed = add_combination.allowed and c.patterns = add_combination.patterns;
  if rule_id is null then
    insert into postern_internal.authority_combination as c (class_id, allowed, patterns)
    values (class_id, allowed, patterns)
    returning c.rule_id into rule_id;
    perform postern_internal.compile_class(class_id);
  end if;
  return rule_id;
end
$$;
revoke execute on function postern_internal.add_combination(bigint, boolean, text[]) from public;
comment on function postern_internal.add_combination(bigint, boolean, text[]) is 'Adds a rule to a class and compiles the class. Returns the rule''s id, or that of the same existing rule. Errors: PS301 built-in class, allowed is NULL, bad pattern.';
