create or replace view postern.dual as
  select 'X'::text as dummy;
revoke all on postern.dual from public;
grant select on postern.dual to postern_user, postern_admin, postern_auditor;
comment on view postern.dual is 'DUAL: one row, for mirrored SQL that needs something to select from.';
