-- The row of an open block is the lock under which its next id follows its last. A session that finds all open blocks
-- locked opens another one, so nobody waits, except for a session that is creating the same code string. The row is
-- written when the first id since the last count is given, and when the last one is, but not in between: each version
-- of it would be one more for the next session to read.
--
-- Values are computed in PL/pgSQL, which prepares an expression once per transaction; a query is prepared each time. An
-- index scan reads all entries of a page that satisfy its condition. So the search for a block's last id starts at the
-- last id that this transaction has given. Anybody may write the setting that stores it, so it is only a starting
-- point: if nothing is found from there on, the search starts at the block's first id.
--
-- A session keeps its plans. A plan made while the table was tiny would read all of it for each code string: hence the
-- last setting.
--
-- The search_path is pg_catalog, pg_temp, spelled as in current_userid and for the same reason. The session's proof is
-- compared with the secret here as well, which saves a call for each row; a test keeps these lines the same as in
-- is_combination_allowed.

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
set search_path = pg_temp
set enable_seqscan = off
as $$
declare
  codes constant text[] := postern_internal.code_string(code_a, code_b, code_c, code_d, code_e, code_f, code_g, code_h, code_i, code_j);
  setting constant text := current_setting('postern.session', true);
  secret bytea;
  current_user_id text;
  found_id bigint;
  block record;
  first_id bigint;
  end_id bigint;
  known_id bigint;
begin
  -- An administrator who loads data has no end user.
  if not pg_has_role(session_user, 'postern_admin', 'usage') then
    select s.secret into secret from postern_internal.session_secret as s;
    current_user_id := case when postern_internal.is_proven(setting, secret) then split_part(setting, E'\t', 2) else postern.current_userid() end;
    perform from postern_internal.company_user as u where u.userid = current_user_id and u.company = posting_combination_id.company;
    if not found then
      perform postern.require_company_user(company, current_user_id);
    end if;
  end if;
  -- Plain variables, because reading ten elements from an array costs more.
  if '' in (code_b, code_c, code_d, code_e, code_f, code_g, code_h, code_i, code_j) then
    code_b := codes[2];
    code_c := codes[3];
    code_d := codes[4];
    code_e := codes[5];
    code_f := codes[6];
    code_g := codes[7];
    code_h := codes[8];
    code_i := codes[9];
    code_j := codes[10];
  end if;

  for attempt in 1 .. 100 loop
    select p.posting_combination_id
      into found_id
      from postern.posting_combination as p
     where array[p.company collate "C", p.code_a, p.code_b, p.code_c, p.code_d, p.code_e, p.code_f, p.code_g, p.code_h, p.code_i, p.code_j]
           = (posting_combination_id.company || codes) collate "C";
    if found then
      return found_id;
    elsif current_setting('transaction_read_only') = 'on' then
      perform postern_internal.refuse_read_only();
    end if;

    select b.first_id, b.size, b.given, b.counted
      into block
      from postern_internal.combination_block as b
     where b.given < b.size and b.company = posting_combination_id.company
     order by b.first_id
     limit 1
       for no key update skip locked;
    if not found then
      perform postern_internal.require_company(company);
      block := postern_internal.open_block(company);
    end if;
    first_id := block.first_id + block.given;
    end_id := block.first_id + block.size;
    if block.counted then
      update postern_internal.combination_block as b set counted = false where b.first_id = block.first_id;
      found_id := first_id;
    else
      known_id := case when attempt = 1 then substring(current_setting('postern.last_combination', true), '^[0-9]{1,18}$')::bigint end;
      known_id := case when known_id > first_id and known_id < end_id then known_id else first_id end;
      -- At REPEATABLE READ the last one may be newer than the snapshot: then nothing is inserted below.
      select p.posting_combination_id
        into found_id
        from postern.posting_combination as p
       where p.company = posting_combination_id.company and p.posting_combination_id >= known_id and p.posting_combination_id < end_id
       order by p.posting_combination_id desc
       limit 1;
      continue when not found and known_id > first_id;
      found_id := coalesce(found_id + 1, first_id);
    end if;

    insert into postern.posting_combination
    values (company, found_id, code_a, code_b, code_c, code_d, code_e, code_f, code_g, code_h, code_i, code_j)
    on conflict do nothing;
    -- Not inserted: somebody else has just created this code string. The next round finds it, unless it was rolled
    -- back.
    if found then
      if found_id = end_id - 1 then
        update postern_internal.combination_block as b
           set given = b.size, counted = true
         where b.first_id = block.first_id;
      end if;
      return set_config('postern.last_combination', found_id::text, true)::bigint;
    end if;
  end loop;
  raise exception using
    errcode = 'serialization_failure',
    message = 'The posting combination could not be created',
    detail = 'Other sessions keep creating this code string and rolling back.',
    hint = 'Try again.';
end
$$;
revoke execute on function postern.posting_combination_id(text, text, text, text, text, text, text, text, text, text, text) from public;
grant execute on function postern.posting_combination_id(text, text, text, text, text, text, text, text, text, text, text) to postern_user, postern_admin;
comment on function postern.posting_combination_id(text, text, text, text, text, text, text, text, text, text, text) is
'The id of a code string of a company; creates it if it is new. code_a, ..., code_j: each at most 20 characters; code part A is required, the others are blank if NULL or empty. Errors: PS201 no such company or not the user''s, PS301 code part A is blank or a code part is not usable, PS401, PS402; 25006 a code string is new and nothing can be written; 40001 a transaction''s snapshot is older than the code string.';
