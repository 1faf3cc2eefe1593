-- The setting postern.action says which action has begun in this transaction without an approval. It can be forged, but
-- needs no protection, because all it does is close gates. It begins with the time of the transaction, so that a
-- setting left behind on a pooled connection means nothing to the next client. timestamptz_send is used because a cast
-- to text depends on the caller's settings.
--
-- Called only by functions that pin their search_path. It has no SET clause, so that it is inlined.

create or replace function postern_internal.action_setting(content text)
returns text
language sql
stable
parallel safe
return pg_catalog.encode(pg_catalog.timestamptz_send(pg_catalog.transaction_timestamp()), 'hex') || E'\t' || content;
revoke execute on function postern_internal.action_setting(text) from public;
comment on function postern_internal.action_setting(text) is
'The value of postern.action in the current transaction. content: a JSON object with action and parameters.';
