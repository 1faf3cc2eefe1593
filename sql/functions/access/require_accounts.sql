-- user_account hides the users whom this transaction has authenticated, because a lock-out would reveal a verdict that
-- can still be rolled back. A page or a report without them would be wrong, so there is none.

create or replace function postern_internal.require_accounts(userids text[])
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  -- A count, because a search for the first one missing would read the view once for each user.
  if (select count(*) from unnest(userids) as u (userid) join postern.user_account as a on a.userid = u.userid) < cardinality(userids) then
    raise exception using
      errcode = 'PS107',
      message = 'This transaction has answered a challenge',
      detail = 'What it could read about users now would reveal the verdict before it is committed.',
      hint = 'End this transaction, and ask again in one of its own.';
  end if;
end
$$;
revoke execute on function postern_internal.require_accounts(text[]) from public;
comment on function postern_internal.require_accounts(text[]) is
'Raises an error if user_account hides one of these users, who all exist. Errors: PS107.';
