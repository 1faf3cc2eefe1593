-- Returns jsonb because jsonb finds a key by binary search. array_position would go through all ledgers for each row.

create or replace function postern.internal_ledger_offsets()
returns jsonb
language plpgsql
stable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
as $$
declare
  current_user_id constant text := postern.current_userid();
begin
  -- Ids of companies and ledgers have no control characters, so a key can be read in only one way.
  return (select jsonb_object_agg(p.company || chr(31) || l.ledger_id, p.end_before)
            from (select p.company, p.ledgers, sum(b.bits) over (order by p.part_no) - b.bits as end_before
                    from postern_internal.internal_ledger_part(current_user_id) as p
                   cross join lateral (select coalesce(sum(b.size), 0) as bits
                                         from postern_internal.combination_block as b
                                        where b.company = p.company) as b) as p
           cross join lateral unnest(p.ledgers) as l (ledger_id));
end
$$;
-- Granted to public for the reason given in require_user_role.
grant execute on function postern.internal_ledger_offsets() to public;
comment on function postern.internal_ledger_offsets() is
'For the policies of protect_ledger: the bit of internal_ledger_map at which the part of each internal ledger begins. The keys are the ledgers that the current user is connected to: company, unit separator (character 31), ledger. NULL if there are none. Errors: PS401, PS402.';
