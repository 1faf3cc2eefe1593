-- The approval is for this key and this name: they are parameters of the gate. Attestation is not asked for, so that
-- nobody learns the make of a person's device. A key that the person does not have approves nothing, so it need not
-- sign here.
--
-- A PIN is enough for the first passkey only. For another one an earlier passkey signs: a stolen PIN would otherwise be
-- worth all of them.

create or replace function postern.add_passkey(
  passkey_id bytea,
  public_key bytea,
  name text
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  current_user_id text := postern.current_userid();
  numbers integer[];
  free integer;
  reason text;
begin
  perform postern_internal.refuse_read_only();
  perform postern_internal.require_scheme('PASSKEY');
  perform postern_internal.require_text(name, 'name', 100);
  reason := case when passkey_id is null or octet_length(passkey_id) not between 16 and 1023
                 then format('passkey_id has %s bytes.', coalesce(octet_length(passkey_id)::text, 'NULL'))
                 when (postern_internal.p256_point(public_key)).x is null and postern_internal.rsa_modulus(public_key) is null
                 then 'public_key is not the SubjectPublicKeyInfo of a key of the curve P-256, or of an RSA key with 2048 bits and the exponent 65537.' end;
  if reason is not null then
    raise exception using
      errcode = 'PS107',
      message = 'The passkey is not usable',
      detail = reason,
      hint = 'Ask the browser for the algorithms -7 (ES256) and -257 (RS256) only, and pass rawId and the result of getPublicKey().';
  end if;
  perform from postern_internal.credential as c where c.userid = current_user_id for update;
  select coalesce(array_agg(p.number), '{}') into numbers from postern_internal.passkey as p where p.userid = current_user_id;
  perform postern.checkpoint(
    case when numbers = '{}' then 'POSTERN_PASSKEY_FIRST' else 'POSTERN_PASSKEY_ADD' end,
    jsonb_build_object('NAME', name, 'KEY', left(encode(sha256(public_key), 'hex'), 32)));
  select min(n) into free from generate_series(1, 10) as n where n <> all (numbers);
  if free is null then
    raise exception using
      errcode = 'PS107',
      message = 'There are too many passkeys',
      detail = format('User %s has 10.', current_user_id),
      hint = 'Have an administrator remove some with postern.remove_passkey.';
  end if;
  update postern_internal.credential as c
     set passkey_counts = c.passkey_counts[:free - 1] || 0::bigint || c.passkey_counts[free + 1:]
   where c.userid = current_user_id;
  insert into postern_internal.passkey as p (userid, number, passkey_id, public_key, name)
  values (current_user_id, free, passkey_id, public_key, name)
  on conflict on constraint passkey_passkey_id_key do nothing;
  if not found then
    raise exception using
      errcode = 'PS107',
      message = 'The passkey is enrolled already',
      detail = format('passkey_id has %s bytes.', octet_length(passkey_id)),
      hint = 'Have the browser make a new one.';
  end if;
end
$$;
revoke execute on function postern.add_passkey(bytea, bytea, text) from public;
grant execute on function postern.add_passkey(bytea, bytea, text) to postern_user;
comment on function postern.add_passkey(bytea, bytea, text) is
'Enrols a passkey of the current user, behind the gate POSTERN_PASSKEY_FIRST, which only the user''s PIN opens, or POSTERN_PASSKEY_ADD, which only an earlier passkey opens. passkey_id: the browser''s rawId, 16 to 1023 bytes. public_key: what getPublicKey() gives for ES256 or RS256. name: for people, at most 100 characters. Errors: PS107 argument, the scheme PASSKEY is not enabled, or there are too many; PS101 authenticate first, PS401, PS402; 25006 on a standby and in a read-only transaction.';
