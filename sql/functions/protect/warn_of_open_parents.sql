create or replace function postern.warn_of_open_parents(
  target regclass,
  policy name
)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  parents constant text := postern.open_parents(array(select p from postern.protectable_tables(target, true) as p), policy);
begin
  if parents is not null then
    raise warning using
      message = format('Rows of %s can be read without its protection, through other parents of tables below it', target),
      detail = format('These parents have no policy %I: %s.', policy, parents),
      hint = 'Protect each of them by the same columns. If a parent lacks these columns, detach the child: alter table child no inherit parent;';
  end if;
end
$$;
revoke execute on function postern.warn_of_open_parents(regclass, name) from public;
grant execute on function postern.warn_of_open_parents(regclass, name) to postern_admin;
comment on function postern.warn_of_open_parents(regclass, name) is
'For protect_...: raises a WARNING if tables at or below target have other parents, without policy, whose queries read them. Errors: PS107 target is NULL, missing or not the caller''s.';
