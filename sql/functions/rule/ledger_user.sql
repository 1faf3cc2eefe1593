create or replace view postern.ledger_user as
  select u.company, u.ledger_id, u.userid, c.class
    from postern_internal.ledger_user as u
    left join postern_internal.authority_class as c on c.class_id = u.class_id;
revoke all on postern.ledger_user from public;
grant select on postern.ledger_user to postern_admin, postern_auditor;
comment on view postern.ledger_user is 'Which user is connected to which internal ledger, and the class that limits what the user sees there.';
