create or replace view postern.setting as
  select s.name, s.value, s.kind, s.minimum, s.maximum, s.default_value, s.description
    from postern_internal.setting as s;
revoke all on postern.setting from public;
grant select on postern.setting to postern_admin, postern_auditor;
comment on view postern.setting is 'Settings of Postern in this database. Change them with postern.set_setting.';
