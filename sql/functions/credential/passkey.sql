create or replace view postern.passkey as
  select p.userid, p.name, p.passkey_id, p.public_key, p.created_at
    from postern_internal.passkey as p;
revoke all on postern.passkey from public;
grant select on postern.passkey to postern_admin, postern_auditor;
comment on view postern.passkey is 'Passkeys of end users. public_key: a SubjectPublicKeyInfo, with which a signature can be checked.';
