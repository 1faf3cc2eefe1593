create or replace view postern.action as
  select a.action, a.checkpoint, a.legacy_checkpoints, a.registered_at
    from postern_internal.action as a;
revoke all on postern.action from public;
grant select on postern.action to postern_admin, postern_auditor;
comment on view postern.action is 'Registered actions: the gate that stops each of them (NULL: none), and the gates that its business code is known to reach.';
