-- For clients that have a ticket as text, for example from a form field. A text that is not a UUID raises PS103;
-- PostgreSQL would report only a syntax error, with no advice.

create or replace function postern.open_gates(ticket text)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if ticket is null or octet_length(ticket) <> 36 or ticket !~ '^[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}$' then
    perform postern_internal.raise_ticket_invalid('malformed',
      format('It is not a UUID but %s.', coalesce(to_jsonb(left(ticket, 128))::text, 'NULL')));
  end if;
  perform postern.open_gates(ticket::uuid);
end
$$;
revoke execute on function postern.open_gates(text) from public;
grant execute on function postern.open_gates(text) to postern_user;
comment on function postern.open_gates(text) is 'The same as open_gates(uuid). Errors: also PS103 if ticket is not a UUID.';
