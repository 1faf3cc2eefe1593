create or replace function postern_internal.raise_ticket_invalid(reason text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using
    errcode = 'PS103',
    message = 'The ticket is not valid',
    detail = reason,
    hint = 'Send the business transaction without a ticket, answer the challenge that it returns, commit, and use the new ticket.';
end
$$;
revoke execute on function postern_internal.raise_ticket_invalid(text) from public;
comment on function postern_internal.raise_ticket_invalid(text) is 'Raises PS103 with reason as its DETAIL.';
