create or replace function postern.ledger_map_size()
returns bigint
language plpgsql
stable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce((select b.first_id + b.size
                     from postern_internal.combination_block as b
                    where b.company is not null
                    order by b.first_id desc
                    limit 1), 0);
end
$$;
-- Granted to public for the reason given in require_user_role.
grant execute on function postern.ledger_map_size() to public;
comment on function postern.ledger_map_size() is
'For the policies of protect_ledger: an id above those of all posting combinations that this statement can see.';
