-- The type name, because an array of values of one length finds any of them in one step.

create or replace function postern.ledger_block_companies()
returns name[]
language plpgsql
stable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(select case when a.company is not null then k.company::name end
                 from generate_series(0, (select max(b.block_no) from postern_internal.combination_block as b)) as n (block_no)
                 left join postern_internal.combination_block as k on k.block_no = n.block_no
                 left join postern.current_companies() as a on a.company = k.company
                order by n.block_no);
end
$$;
-- Everybody, for the reason given in require_user_role.
grant execute on function postern.ledger_block_companies() to public;
comment on function postern.ledger_block_companies() is
'For the policies of protect_ledger: the company that each block of 32768 posting combination ids belongs to, the one from id 0 on first; NULL where it is none of the current user''s. Errors: PS401, PS402.';
