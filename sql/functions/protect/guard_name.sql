-- A name holds 63 bytes, and a gate id 30. The digest keeps the guards of several tables of a schema apart.

create or replace function postern.guard_name(
  gate_id text,
  suffix text
)
returns name
language sql
immutable
set search_path = pg_catalog, pg_temp
return (concat_ws('_', 'postern_guard', lower(gate_id collate "C"), suffix))::name;
revoke execute on function postern.guard_name(text, text) from public;
grant execute on function postern.guard_name(text, text) to postern_admin, postern_auditor;
comment on function postern.guard_name(text, text) is
'For protect_gate, unprotect_gate and doctor: the name of a trigger or of the function of a guard. suffix: the operation, or a digest of the name of the table.';
