-- Answers for one row what the policy answers, from the same maps. A class has chunks only for blocks of its own
-- company.

create or replace function postern_internal.combination_is_allowed(
  company text,
  class_id bigint,
  posting_combination_id bigint
)
returns boolean
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  chunk record;
  codes text[];
begin
  if class_id is not null then
    select m.first_id, m.compiled_offset, m.bits
      into chunk
      from postern_internal.authority_map as m
     where m.class_id = combination_is_allowed.class_id and m.first_id <= posting_combination_id
     order by m.first_id desc
     limit 1;
    if posting_combination_id - chunk.first_id < chunk.compiled_offset then
      return get_bit(chunk.bits, posting_combination_id - chunk.first_id) = 1;
    end if;
  end if;
  select array[p.code_a, p.code_b, p.code_c, p.code_d, p.code_e, p.code_f, p.code_g, p.code_h, p.code_i, p.code_j]
    into codes
    from postern.posting_combination as p
   where p.company = combination_is_allowed.company and p.posting_combination_id = combination_is_allowed.posting_combination_id;
  if not found then
    codes := postern_internal.new_combination(company, posting_combination_id);
  end if;
  return codes is not null and (class_id is null or postern_internal.class_allows(class_id, codes));
end
$$;
revoke execute on function postern_internal.combination_is_allowed(text, bigint, bigint) from public;
comment on function postern_internal.combination_is_allowed(text, bigint, bigint) is 'Whether a class allows a posting combination of a company. class_id NULL: no restriction. Also finds one that the running statement has created. False for ids that do not belong to the company, and for NULL.';
