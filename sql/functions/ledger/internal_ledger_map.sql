create or replace function postern.internal_ledger_map()
returns bytea
language plpgsql
stable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  current_user_id constant text := postern.current_userid();
begin
  return (select string_agg(substr((select string_agg(k.bits, ''::bytea)
                                       from postern_internal.map_chunks(array[u.company], array[case when c.row_level_security then u.class_id end]) as k (bits)),
                                   1, (postern.ledger_map_size() / 8)::integer),
                            ''::bytea order by u.company, u.ledger_id)
            from postern_internal.ledger_user as u
            join postern_internal.company as c on c.company = u.company
           where u.userid = current_user_id);
end
$$;
-- Everybody, for the reason given in require_user_role.
grant execute on function postern.internal_ledger_map() to public;
comment on function postern.internal_ledger_map() is
'For the policies of protect_ledger: of each ledger in internal_ledger_keys, which posting combinations the current user may see in it: ledger_map_size bits, one ledger after the other. Errors: PS401, PS402.';
