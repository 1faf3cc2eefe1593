-- require_administrator deletes each row by the end of its transaction, whatever the setting administration_gate is. So a
-- row of another transaction is a change that it did not judge. The entries of this transaction wait for its end.

create or replace view postern_internal.change_not_approved as
  select 'error' as level, 'change_not_approved' as code,
         coalesce('transaction ' || e.transaction_id, 'entry ' || min(u.log_id)) as object,
         'A change of the administration was not judged' as title,
         case when e.transaction_id is null then 'The log no longer has the entry.'
              else format('%s at %s changed without an approval: %s%s.', quote_ident(min(e.session_role)), min(e.logged_at), (array_agg(e.message order by e.log_id))[1],
                          case when count(*) > 1 then format(' (and %s more)', count(*) - 1) else '' end) end as detail,
         format('Read what was changed, and undo what should not be: select * from postern.administration_log where log_id in (%1$s); then, as the owner of Postern: delete from postern_internal.unapproved_change where log_id in (%1$s);',
                string_agg(u.log_id::text, ', ' order by u.log_id)) as fix
    from postern_internal.unapproved_change as u
    left join postern_internal.checkpoint_entry as e on e.log_id = u.log_id
   where not exists (select from postern_internal.own_entry as o where o.log_id = u.log_id)
   group by e.transaction_id, case when e.transaction_id is null then u.log_id end;
comment on view postern_internal.change_not_approved is 'Check of postern.doctor: changes of the administration that the trigger require_administrator did not judge.';
