-- What the transaction-local setting postern.session has to say for a user in this very transaction:
-- a keyed digest over transaction_timestamp() and the user, then the user. Not over the backend's process id,
-- which differs in parallel workers. timestamptz_send, because a cast to text depends on the caller's settings.
-- Called only by functions that pin their search_path, on the hot path of every policy: no SET clause of its own.

create or replace function postern_internal.session_setting(userid text)
returns text
language plpgsql
stable
parallel safe
as $$
declare
  k record;
begin
  select s.inner_pad, s.outer_pad into strict k from postern_internal.server_key as s where s.purpose = 'session';
  return encode(
           sha256(k.outer_pad || sha256(k.inner_pad || timestamptz_send(transaction_timestamp()) || convert_to(userid, 'UTF8'))),
           'hex') || userid;
end
$$;
revoke execute on function postern_internal.session_setting(text) from public;
comment on function postern_internal.session_setting(text) is
'The value of postern.session that proves userid in the current transaction: 64 hexadecimal digits, then the user.';
