create or replace function postern.set_setting(
  name text,
  value text
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  setting record;
  wanted text := lower(btrim(value));
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.lock_settings();
  select s.* into setting from postern_internal.setting as s where s.name = set_setting.name;
  if not found then
    raise exception using
      errcode = 'PS107',
      message = 'There is no such setting',
      detail = format('name is %s.', coalesce(to_jsonb(left(name, 128))::text, 'NULL')),
      hint = 'Choose one of: ' || (select string_agg(s.name, ', ' order by s.name) from postern_internal.setting as s) || '.';
  end if;

  if setting.kind = 'boolean' then
    wanted := case when wanted in ('true', 'on', 'yes', '1') then 'true'
                   when wanted in ('false', 'off', 'no', '0') then 'false' end;
  elsif setting.kind = 'kinds' then
    wanted := postern_internal.setting_kinds(value);
  elsif setting.kind = 'text' then
    -- A browser takes localhost for secure, and nothing else without TLS.
    wanted := case when name = 'passkey_domain' and (wanted = '' or length(wanted) <= 253 and wanted ~ '^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*$') then wanted
                   when name = 'passkey_origins' and length(wanted) <= 2000
                        and wanted ~ '^(?:(?:https://[a-z0-9.-]+|http://localhost)(?::[0-9]{1,5})?(?: +|$))*$' then regexp_replace(wanted, ' +', ' ', 'g') end;
  elsif wanted ~ '^[0-9]{1,9}$' and wanted::integer between setting.minimum and setting.maximum then
    wanted := wanted::integer::text;
  else
    wanted := null;
  end if;
  if wanted is null then
    raise exception using
      errcode = 'PS107',
      message = format('The setting %s cannot have this value', name),
      detail = format('value is %s.', coalesce(to_jsonb(left(value, 128))::text, 'NULL')),
      hint = case setting.kind
               when 'boolean' then 'Pass true or false.'
               when 'kinds' then format('Pass all, none, or some of these, separated by commas: %s.', array_to_string(postern_internal.administered_kinds(), ', '))
               when 'text' then case name when 'passkey_domain' then 'Pass a domain, such as example.com.'
                                          else 'Pass origins with spaces between them, such as https://erp.example.com; http:// is for localhost only.' end
               else format('Pass a whole number from %s to %s.', setting.minimum, setting.maximum)
             end;
  end if;
  update postern_internal.setting as s set value = wanted where s.name = set_setting.name;
  perform postern_internal.derive_gate_stops();
end
$$;
revoke execute on function postern.set_setting(text, text) from public;
grant execute on function postern.set_setting(text, text) to postern_admin;
comment on function postern.set_setting(text, text) is
'Changes a setting; postern.setting lists them with their ranges. Booleans accept true, on, yes, 1 and their opposites; administration_gate accepts all, none, or kinds of changes with commas between. Errors: PS107 no such setting, value not allowed.';
