-- VOLATILE, so that it reads with its own snapshot: a STABLE function does not see what the calling statement has
-- created. Only a transaction that has created combinations itself reads at all.

create or replace function postern_internal.new_combination(
  company text,
  posting_combination_id bigint
)
returns text[]
language plpgsql
volatile
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce(current_setting('postern.last_combination', true), '') = '' then
    return null;
  end if;
  return (select array[p.code_a, p.code_b, p.code_c, p.code_d, p.code_e, p.code_f, p.code_g, p.code_h, p.code_i, p.code_j]
            from postern.posting_combination as p
           where p.company = new_combination.company and p.posting_combination_id = new_combination.posting_combination_id);
end
$$;
revoke execute on function postern_internal.new_combination(text, bigint) from public;
comment on function postern_internal.new_combination(text, bigint) is 'The code string of a posting combination that the running statement may have created itself. NULL if there is none.';
