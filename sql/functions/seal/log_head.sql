create or replace view postern.log_head
as
  select h.tree_size, h.root_hash, h.note, h.signed_at
    from postern_internal.tree_head as h;
revoke all on postern.log_head from public;
grant select on postern.log_head to postern_auditor, postern_sealer;
comment on view postern.log_head is 'Signed tree heads. Trust the copies outside the database, not these. note: a C2SP tlog-checkpoint; signed_at is not in the signature.';
