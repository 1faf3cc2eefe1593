-- The map of a statement is older than the combinations that the statement itself creates. If this is true, the
-- policies evaluate the rules for rows that the map does not show. It is false in all later statements, which see what
-- was created, so those pay one call.
--
-- Anybody may write the setting. That can make one's own statement slow, or get one's own new rows refused. It must not
-- reveal whether an id of another company exists, so such an id counts as new.

create or replace function postern.has_new_combinations()
returns boolean
language plpgsql
stable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  last_id constant bigint := substring(current_setting('postern.last_combination', true), '^[0-9]{1,18}$')::bigint;
  current_user_id text;
begin
  if last_id is null then
    return false;
  end if;
  current_user_id := postern.current_userid();
  return not exists (
    select
      from (select b.company
              from postern_internal.combination_block as b
             where b.first_id <= last_id
             order by b.first_id desc
             limit 1) as b
      join postern_internal.company_user as u on u.company = b.company and u.userid = current_user_id
      join postern.posting_combination as p on p.company = b.company and p.posting_combination_id = last_id);
end
$$;
-- Granted to public for the reason given in require_user_role.
grant execute on function postern.has_new_combinations() to public;
comment on function postern.has_new_combinations() is
'For the policies of protect_ledger: whether this transaction has created a posting combination that the running statement does not see. Errors: PS401, PS402.';
