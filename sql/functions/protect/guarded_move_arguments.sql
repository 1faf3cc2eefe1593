-- Before a row is stored, a generated column has no value yet. If one is guarded, each move is refused.

create or replace function postern.guarded_move_arguments(
  relation regclass,
  gate_id text,
  columns name[]
)
returns text[]
language sql
stable
set search_path = pg_catalog, pg_temp
begin atomic
  select gate_id || coalesce(array_agg(a.attname::text order by a.attnum) filter (where not k.any_generated), '{}')
    from pg_attribute as a
   cross join (select coalesce(bool_or(g.attgenerated <> ''), false) as any_generated
                 from pg_attribute as g where g.attrelid = relation and g.attname = any (columns)) as k
   where a.attrelid = relation and a.attname = any (columns);
end;
revoke execute on function postern.guarded_move_arguments(regclass, text, name[]) from public;
grant execute on function postern.guarded_move_arguments(regclass, text, name[]) to postern_admin, postern_auditor;
comment on function postern.guarded_move_arguments(regclass, text, name[]) is
'For protect_gate and doctor: the arguments of the trigger refuse_guarded_move: the gate, then the guarded columns; the gate alone: all of them.';
