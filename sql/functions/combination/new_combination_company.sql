-- VOLATILE for the reason given in new_combination: the block may be new as well.

create or replace function postern_internal.new_combination_company(posting_combination_id bigint)
returns text
language plpgsql
volatile
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  return (select b.company
            from postern_internal.combination_block as b
           where b.first_id <= new_combination_company.posting_combination_id
           order by b.first_id desc
           limit 1);
end
$$;
revoke execute on function postern_internal.new_combination_company(bigint) from public;
comment on function postern_internal.new_combination_company(bigint) is 'The company that owns an id of a posting combination, whether or not the id is given. NULL if nobody owns it.';
