-- Names what was removed from an entry, when and by whom. The names are those of salted fields in docs/log-format.md,
-- at the number of the field in the leaf.
--
-- A function, because a subquery in the views would be planned for each month of the log, over all months.

create or replace function postern.entry_redactions(redactions bigint[])
returns jsonb
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select jsonb_agg(jsonb_build_object('fields', f.fields, 'log_id', f.record, 'redacted_at', r.logged_at,
                                        'redacted_by', case when r.redactions[11] is null then r.session_role end) order by f.record)
      from (select x.record,
                   jsonb_agg((array[null, null, null, null, 'userid', 'authenticated_by', null, 'content', 'comment', null, 'origin'])[x.number]
                             order by x.number) as fields
              from unnest(entry_redactions.redactions) with ordinality as x (record, number)
             where x.record is not null
             group by x.record) as f
      left join postern_internal.checkpoint_entry as r on r.log_id = f.record and r.outcome = 'administered' and r.action = 'redaction');
end
$$;
revoke execute on function postern.entry_redactions(bigint[]) from public;
grant execute on function postern.entry_redactions(bigint[]) to postern_admin, postern_auditor, postern_sealer;
comment on function postern.entry_redactions(bigint[]) is
'For views of the log: an array with an object for each redaction of an entry: the names of the fields, the log_id of the entry that records it, when it was, and the login that did it; the last two are null if that entry is not there. redactions: the records, by the number of the field in the leaf. NULL: nothing was redacted.';
