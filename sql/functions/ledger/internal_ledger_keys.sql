create or replace function postern.internal_ledger_keys()
returns text[]
language plpgsql
stable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  current_user_id constant text := postern.current_userid();
begin
  -- Neither companies nor ledgers have control characters, so there is one way only to read a key.
  return array(select u.company || chr(31) || u.ledger_id
                 from postern_internal.ledger_user as u
                where u.userid = current_user_id
                order by u.company, u.ledger_id);
end
$$;
-- Everybody, for the reason given in require_user_role.
grant execute on function postern.internal_ledger_keys() to public;
comment on function postern.internal_ledger_keys() is
'For the policies of protect_ledger: the internal ledgers that the current user is connected to, each as company, unit separator (character 31), ledger, in the order of internal_ledger_map. Errors: PS401, PS402.';
