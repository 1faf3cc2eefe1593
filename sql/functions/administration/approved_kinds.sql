-- By some kinds somebody could soon answer as an administrator, or as a user whose PIN was stolen: users, PINs, apps
-- and passkeys, logins, the keys of sessions, and the settings that limit guesses. So these come with any other.

create or replace function postern_internal.approved_kinds(setting text)
returns text[]
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case setting
           when 'none' then '{}'
           when 'all' then postern_internal.administered_kinds()
           else string_to_array(setting, ',') || '{credential,login,passkey,session_key,setting,user}'::text[]
         end
$$;
revoke execute on function postern_internal.approved_kinds(text) from public;
comment on function postern_internal.approved_kinds(text) is
'The kinds of changes that need an approval. setting: a value of the setting administration_gate.';
