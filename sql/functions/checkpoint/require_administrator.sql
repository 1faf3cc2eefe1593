-- Administration itself behind a gate. Every change writes an administered entry in its own transaction, and with it a
-- row of unapproved_change. This deferred trigger fires for that row at the end of the transaction. The first firing
-- judges all changes so far, as one, and deletes their rows; the others then have nothing to do. SET CONSTRAINTS can
-- only make it judge earlier: whatever changes afterwards has a row of its own, and all changes are judged again. A
-- rollback to a savepoint takes back the judgement with the changes. Rows of other transactions stay: they escaped.
--
-- What is approved is the text that was shown, the number of changes and a digest of them all. The digest has what was
-- changed from which value to which. It has no secrets, since the log has none either: which PIN is set is not bound.
-- The text has twenty changes, and at least one of each kind. So no kind hides behind many changes of another.
--
-- The settings in force are those before and after this transaction, so nobody can switch the gate off along with a
-- change, and whoever switches it on shows that he can answer. The row is locked: a snapshot from before the gate was
-- switched on fails here, and a prepared transaction keeps others from switching it on. Changes that nobody has to
-- approve do not wait for the lock: whoever holds it would keep all users from changing their PINs.

create or replace function postern_internal.require_administrator()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  setting text;
  kinds text[];
  approves_all boolean;
  parameters jsonb;
  acting text;
  own_user text;
begin
  perform from postern_internal.unapproved_change as u where u.log_id = new.log_id;
  if not found then
    return null;
  end if;
  if not exists (select from postern_internal.own_entry as e where e.log_id = new.log_id) then
    raise exception using
      errcode = 'PS501',
      message = 'The log has lost the entry of a change',
      detail = format('The entry is %s. Without it nobody can judge what was changed.', new.log_id),
      hint = 'Leave the log as it is, and set no clock back while a transaction runs. Then make the change again.';
  end if;
  delete from postern_internal.unapproved_change as u using postern_internal.own_entry as e where e.log_id = u.log_id;
  if not exists (select from postern_internal.own_change) then
    return null;
  end if;

  select s.value into setting from postern_internal.setting as s where s.name = 'administration_gate' for share;
  select array_agg(distinct k.kind) into kinds
    from (select coalesce(setting, 'all') as value
          union all
          select v.value
            from postern_internal.own_change as c
           cross join unnest(array[c.before ->> 'value', c.after ->> 'value']) as v (value)
           where c.kind = 'setting' and c.key ->> 'name' = 'administration_gate') as v
   cross join unnest(postern_internal.approved_kinds(v.value)) as k (kind);
  if kinds is null then
    return null;
  end if;
  approves_all := kinds @> postern_internal.administered_kinds();

  -- Only the owner of Postern installs it and lifts the gate, and the owner could remove this trigger as well.
  if exists (select from postern_internal.own_entry as e
              where e.outcome = 'administered' and e.action in ('installation', 'administration_gate')) then
    return null;
  end if;

  with change as materialized (
    select c.kind, c.message, c.key, c.before, c.after,
           jsonb_build_array(c.kind, c.userid, postern_internal.repeatable_change(c.key),
                             postern_internal.repeatable_change(c.before),
                             postern_internal.repeatable_change(c.after))::text collate "C" as content,
           approves_all or c.kind = any (kinds) as needs_approval
      from postern_internal.own_change as c
  ),
  ranked as (
    select c.*, row_number() over (partition by c.kind order by c.content) as rank from change as c
  ),
  numbered as (
    select r.*, row_number() over (order by r.rank, r.kind <> 'apply', r.content) as number from ranked as r
  ),
  shown as (
    select coalesce(string_agg(postern_internal.change_to_approve(n.kind, n.key, n.before, n.after, n.message), '; '
                               order by n.kind <> 'apply', n.content), '') as text
      from numbered as n
     where n.number <= 20
  ),
  others as (
    select string_agg(format('%s of %s', o.number, replace(o.kind, '_', ' ')), ', ' order by o.kind) as text
      from (select n.kind, count(*) as number from numbered as n where n.number > 20 group by n.kind) as o
  )
  select jsonb_build_object('COUNT', count(*), 'CHANGES', s.text || coalesce('; and ' || o.text, ''),
                            'DIGEST', encode(sha256(string_agg(sha256(convert_to(c.content, 'UTF8')), '' order by c.content)), 'hex'))
    into parameters
    from change as c
   cross join shown as s
   cross join others as o
   group by s.text, o.text
  having bool_or(c.needs_approval);
  if parameters is null then
    return null;
  end if;

  acting := postern_internal.acting_userid();
  if acting is null then
    raise exception using
      errcode = 'PS401',
      message = 'Nobody is known who could approve this change of the administration',
      detail = format('The database role %I is mapped to no active end user, and no session was begun. The change: %s', session_user, left(parameters ->> 'CHANGES', 1000)),
      hint = 'Log in as an administrator whose database role is mapped to a user with a PIN. If there is none any more, call postern_internal.lift_administration_gate(reason) as the owner of Postern.';
  end if;
  -- Also the user from whom this transaction has taken the login. Otherwise a stolen login would do, with the PIN of an
  -- accomplice.
  select o.userid into own_user
    from (select u.userid from postern_internal.end_user as u where u.db_role = session_user
          union all
          select e.userid
            from postern_internal.own_entry as e
           where e.outcome = 'administered'
             and e.action = 'user'
             and e.parameters #>> '{before,db_role}' = session_user) as o
   where o.userid <> acting;
  if found then
    raise exception using
      errcode = 'PS401',
      message = 'Administrators approve with their own PIN',
      detail = format('The database role %I is that of %s, but the session speaks for %s.', session_user, own_user, acting),
      hint = 'Send the change without a session of somebody else. To take a login from its user, log in as another administrator.';
  end if;
  perform postern_internal.pass_gate('POSTERN_ADMINISTRATION', parameters);
  return null;
end
$$;
revoke execute on function postern_internal.require_administrator() from public;
comment on function postern_internal.require_administrator() is
'Trigger of unapproved_change: reaches the gate POSTERN_ADMINISTRATION once for all changes of the transaction, if the setting administration_gate says that one of them needs it. Errors: PS101 authentication is required, PS103 the ticket was for other changes, PS401 no user can approve, PS501 the entry of a change is gone.';

-- A table with a pending event of a trigger cannot be altered, and an upgrade may have changed something before. It is
-- the owner of Postern who upgrades, so this judges nothing.
do $$
begin
  if exists (select from pg_catalog.pg_trigger as t
              where t.tgrelid = 'postern_internal.unapproved_change'::pg_catalog.regclass and t.tgname = 'require_administrator') then
    delete from postern_internal.unapproved_change as u using postern_internal.own_entry as e where e.log_id = u.log_id;
    set constraints postern_internal.require_administrator immediate;
    drop trigger require_administrator on postern_internal.unapproved_change;
  end if;
end
$$;
create constraint trigger require_administrator
after insert
on postern_internal.unapproved_change
deferrable initially deferred
for each row
execute function postern_internal.require_administrator();
alter table postern_internal.unapproved_change enable always trigger require_administrator;
comment on trigger require_administrator on postern_internal.unapproved_change is 'Has the administrator approve the changes of a transaction.';
