create or replace view postern.session_key as
  select s.kid, s.created_at, s.created_by, s.retired_at
    from postern_internal.session_key as s;
revoke all on postern.session_key from public;
grant select on postern.session_key to postern_admin, postern_auditor;
comment on view postern.session_key is 'Keys for session tokens, without their secrets.';
