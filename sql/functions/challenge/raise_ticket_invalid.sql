-- Every PS103 is raised here, so that each has a reason that a program can read.

create or replace function postern_internal.raise_ticket_invalid(
  reason text,
  explanation text,
  fields jsonb default '{}',
  message text default 'The ticket is not valid',
  hint text default 'Send the business transaction without a ticket, answer the challenge that it returns, commit, and use the new ticket.'
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using
    errcode = 'PS103',
    message = message,
    detail = (fields || jsonb_build_object('reason', reason, 'explanation', explanation))::text,
    hint = hint;
end
$$;
revoke execute on function postern_internal.raise_ticket_invalid(text, text, jsonb, text, text) from public;
comment on function postern_internal.raise_ticket_invalid(text, text, jsonb, text, text) is
'Raises PS103. reason: a word of docs/errors.md, for programs. explanation: a sentence, for people. fields: an object with further fields of DETAIL. message, hint: pass them if the error is not about a ticket. Errors: PS103.';
