-- Has no SET clause, so that the planner inlines it. Called only by functions that pin their search_path.

create or replace function postern_internal.user_bounds(userid text)
returns table (
  bound bigint,
  company text,
  shift bigint
)
language sql
stable
parallel safe
begin atomic
  select r.bound, r.company, r.shift
    from (select b.first_id, b.first_id + b.size as end_id, b.company,
                 sum(b.size) over (partition by b.company order by b.first_id) - b.size - b.first_id as shift,
                 lead(b.first_id) over (order by b.first_id) as next_id
            from postern_internal.company_user as u
            join postern_internal.combination_block as b on b.company = u.company
           where u.userid = user_bounds.userid) as b
   cross join lateral (values (b.first_id, b.company, b.shift), (b.end_id, '', 0)) as r (bound, company, shift)
   where r.bound is distinct from b.next_id;
end;
revoke execute on function postern_internal.user_bounds(text) from public;
comment on function postern_internal.user_bounds(text) is
'Cuts the range of ids where blocks of a user''s companies begin and end. From bound up to the next one, ids belong to company; '''' means none of the user''s. id + shift is the place of an id among all ids of its company, with its blocks laid end to end.';
