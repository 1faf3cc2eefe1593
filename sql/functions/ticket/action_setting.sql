-- The setting postern.action says which action has begun in this transaction without an approval. It can be made up, and
-- need not be protected: all that it does is to close gates. The time of the transaction stands before it, so that one
-- that was left behind on a pooled connection says nothing to the next client. timestamptz_send, because a cast to text
-- depends on the caller's settings.
--
-- Called only by functions that pin their search_path, and without a SET clause, so that it is inlined.

create or replace function postern_internal.action_setting(content text)
returns text
language sql
stable
parallel safe
return pg_catalog.encode(pg_catalog.timestamptz_send(pg_catalog.transaction_timestamp()), 'hex') || E'\t' || content;
revoke execute on function postern_internal.action_setting(text) from public;
comment on function postern_internal.action_setting(text) is
'The value of postern.action in the current transaction. content: a JSON object with action and parameters.';
