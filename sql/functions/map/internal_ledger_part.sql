-- Has no SET clause, so that the planner inlines it. Called only by functions that pin their search_path.

create or replace function postern_internal.internal_ledger_part(userid text)
returns table (
  company text,
  class_id bigint,
  ledgers text[],
  part_no bigint
)
language sql
stable
parallel safe
begin atomic
  select p.company, p.class_id, p.ledgers, row_number() over (order by p.company collate "C", p.class_id nulls first)
    from (select u.company, case when c.row_level_security then u.class_id end as class_id, array_agg(u.ledger_id) as ledgers
            from postern_internal.ledger_user as u
            join postern_internal.company as c on c.company = u.company
           where u.userid = internal_ledger_part.userid
           group by 1, 2) as p;
end;
revoke execute on function postern_internal.internal_ledger_part(text) from public;
comment on function postern_internal.internal_ledger_part(text) is
'The parts of internal_ledger_map, in the order of part_no. Each covers all posting combinations of a company, as one class allows them (NULL: all are allowed), and serves the ledgers in which the user has that class.';
