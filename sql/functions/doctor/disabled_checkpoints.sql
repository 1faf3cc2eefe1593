create or replace view postern_internal.disabled_checkpoints as
  select 'warn' as level, 'disabled_checkpoints' as code, 'setting checkpoints_enabled' as object,
         'No gate stops transactions' as title,
         format('The setting is false, so %s active without effect.', case count(*) when 1 then 'one gate is' else count(*) || ' gates are' end) as detail,
         'select postern.set_setting(''checkpoints_enabled'', ''true'');' as fix
    from postern_internal.gate as g
   where g.active and not g.built_in
     and exists (select from postern_internal.setting as s where s.name = 'checkpoints_enabled' and s.value = 'false')
  having count(*) > 0;
comment on view postern_internal.disabled_checkpoints is 'Check of postern.doctor: active gates while checkpoints are disabled.';
