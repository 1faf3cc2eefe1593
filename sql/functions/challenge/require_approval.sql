create or replace function postern_internal.require_approval(
  gate postern_internal.gate,
  action text,
  userid text,
  message text,
  parameters jsonb
)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  expires_at timestamptz := postern_internal.challenge_expiry();
begin
  raise exception using
    errcode = 'PS101',
    message = format('Security checkpoint: %s', gate.description),
    detail = jsonb_build_object(
      'gate', gate.gate_id,
      'action', action,
      'description', gate.description,
      'message', message,
      'parameters', parameters,
      'username', case when postern_internal.setting_boolean('username_prefilled') then userid end,
      'schemes', postern_internal.gate_schemes(gate),
      'comment_required', postern_internal.setting_boolean('comment_required'),
      'challenge', postern_internal.create_challenge(userid, gate, action, parameters, message, expires_at),
      'expires_at', expires_at)::text,
    hint = 'Show the message to the user; in a transaction of its own call postern.authenticate(challenge, username, response, comment); then send this transaction again, with postern.open_gates(ticket) as its first statement after the session.';
end
$$;
revoke execute on function postern_internal.require_approval(postern_internal.gate, text, text, text, jsonb) from public;
comment on function postern_internal.require_approval(postern_internal.gate, text, text, text, jsonb) is
'Raises PS101 with a fresh challenge in its DETAIL. action: the action to approve; NULL for a gate alone.';
