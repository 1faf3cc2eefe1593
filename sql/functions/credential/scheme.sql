create or replace view postern.scheme as
  select s.scheme, s.verify_function, s.enabled
    from postern_internal.scheme as s;
revoke all on postern.scheme from public;
grant select on postern.scheme to postern_admin, postern_auditor;
comment on view postern.scheme is 'Ways to authenticate at a checkpoint. PIN, TOTP (codes of authenticator apps) and PASSKEY are built in and have no verify_function.';
