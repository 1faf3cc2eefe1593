create or replace function postern.explain_access(
  userid text,
  company text,
  posting_combination_id numeric,
  ledger_id text default null,
  out allowed boolean,
  out reason text,
  out class text,
  out rule_id bigint,
  out code_part text,
  out pattern text,
  out value text
)
returns record
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  access record;
  codes text[];
  rule record;
begin
  allowed := false;
  userid := postern.resolve_userid(userid);
  if not exists (select from postern_internal.end_user as e where e.userid = explain_access.userid) then
    reason := 'There is no such user.';
    return;
  elsif not exists (select from postern_internal.company as c where c.company = explain_access.company) then
    reason := 'There is no such company.';
    return;
  elsif not postern.is_company_user(company, userid) then
    reason := 'The user is not a user of the company.';
    return;
  end if;
  if ledger_id is null then
    select u.class_id, c.row_level_security
      into access
      from postern_internal.company_user as u
      join postern_internal.company as c on c.company = u.company
     where u.userid = explain_access.userid and u.company = explain_access.company;
  else
    select u.class_id, c.row_level_security
      into access
      from postern_internal.ledger_user as u
      join postern_internal.company as c on c.company = u.company
     where u.userid = explain_access.userid and u.company = explain_access.company and u.ledger_id = explain_access.ledger_id;
    if not found then
      reason := case when exists (select from postern_internal.ledger as l
                                   where l.company = explain_access.company and l.ledger_id = explain_access.ledger_id)
                     then 'The user is not connected to the internal ledger.'
                     else 'There is no such internal ledger in the company.' end;
      return;
    end if;
  end if;
  select c.class into class from postern_internal.authority_class as c where c.class_id = access.class_id;

  select array[p.code_a, p.code_b, p.code_c, p.code_d, p.code_e, p.code_f, p.code_g, p.code_h, p.code_i, p.code_j]
    into codes
    from postern.posting_combination as p
   where p.company = explain_access.company
     and p.posting_combination_id = postern_internal.combination_id(explain_access.posting_combination_id);
  if not found then
    reason := 'The company has no such posting combination.';
    return;
  elsif not access.row_level_security then
    allowed := true;
    reason := 'Row level security is switched off in the company.';
    return;
  elsif access.class_id is null then
    allowed := ledger_id is not null;
    reason := case when allowed then 'The user is connected to the internal ledger, and no class narrows that.'
                                else 'The user has no authority class in the company.' end;
    return;
  end if;

  select r.rule_id, r.allowed
    into rule
    from postern_internal.authority_combination as r
   where r.class_id = access.class_id and postern_internal.rule_matches(codes, r.patterns)
   order by r.allowed, r.rule_id
   limit 1;
  if found then
    allowed := rule.allowed;
    rule_id := rule.rule_id;
    reason := case when allowed then 'A combination of the class allows it, and none says that it is not allowed.'
                                else 'A combination of the class says that it is not allowed.' end;
    -- All patterns of a rule match; the first one that is not % says most about it.
    select p.part, p.pattern, p.code
      into code_part, pattern, value
      from (select substr('ABCDEFGHIJ', p.part::integer, 1) as part, p.pattern, p.code
              from postern_internal.authority_combination as r
             cross join lateral unnest(codes, r.patterns) with ordinality as p (code, pattern, part)
             where r.rule_id = rule.rule_id
             order by p.pattern ~ '^%+$', p.part
             limit 1) as p;
    return;
  end if;

  reason := 'No combination of the class allows it.';
  -- The rule that came nearest, and the first code part that did not match.
  select p.rule_id, p.part, p.pattern, p.code
    into rule_id, code_part, pattern, value
    from (select r.rule_id, substr('ABCDEFGHIJ', p.part::integer, 1) as part, p.pattern, p.code,
                 count(*) over (partition by r.rule_id) as failed
            from postern_internal.authority_combination as r
           cross join lateral unnest(codes, r.patterns) with ordinality as p (code, pattern, part)
           where r.class_id = access.class_id and r.allowed and not postern_internal.code_matches(p.code, p.pattern)) as p
   order by p.failed, p.rule_id, p.part
   limit 1;
end
$$;
revoke execute on function postern.explain_access(text, text, numeric, text) from public;
grant execute on function postern.explain_access(text, text, numeric, text) to postern_admin;
comment on function postern.explain_access(text, text, numeric, text) is
'Why a user may or may not see rows with a posting combination: one row with the verdict, the reason in words and the user''s class. If a rule decided (or, when none allows it, came nearest), also rule_id (of postern.authority_combination), the code part that tells, the rule''s pattern there and the code (NULL: blank). ledger_id: in that internal ledger; NULL: in the general ledger. Users, companies and ids that do not exist are a reason too, not an error.';
