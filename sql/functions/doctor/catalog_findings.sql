-- Each check is a separate view with the same columns. The views read only catalogs and Postern's tables.

create or replace view postern.catalog_findings as
  select f.level, f.code, f.object, f.title,
         postern.finding_detail(f.detail, f.code) as detail,
         postern.printable_statement(f.fix) as fix
    from (
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.changed_protection as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.changed_guard as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.unprotected_partition as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.unprotected_parent as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.unforced_row_security as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.no_permissive_policy as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.unprotected_company as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.unprotectable_company as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.unlisted_protection as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.stale_protection as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.view_without_security_invoker as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.materialized_view as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.foreign_table as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.logical_replication as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.table_privilege as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.missing_membership as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.foreign_key_action as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.application_owns_table as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.policy_per_row as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.row_function as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.missing_ledger_key as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.unpinned_search_path as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.definer_function as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.bypassing_role as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.bypassing_membership as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.owner_membership as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.all_data_role as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.replication_role as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.admin_application as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.trigger_switch as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.session_setting as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.server_version as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.statement_logging as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.error_logging as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.old_session_key as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.moved_session_key as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.moved_login as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.disabled_checkpoints as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.user_without_pin as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.administrator_without_pin as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.change_not_approved as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.look_alike_user as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.changed_gate as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.gate_message as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.event_backlog as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.disabled_event_action as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.moved_event as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.missing_log_partition as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.overdue_upkeep as f
     union all
    select f.level, f.code, f.object, f.title, f.detail, f.fix from postern_internal.overdue_seal as f
    ) as f;
revoke all on postern.catalog_findings from public;
grant select on postern.catalog_findings to postern_admin, postern_auditor;
comment on view postern.catalog_findings is 'For postern.doctor and postern doctor: what is left unprotected, except the calls of gates; columns as in postern.doctor.';
