create or replace function postern_internal.ticket_from_text(ticket text)
returns uuid
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  beginning text := left(ticket, 128);
begin
  if ticket is null or octet_length(ticket) <> 36 or ticket !~ '^[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}$' then
    perform postern_internal.raise_ticket_invalid(
      format('It is no UUID but %s.', coalesce(to_jsonb(beginning)::text, 'NULL')));
  end if;
  return ticket::uuid;
end
$$;
revoke execute on function postern_internal.ticket_from_text(text) from public;
comment on function postern_internal.ticket_from_text(text) is 'The ticket that the text spells. Errors: PS103 it is no UUID.';
