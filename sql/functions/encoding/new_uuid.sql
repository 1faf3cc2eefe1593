-- A version 7 uuid (RFC 9562) for tickets and challenge nonces. It begins with the time. So rows that are used soon
-- after they were made are in pages that are still in memory; a random key would search cold pages. Its 74 random bits
-- cannot be guessed in the seconds for which a ticket lasts, in that one user's session. The time is that of the
-- transaction, so it reveals nothing about how long the check took.

create or replace function postern_internal.new_uuid()
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  milliseconds bytea := substr(int8send(floor(extract(epoch from transaction_timestamp()) * 1000)::bigint), 3);
  random bytea := substr(uuid_send(gen_random_uuid()), 7);  -- of version 4: the random part stays, except the digit 4
begin
  return encode(milliseconds || set_byte(random, 0, 112 | (get_byte(random, 0) & 15)), 'hex')::uuid;
end
$$;
revoke execute on function postern_internal.new_uuid() from public;
comment on function postern_internal.new_uuid() is 'A new ticket or nonce: 48 bits of time, 74 random bits.';
