-- The row of an open block is the lock under which its next id is the one after its last: whoever finds all open blocks
-- taken opens a new one, so nobody waits for anybody, but for a session that is creating the same code string.

create or replace function postern.posting_combination_id(
  company text,
  code_a text,
  code_b text default null,
  code_c text default null,
  code_d text default null,
  code_e text default null,
  code_f text default null,
  code_g text default null,
  code_h text default null,
  code_i text default null,
  code_j text default null
)
returns bigint
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  codes constant text[] := postern_internal.code_string(code_a, code_b, code_c, code_d, code_e, code_f, code_g, code_h, code_i, code_j);
  -- Who loads data as an administrator has no end user to ask for.
  is_administrator constant boolean := pg_has_role(session_user, 'postern_admin', 'usage');
  current_user_id constant text := case when not is_administrator then postern.current_userid() end;
  is_user boolean;
  found_id bigint;
  block record;
begin
  for attempt in 1 .. 100 loop
    select u.userid is not null, p.posting_combination_id
      into is_user, found_id
      from (select) as one_row
      left join postern_internal.company_user as u on u.userid = current_user_id and u.company = posting_combination_id.company
      left join postern.posting_combination as p
        on p.company = posting_combination_id.company
       and p.code_a = codes[1]
       and coalesce(p.code_b, '') = coalesce(codes[2], '')
       and coalesce(p.code_c, '') = coalesce(codes[3], '')
       and coalesce(p.code_d, '') = coalesce(codes[4], '')
       and coalesce(p.code_e, '') = coalesce(codes[5], '')
       and coalesce(p.code_f, '') = coalesce(codes[6], '')
       and coalesce(p.code_g, '') = coalesce(codes[7], '')
       and coalesce(p.code_h, '') = coalesce(codes[8], '')
       and coalesce(p.code_i, '') = coalesce(codes[9], '')
       and coalesce(p.code_j, '') = coalesce(codes[10], '');
    if not is_user and not is_administrator then
      perform postern.require_company_user(company, current_user_id);
    end if;
    if found_id is not null then
      return found_id;
    end if;

    -- Where others have just used the block, these are not the ids of this snapshot, and the next round sees them.
    select b.block_no, b.given, b.counted, n.ids
      into block
      from (select k.block_no, k.given, k.counted
              from postern_internal.combination_block as k
             where k.company = posting_combination_id.company and k.given < postern_internal.block_size()
             order by k.block_no
             limit 1
               for update skip locked) as b
     cross join lateral postern_internal.block_ids(company, b.block_no, b.given, b.counted) as n (ids);
    if not found then
      perform postern_internal.require_company(company);
      insert into postern_internal.combination_block as b (company)
      values (company)
      returning b.block_no, b.given, b.counted, b.given as ids into block;
    end if;
    found_id := block.block_no * postern_internal.block_size() + block.ids;
    insert into postern.posting_combination
    values (company, found_id, codes[1], codes[2], codes[3], codes[4], codes[5], codes[6], codes[7], codes[8], codes[9], codes[10])
    on conflict do nothing;
    -- Not inserted: somebody else has just created this code string, and the next round finds it, unless it is gone again.
    if found then
      if block.counted or block.ids - block.given >= 127 or block.ids = postern_internal.block_size() - 1 then
        update postern_internal.combination_block as b
           set given = block.ids + 1,
               counted = block.ids = postern_internal.block_size() - 1
         where b.block_no = block.block_no;
      end if;
      return found_id;
    end if;
  end loop;
  raise exception using
    errcode = 'serialization_failure',
    message = 'The posting combination could not be created',
    detail = 'Other sessions create this code string and take it back again.',
    hint = 'Try again.';
end
$$;
revoke execute on function postern.posting_combination_id(text, text, text, text, text, text, text, text, text, text, text) from public;
grant execute on function postern.posting_combination_id(text, text, text, text, text, text, text, text, text, text, text) to postern_user, postern_admin;
comment on function postern.posting_combination_id(text, text, text, text, text, text, text, text, text, text, text) is
'The id of a code string of a company; creates it where it is new. code_a, ..., code_j: each at most 20 characters; code part A is needed, the others are blank where NULL or empty. Errors: PS201 no such company or not the users, PS301 code part A is blank or a code part is not usable, PS401, PS402; 40001 where a transactions snapshot is older than the code string.';
