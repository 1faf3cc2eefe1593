create or replace function postern_internal.read_challenge(challenge text)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  content text;
  fields jsonb;
  reason text;
  explanation text;
begin
  -- The length is checked first: 10 MB of nonsense should not cost a digest. A challenge holds at most 32768 characters
  -- of parameters with up to four bytes each. Its message is as long, with up to six bytes each (JSON escapes control
  -- characters). As base64 that is 440000 characters.
  if octet_length(challenge) <= 524288 then
    content := split_part(challenge, '.', 1);
  end if;
  if content is null
     or split_part(challenge, '.', 2) is distinct from postern_internal.sign_challenge(content)  -- NULL if the key is gone
     or split_part(challenge, '.', 3) <> '' then
    reason := 'unknown';
    explanation := 'It was not made by this database, or it was changed.';
  else
    fields := convert_from(postern_internal.decode_base64url(content), 'UTF8')::jsonb;
    if fields ->> 'user' <> postern.current_userid() then
      reason := 'other_user';
      explanation := 'It was made for another user.';
    elsif fields ->> 'role' <> session_user then
      reason := 'other_role';
      explanation := 'It was made for another database role.';
    end if;
  end if;
  if reason is not null then
    perform postern_internal.raise_ticket_invalid(reason, explanation,
      message => 'The challenge is not valid',
      hint => 'Send the business transaction again and answer the challenge that it returns.');
  end if;
  return fields;
end
$$;
revoke execute on function postern_internal.read_challenge(text) from public;
comment on function postern_internal.read_challenge(text) is
'The content of a challenge that this database made for the current user and database role. The caller checks whether it has expired. Errors: PS103, PS401, PS402.';
