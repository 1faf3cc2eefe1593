package install

// What a removal runs: to become postern_owner, which bootstrap.sql does for an installation, to keep the
// log, and to leave postern_owner, which a rendered script does in the same words.
var enterOwnerSQL = `
do $$
declare
  may_become_owner boolean;
begin
  select ` + mayBecomeSQL("'postern_owner'") + ` into may_become_owner;
  perform set_config('postern.granted_roles', case when may_become_owner then '' else 'postern_owner' end, true);
  if not may_become_owner then
    execute format('grant postern_owner to %I', current_user);
  end if;
exception when insufficient_privilege then
  raise exception '% may not become postern_owner', current_user
    using errcode = 'insufficient_privilege',
          detail = format('Granting it was refused: %s', sqlerrm),
          hint = format('As a superuser: grant postern_owner to %I; and take it away afterwards.', current_user);
end
$$;
`

// leaveOwnerOnceSQL takes back what was granted in the same transaction.
const leaveOwnerOnceSQL = `
do $$
begin
  if current_setting('postern.granted_roles') <> '' then
    execute format('revoke %s from %I', current_setting('postern.granted_roles'), current_user);
  end if;
end
$$;
`
