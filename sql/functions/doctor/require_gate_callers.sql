create or replace function postern_internal.require_gate_callers(callers jsonb)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  reason text;
begin
  if callers is null then
    reason := 'callers is NULL.';
  elsif jsonb_typeof(callers) <> 'array' then
    reason := format('callers is of the type %s.', jsonb_typeof(callers));
  else
    select format('Entry %s is %s.', c.position, left(c.caller::text, 200))
      into reason
      from jsonb_array_elements(callers) with ordinality as c (caller, position)
     where (jsonb_typeof(c.caller -> 'name'), jsonb_typeof(c.caller -> 'unknowable'), jsonb_typeof(c.caller -> 'unreadable'),
            jsonb_typeof(c.caller -> 'gates'), jsonb_typeof(c.caller -> 'actions'), jsonb_typeof(c.caller -> 'reached'),
            jsonb_typeof(c.caller -> 'late'), jsonb_typeof(c.caller -> 'swallowed'), jsonb_typeof(c.caller -> 'writes'),
            jsonb_typeof(c.caller -> 'behind' -> 'gates'), jsonb_typeof(c.caller -> 'behind' -> 'actions'), jsonb_typeof(c.caller -> 'behind' -> 'definers'))
           is distinct from ('string', 'boolean', 'string', 'array', 'array', 'array', 'array', 'array', 'array', 'array', 'array', 'array')
        or jsonb_path_exists(c.caller, 'strict $.gates[*] ? (!(@.id.type() == "string" && @.line.type() == "number")
                                                             || (@.id.type() == "string" && @.line.type() == "number") is unknown)', silent => true)
        or jsonb_path_exists(c.caller, 'strict $.late[*] ? (!(@.id.type() == "string" && @.line.type() == "number" && @.write.type() == "number")
                                                            || (@.id.type() == "string" && @.line.type() == "number" && @.write.type() == "number") is unknown)', silent => true)
        or jsonb_path_exists(c.caller, 'strict $.swallowed[*] ? (!(@.line.type() == "number" && @.block.type() == "number" && @.gates.type() == "array" && @.more.type() == "number" && @.guard.type() == "boolean")
                                                                 || (@.line.type() == "number" && @.block.type() == "number" && @.gates.type() == "array" && @.more.type() == "number" && @.guard.type() == "boolean") is unknown)', silent => true)
        or jsonb_path_exists(c.caller, 'strict $.writes[*] ? (!(@.schema.type() == "string" && @.table.type() == "string" && (@.columns.type() == "array" || @.columns.type() == "null")
                                                                && (@.operation == "insert" || @.operation == "update" || @.operation == "delete"))
                                                              || (@.schema.type() == "string" && @.table.type() == "string" && (@.columns.type() == "array" || @.columns.type() == "null")
                                                                  && (@.operation == "insert" || @.operation == "update" || @.operation == "delete")) is unknown)', silent => true)
        or jsonb_path_exists(c.caller, 'strict $.writes[*].columns ? (@.type() == "array")[*] ? (@.type() != "string")', silent => true)
        or jsonb_path_exists(c.caller, 'strict $.swallowed[*].gates[*] ? (@.type() != "string")', silent => true)
        or jsonb_path_exists(c.caller, 'strict $.actions[*] ? (@.type() != "string")', silent => true)
        or jsonb_path_exists(c.caller, 'strict $.reached[*] ? (@.type() != "string")', silent => true)
        or jsonb_path_exists(c.caller, 'strict $.behind.*[*] ? (@.type() != "string")', silent => true)
     order by c.position
     limit 1;
  end if;
  if reason is not null then
    raise exception using
      errcode = 'PS107',
      message = 'The callers of gates are malformed',
      detail = reason,
      hint = 'Pass the reading of postern doctor. An entry is {"name": ..., "gates": [{"id": ..., "line": ...}], "actions": [...], "reached": [...], "unknowable": ..., "unreadable": ..., "late": [{"id": ..., "line": ..., "write": ...}], "swallowed": [{"line": ..., "block": ..., "gates": [...], "more": ..., "guard": ...}], "writes": [{"schema": ..., "table": ..., "operation": ..., "columns": [...]}], "behind": {"gates": [...], "actions": [...], "definers": [...]}}.';
  end if;
end
$$;
revoke execute on function postern_internal.require_gate_callers(jsonb) from public;
comment on function postern_internal.require_gate_callers(jsonb) is 'Raises PS107 unless callers has the form that postern.gate_findings reads.';
