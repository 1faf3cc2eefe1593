-- Leaves out denials and the entries that stand in their place, because a transaction must not learn its own verdict.

create or replace function postern.receipts()
returns table (log_id bigint, gate_id text, asked boolean, leaf_hash bytea)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select e.log_id, e.gate_id, e.asked, postern_internal.leaf_hash(e)
    from postern_internal.checkpoint_entry as e
   where e.transaction_id = pg_current_xact_id_if_assigned()
     and age(e.xmin) <= 0
     and e.logged_at >= transaction_timestamp() - interval '1 day'
     and e.outcome in ('passed', 'cancelled')
   order by e.log_id
$$;
revoke execute on function postern.receipts() from public;
grant execute on function postern.receipts() to postern_user;
comment on function postern.receipts() is
'The entries of the log that this transaction has written so far. asked: whether the person was shown this gate. leaf_hash: of the entry''s leaf. After the commit, whoever keeps these can show that an entry was removed or changed, even before it was sealed. Call it right before the commit.';
