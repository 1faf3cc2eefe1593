create or replace view postern.authority_class as
  select c.company, c.ledger_id, c.class, c.built_in
    from postern_internal.authority_class as c;
revoke all on postern.authority_class from public;
grant select on postern.authority_class to postern_admin, postern_auditor;
comment on view postern.authority_class is 'Authority classes of companies, or of internal ledgers if ledger_id is not NULL.';
