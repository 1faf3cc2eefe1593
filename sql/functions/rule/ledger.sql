create or replace view postern.ledger as
  select l.company, l.ledger_id, l.created_at
    from postern_internal.ledger as l;
revoke all on postern.ledger from public;
grant select on postern.ledger to postern_admin, postern_auditor;
comment on view postern.ledger is 'Internal ledgers of companies.';
