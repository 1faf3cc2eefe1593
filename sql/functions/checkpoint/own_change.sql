-- What require_administrator judges. Left out is what nobody has to approve: users change their own credential, with the
-- one before; and the receiver of an event wants no more, which a worker says that is no administrator and can do
-- nothing else.

create or replace view postern_internal.own_change
as
  select e.action as kind, e.userid, e.message, e.parameters -> 'key' as key, e.parameters -> 'before' as before, e.parameters -> 'after' as after
    from postern_internal.own_entry as e
   where e.outcome = 'administered'
     and not (e.action = 'credential'
              and exists (select from postern_internal.own_entry as p
                           where p.outcome = 'passed' and p.userid = e.userid
                             and coalesce(nullif(e.parameters -> 'after', 'null')
                                          - case when p.gate_id = 'POSTERN_PIN_CHANGE' then '{hash,must_change}'::text[]
                                                 when p.gate_id in ('POSTERN_TOTP_ENROL', 'POSTERN_TOTP_CONFIRM') then '{totp_secret,totp_pending}'::text[] end
                                          = '{}', false)))
     and not (e.action = 'passkey'
              and nullif(e.parameters -> 'before', 'null') is null
              and exists (select from postern_internal.own_entry as p
                           where p.outcome = 'passed' and p.userid = e.userid and p.gate_id in ('POSTERN_PASSKEY_FIRST', 'POSTERN_PASSKEY_ADD')))
     and not (e.action = 'event_action'
              and coalesce(nullif(e.parameters -> 'after', 'null') - '{disabled_at,disabled_reason}'::text[] = '{}', false)
              and e.parameters #>> '{before,disabled_at}' is null
              and not pg_catalog.pg_has_role(session_user, 'postern_admin', 'member'));
revoke all on postern_internal.own_change from public;
comment on view postern_internal.own_change is 'Changes of the administration that this transaction has made, and that somebody may have to approve.';
