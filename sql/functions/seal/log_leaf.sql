create or replace view postern.log_leaf
as
  select l.leaf_number, l.log_id, l.hashes
    from postern_internal.leaf as l;
revoke all on postern.log_leaf from public;
grant select on postern.log_leaf to postern_auditor, postern_sealer;
comment on view postern.log_leaf is 'The log''s Merkle tree: which entry is which leaf. hashes: 32 octets each, the leaf''s hash and then those of the subtrees that it completes, smallest first.';
