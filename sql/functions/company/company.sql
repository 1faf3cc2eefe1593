create or replace view postern.company as
  select c.company, c.name, c.created_at, c.row_level_security
    from postern_internal.company as c;
revoke all on postern.company from public;
grant select on postern.company to postern_user, postern_admin, postern_auditor;
comment on view postern.company is 'Companies. Every user may read their names.';
