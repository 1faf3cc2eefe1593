-- Triggers fire in the order of their names. The ~ puts this one last, so that it sees the row as the others left it.

create or replace function postern.put_guarded_move(
  target regclass,
  gate_id text,
  columns name[]
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  name constant text := '~' || postern.guard_name(gate_id, 'move');
  condition text;
begin
  perform postern.check_allowed_login('postern_admin');
  perform from postern.protectable_tables(target);
  condition := postern.guarded_move(target, gate_id);
  if condition is null then
    return;
  end if;
  execute format('create or replace trigger %I before update on %s for each row when (%s) execute function postern.refuse_guarded_move(%s)',
                 name, target, condition,
                 (select string_agg(quote_literal(a.argument), ', ' order by a.position)
                    from unnest(postern.guarded_move_arguments(target, gate_id, columns)) with ordinality as a (argument, position)));
  execute format('alter table %s enable always trigger %I', target, name);
end
$$;
revoke execute on function postern.put_guarded_move(regclass, text, name[]) from public;
grant execute on function postern.put_guarded_move(regclass, text, name[]) to postern_admin;
comment on function postern.put_guarded_move(regclass, text, name[]) is
'For protect_gate: gives a partitioned table the trigger that keeps rows from moving to another partition while a guarded column changes. columns: the guarded ones; NULL: all. Errors: PS107 the table is not the caller''s; 42501.';
