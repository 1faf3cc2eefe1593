package install

// What a removal runs: to become postern_owner, which bootstrap.sql does for an installation, to keep the
// log, and to leave postern_owner, which a rendered script does in the same words.
const (
	enterOwnerSQL = `
do $$
declare
  may_become_owner boolean;
begin
  select ` + mayBecomeOwnerSQL + ` into may_become_owner;
  perform set_config('postern.granted_owner', (not may_become_owner)::text, true);
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
	leaveOwnerOnceSQL = `
do $$
begin
  if current_setting('postern.granted_owner')::boolean then
    execute format('revoke postern_owner from %I', current_user);
  end if;
end
$$;
`
)
