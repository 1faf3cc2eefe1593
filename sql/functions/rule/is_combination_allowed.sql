-- A set bit means yes, whether or not the company uses row-level security: the combination belongs to the company,
-- because a class has chunks only for blocks of its own company. So most calls end after three statements on one table
-- each. This is called for each row. So it compares the session's proof with the secret itself, like current_userid,
-- and calls that only if there is no proof; a test keeps these lines the same as in posting_combination_id. The
-- search_path is pg_catalog, pg_temp, spelled as there and for the same reason.

create or replace function postern.is_combination_allowed(
  company text,
  posting_combination_id numeric
)
returns boolean
language plpgsql
stable
parallel safe
security definer
set search_path = pg_temp
as $$
declare
  setting constant text := current_setting('postern.session', true);
  id constant bigint := postern_internal.combination_id(posting_combination_id);
  secret bytea;
  current_user_id text;
  allowed boolean;
  users_class_id bigint;
  row_level_security boolean;
begin
  select s.secret into secret from postern_internal.session_secret as s;
  current_user_id := case when postern_internal.is_proven(setting, secret) then split_part(setting, E'\t', 2) else postern.current_userid() end;

  select u.class_id
    into users_class_id
    from postern_internal.company_user as u
   where u.userid = current_user_id and u.company = is_combination_allowed.company;
  if not found then
    return false;
  end if;
  -- The block that contains the id, or otherwise one that ends before it.
  select case when id - m.first_id < m.compiled_offset then get_bit(m.bits, id - m.first_id) = 1 end
    into allowed
    from postern_internal.authority_map as m
   where m.class_id = users_class_id and m.first_id <= id
   order by m.first_id desc
   limit 1;
  if allowed then
    return allowed;
  end if;

  select c.row_level_security into row_level_security from postern_internal.company as c where c.company = is_combination_allowed.company;
  if row_level_security and (users_class_id is null or allowed is not null) then
    return false;
  end if;
  return postern_internal.combination_is_allowed(company, case when row_level_security then users_class_id end, id);
end
$$;
revoke execute on function postern.is_combination_allowed(text, numeric) from public;
grant execute on function postern.is_combination_allowed(text, numeric) to postern_user, postern_admin;
comment on function postern.is_combination_allowed(text, numeric) is
'Whether the current user may see rows of a company with this posting combination. False if either is NULL or does not exist. The id may also be a bigint. Errors: PS401, PS402.';
