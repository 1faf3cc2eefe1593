-- T1: takes a response without revealing whether it was right. The verdict is in the ticket, which only a later
-- transaction can read. So a guess that was rolled back taught nothing, and a guess whose verdict can be read has been
-- counted. Right, wrong, unknown and locked run the same statements and write rows of the same size.
--
-- Anybody may set debug_print_plan and have plans sent to the client. The verdict would then be visible in the plan of
-- the statement that writes it. Hence the last two settings: no plan is printed, and none contains a value.

create or replace function postern.authenticate(
  challenge text,
  username text,
  response text,
  comment text default null,
  scheme text default 'PIN'
)
returns uuid
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set debug_print_plan = off
set plan_cache_mode = force_generic_plan
as $$
declare
  fields jsonb := postern_internal.read_challenge(challenge);
  session_userid text := fields ->> 'user';
  gate postern_internal.gate;
  verify_name text;
  username_folded text;  -- computed in each attempt, because its duration must not reveal who is known
  target text;   -- whose credential is tried; NULL if username cannot be right
  counted text;  -- whose attempts are counted
  credential postern_internal.credential;
  is_active boolean;
  is_right boolean;
  totp_secret bytea;
  totp_step bigint;  -- of the code
  assertion record;
  passkey_number integer;  -- of the passkey that is meant; NULL: none of the user's
  passkey_key bytea;
  logged_assertion text;  -- whatever the verdict, so that the entry has the same size
  passkey_count bigint;  -- how often it says to have signed
  own postern_internal.credential;  -- of the session's user, who also pays for filling the log
  attempted_at timestamptz;
  verdict postern_internal.verdict;
  new_failures integer;
  new_lockouts integer;
  new_locked_until timestamptz;
  new_denials integer;
  new_denials_since timestamptz;
  new_totp_step bigint;
  new_passkey_counts bigint[];
  max_failures integer := postern_internal.setting_integer('max_failures');
  lock_minutes integer := postern_internal.setting_integer('lock_minutes');
  max_lock_minutes integer := postern_internal.setting_integer('max_lock_minutes');
  issued uuid;
  dummy_secret constant bytea := postern_internal.random_bytes(20);
  -- For a user without a PIN: bcrypt takes as long as usual, and its result equals no stored hash.
  dummy_hash constant text := '$2a$10$abcdefghijklmnopqrstuu';
begin
  perform postern_internal.refuse_read_only();
  if to_timestamp((fields ->> 'expires')::double precision) <= clock_timestamp() then
    perform postern_internal.raise_ticket_invalid('expired',
      format('It was valid until %s.', to_timestamp((fields ->> 'expires')::double precision)),
      jsonb_build_object('expires_at', to_timestamp((fields ->> 'expires')::double precision)),
      message => 'The challenge has expired',
      hint => 'Send the business transaction again and answer the challenge that it returns.');
  end if;
  comment := postern_internal.check_comment(comment);
  if comment is null and postern_internal.setting_boolean('comment_required') then
    raise exception using
      errcode = 'PS108',
      message = 'A comment is required',
      detail = 'The setting comment_required is true, and the comment is missing or blank.',
      hint = 'Ask the user for the reason, and pass the answer as comment.';
  end if;
  if username is null or response is null then
    raise exception using
      errcode = 'PS107',
      message = 'User name and response are required',
      detail = format('%s is NULL.', case when username is null then 'username' else 'response' end),
      hint = 'Pass what the user typed. To refuse, call postern.cancel(challenge, comment).';
  end if;
  if octet_length(username) > 512 or octet_length(response) > 65536 then
    raise exception using
      errcode = 'PS107',
      message = 'User name or response is too long',
      detail = format('username has %s bytes, response has %s; 512 and 65536 are allowed.', octet_length(username), octet_length(response)),
      hint = 'Pass what the user typed.';
  end if;

  select g.* into gate from postern_internal.gate as g where g.gate_id = fields ->> 'gate';
  if not found then
    perform postern_internal.raise_ticket_invalid('gate_removed',
      format('Its gate %s no longer exists.', fields ->> 'gate'),
      jsonb_build_object('gate', fields ->> 'gate'),
      message => 'The challenge is not valid',
      hint => 'Send the business transaction again.');
  end if;
  select s.verify_function into verify_name
    from postern_internal.scheme as s
   where s.scheme = authenticate.scheme
     and s.scheme = any (postern_internal.gate_schemes(gate))
     and (s.scheme in ('PIN', 'TOTP', 'PASSKEY') or postern_internal.is_verify_function(to_regprocedure(s.verify_function)));
  if not found then
    raise exception using
      errcode = 'PS107',
      message = 'The scheme cannot be used here',
      detail = format('scheme is %s; gate %s accepts %s.', coalesce(to_jsonb(left(scheme, 128))::text, 'NULL'), gate.gate_id,
                      coalesce(nullif(array_to_string(postern_internal.gate_schemes(gate), ', '), ''), 'none')),
      hint = 'Use one of the schemes that the error PS101 names.';
  end if;

  -- A second attempt would see what the first one counted, and reveal it by PS110 or a lock-out. The user does not
  -- matter, because the transaction may have changed sessions. An attempt rolled back to a savepoint left nothing to
  -- find and taught nothing.
  if exists (select from postern_internal.own_entry as e where e.outcome not in ('passed', 'cancelled', 'administered')) then
    perform postern_internal.raise_ticket_invalid('second_answer',
      'A transaction may authenticate only once, whatever the outcome.',
      message => 'This transaction has authenticated already',
      hint => 'Commit, and answer the next challenge in a transaction of its own.');
  end if;

  -- The attempts of a user can be spent only by that user's session, or, with all_users_valid, by the session of
  -- another user who could approve and has a PIN in use. Any other name costs the session's own user an attempt. It is
  -- tried in vain against that user's row, so that it reads and writes the same as a right name.
  username_folded := postern_internal.fold_userid(username);
  if username_folded = postern_internal.fold_userid(session_userid) then
    target := session_userid;
  elsif not gate.built_in and postern_internal.setting_boolean('all_users_valid') then
    select e.userid into target
      from postern_internal.end_user as e
     where e.folded = username_folded
       and e.active
       and exists (select from postern_internal.credential as c
                    where c.userid = session_userid and c.hash is not null and not c.must_change);
  end if;
  counted := coalesce(target, session_userid);

  -- Locks the row of the session's user too, here and in the UPDATE below. So set_user_active waits and then finds the
  -- ticket, or fails if its snapshot is older, and using a ticket need not check again that the user is active. The
  -- rows are locked in order, so that two users who approve for each other do not deadlock.
  perform from postern_internal.credential as c where c.userid in (session_userid, counted) order by c.userid for update;
  select c.* into strict own from postern_internal.credential as c where c.userid = session_userid;
  perform postern_internal.require_rate('denials_per_hour', own.denials, own.denials_since);
  select c.* into strict credential from postern_internal.credential as c where c.userid = counted;
  -- Checked for both users, and only after the locks: they may have waited for set_user_active.
  select bool_and(e.active) into strict is_active from postern_internal.end_user as e where e.userid in (session_userid, counted);
  if scheme = 'PIN' then
    is_right := postern_internal.hash_pin(response, coalesce(credential.hash, dummy_hash)) = credential.hash
            and (gate.gate_id = 'POSTERN_PIN_CHANGE' or not credential.must_change);
  elsif scheme = 'TOTP' then
    -- For a user without an app: a secret that nobody knows takes as long.
    totp_secret := case when gate.gate_id = 'POSTERN_TOTP_CONFIRM' then credential.totp_pending else credential.totp_secret end;
    totp_step := postern_internal.totp_match(coalesce(totp_secret, dummy_secret), response, clock_timestamp(), credential.totp_step);
    is_right := totp_secret is not null and totp_step is not null;
  elsif scheme = 'PASSKEY' then
    assertion := postern_internal.read_assertion(response);
    -- All passkeys are read, whether one of them is meant or none, because everybody can count the rows that were read.
    select min(p.number) filter (where p.passkey_id = assertion.passkey_id),
           (array_agg(p.public_key) filter (where p.passkey_id = assertion.passkey_id))[1]
      into passkey_number, passkey_key
      from postern_internal.passkey as p
     where p.userid = counted;
    is_right := postern_internal.is_assertion(assertion.authenticator_data, assertion.client_data, assertion.signature, passkey_key, challenge);
    passkey_count := assertion.count;
    if assertion.passkey_id is not null and assertion.authenticator_data is not null and assertion.client_data is not null
       and assertion.signature is not null then
      logged_assertion := jsonb_build_object(
        'id', postern_internal.encode_base64url(assertion.passkey_id),
        'authenticatorData', postern_internal.encode_base64url(assertion.authenticator_data),
        'clientDataJSON', postern_internal.encode_base64url(assertion.client_data),
        'signature', postern_internal.encode_base64url(assertion.signature),
        'challenge', challenge)::text;
    end if;
    is_right := is_right and passkey_number is not null
            -- A passkey that counts has to count on. One that went back was copied. Synchronised ones say 0 for ever.
            and (passkey_count > credential.passkey_counts[passkey_number] or passkey_count = 0 and credential.passkey_counts[passkey_number] = 0);
  else
    is_right := postern_internal.verify_response(
      to_regprocedure(verify_name), target, response,
      fields - array['user', 'role', 'digest', 'nonce'] || jsonb_build_object('username', username));
  end if;
  is_right := coalesce(is_right, false) and is_active and target is not null;

  -- One path for all verdicts, with constants that are enums once read. A statement that only one verdict runs would be
  -- planned for it alone, and anybody could count the catalog reads of that planning.
  attempted_at := clock_timestamp();
  verdict := case when credential.locked_until > attempted_at then 'locked'::postern_internal.verdict
                  when is_right then 'accepted'::postern_internal.verdict
                  else 'denied'::postern_internal.verdict end;
  new_failures := case when verdict = 'locked' then credential.failures
                       when verdict = 'accepted' then 0
                       when credential.failures >= max_failures then 1  -- a lock-out has ended
                       else credential.failures + 1 end;
  new_lockouts := case when verdict = 'accepted' then 0
                       when verdict = 'denied' and new_failures >= max_failures then credential.lockouts + 1
                       else credential.lockouts end;
  -- Each consecutive lock-out takes twice as long as the one before. A minute doubled 14 times is more than a week.
  new_locked_until := case when verdict = 'locked' then credential.locked_until
                           when new_lockouts > credential.lockouts
                           then attempted_at + make_interval(mins => greatest(lock_minutes, least(lock_minutes * (1 << least(credential.lockouts, 14)), max_lock_minutes)))
                           else '-infinity' end;
  new_denials := case when verdict = 'accepted' then own.denials
                      when own.denials_since > attempted_at - interval '1 hour' then own.denials + 1
                      else 1 end;
  new_denials_since := case when verdict = 'accepted' or own.denials_since > attempted_at - interval '1 hour' then own.denials_since
                            else attempted_at end;
  -- A code works once. A verify function could not remember that: what it writes is rolled back.
  new_totp_step := case when verdict = 'accepted' and totp_step is not null then totp_step else credential.totp_step end;
  new_passkey_counts := case when verdict = 'accepted' and scheme = 'PASSKEY'
                             then credential.passkey_counts[:passkey_number - 1] || passkey_count || credential.passkey_counts[passkey_number + 1:]
                             else credential.passkey_counts end;
  update postern_internal.credential as c
     set first_filler = gen_random_uuid(),
         failures = case when c.userid = counted then new_failures else c.failures end,
         lockouts = case when c.userid = counted then new_lockouts else c.lockouts end,
         locked_until = case when c.userid = counted then new_locked_until else c.locked_until end,
         totp_step = case when c.userid = counted then new_totp_step else c.totp_step end,
         passkey_counts = case when c.userid = counted then new_passkey_counts else c.passkey_counts end,
         denials = case when c.userid = session_userid then new_denials else c.denials end,
         denials_since = case when c.userid = session_userid then new_denials_since else c.denials_since end,
         last_filler = gen_random_uuid()
   where c.userid in (session_userid, counted);

  insert into postern_internal.ticket
    (ticket, nonce, verdict, locked_until, userid, authenticated_by, scheme, comment, gate_id, exclusive, action, digest, parameters, message, expires_at)
  values
    (postern_internal.new_uuid(), fields ->> 'nonce', verdict, new_locked_until,
     session_userid, coalesce(target, left(username, 128)), scheme, comment, gate.gate_id, gate.exclusive, fields ->> 'action',
     decode(fields ->> 'digest', 'hex'), fields ->> 'parameters', fields ->> 'message',
     clock_timestamp() + make_interval(secs => postern_internal.setting_integer('ticket_seconds')))
  returning ticket into issued;

  insert into postern_internal.checkpoint_entry
    (outcome, gate_id, action, userid, authenticated_by, message, parameters, comment, scheme, ticket, assertion)
  values
    (case when verdict = 'accepted' then 'accepted'::postern_internal.outcome
          when verdict = 'locked' then 'refused'::postern_internal.outcome
          when new_locked_until = '-infinity' then 'denied'::postern_internal.outcome
          else 'locked'::postern_internal.outcome end,
     gate.gate_id, fields ->> 'action', session_userid, coalesce(target, left(username, 128)),
     fields ->> 'message', fields -> 'parameters', comment, scheme, issued, logged_assertion);

  return issued;
end
$$;
revoke execute on function postern.authenticate(text, text, text, text, text) from public;
grant execute on function postern.authenticate(text, text, text, text, text) to postern_user;
comment on function postern.authenticate(text, text, text, text, text) is
'Answers a challenge, in its own transaction, which must commit. challenge: from PS101 or postern.challenge. username, response: what the person typed; bind them as parameters, so that they reach no server log. comment: for the log, at most 2000 characters. scheme: one that PS101 names. Returns a ticket whatever the response was; postern.open_gates and postern.ticket_status tell later transactions the verdict. Errors: PS103 the challenge is not valid, or this transaction has already answered one, PS107 argument, PS108 comment missing, PS110 too many denied attempts within an hour, PS401, PS402; 25006 on a standby and in a read-only transaction.';
