create or replace function postern.redactable_entries(
  userid text,
  out entries bigint,
  out unsealed bigint,
  out oldest timestamptz,
  out newest timestamptz
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
  person constant text := postern.resolve_userid(userid);
begin
  perform postern_internal.require_allowed_login('postern_redactor');
  perform postern_internal.require_redactable(person);
  select count(*) filter (where c.is_sealed), count(*) filter (where not c.is_sealed), min(c.logged_at), max(c.logged_at)
    into entries, unsealed, oldest, newest
    from (select p.logged_at,
                 exists (select from postern_internal.leaf as l where l.log_id = p.log_id and l.leaf_number < h.tree_size) as is_sealed
            from (select e.log_id, e.logged_at from postern_internal.checkpoint_entry as e where e.userid = person
                   union all
                  select e.log_id, e.logged_at from postern_internal.checkpoint_entry as e
                   where e.authenticated_by = person and e.authenticated_by is distinct from e.userid) as p
           cross join (select max(t.tree_size) as tree_size from postern_internal.tree_head as t) as h) as c;
end
$$;
revoke execute on function postern.redactable_entries(text) from public;
grant execute on function postern.redactable_entries(text) to postern_redactor;
comment on function postern.redactable_entries(text) is
'For postern log redact: what postern.redact_log would reach: how many entries of a person are under a signed head, how many are not yet, and from when they are. userid: of an inactive user, or a wrong name that was typed. Errors: PS107 argument, 55000 the user is active, or has tickets, or is the caller; 42501 this database does not allow the login.';
