-- For tickets and for the nonces of challenges, of version 7 (RFC 9562): it begins with the time, so that what is used
-- soon after it was made lies in pages that are in memory, where a random one cost a search through cold ones. The 74
-- bits that are random are more than anybody guesses in the seconds that a ticket lasts, in that user's session alone.
-- The time is that of the transaction, and so tells nothing about how long the check took.

create or replace function postern_internal.new_uuid()
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  milliseconds bytea := substr(int8send(floor(extract(epoch from transaction_timestamp()) * 1000)::bigint), 3);
  random bytea := substr(uuid_send(gen_random_uuid()), 7);  -- of version 4: what is random stays, but for the digit 4
begin
  return encode(milliseconds || set_byte(random, 0, 112 | (get_byte(random, 0) & 15)), 'hex')::uuid;
end
$$;
revoke execute on function postern_internal.new_uuid() from public;
comment on function postern_internal.new_uuid() is 'A new ticket or nonce: 48 bits of time, 74 random ones.';
