-- A transaction may have changed thousands of objects, so an event names the first 20, each in a bounded text.
--
-- The transaction's id is looked up first, since a join of the log with itself may read all of it. For the same reason,
-- nothing here may sort by log_id as it is: claims disable sorting, so the planner would follow the key.

create or replace function postern_internal.administration_event(log_id bigint)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
  entry record;
begin
  select e.authenticated_by, e.session_role, e.application_name, e.transaction_id,
         postern_internal.change_text(e.action, e.message, e.parameters) as change
    into entry
    from postern_internal.checkpoint_entry as e
   where e.log_id = administration_event.log_id;
  return (
    with change as materialized (
      select o.log_id, o.action, o.message, o.parameters
        from postern_internal.checkpoint_entry as o
       where o.transaction_id = entry.transaction_id
         and o.log_id + 0 >= administration_event.log_id
         and o.outcome = 'administered'
    ),
    first as (
      select c.* from change as c order by c.log_id limit 20
    )
    select jsonb_build_object(
             'userid', entry.authenticated_by, 'authenticated_by', null,
             'user_description', (select u.description from postern_internal.end_user as u where u.userid = entry.authenticated_by),
             'session_role', entry.session_role, 'application_name', entry.application_name,
             'message', entry.change || case when count(*) > 1 then format(' (and %s more)', count(*) - 1) else '' end,
             'kinds', jsonb_agg(distinct c.action), 'change_count', count(*),
             'changes', (
               select jsonb_agg(postern_internal.change_text(f.action, f.message, f.parameters) order by f.log_id)
                 from first as f))
      from change as c);
end
$$;
revoke execute on function postern_internal.administration_event(bigint) from public;
comment on function postern_internal.administration_event(bigint) is
'The parameters of SECURITY_ADMINISTRATION for the first entry of a transaction that other events lack or fill otherwise: who made the changes, of which kinds, how many, and the first 20 in words.';
