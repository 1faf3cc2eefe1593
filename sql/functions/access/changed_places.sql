-- A place is a user's membership of a company, or connection to an internal ledger. What a user sees there is a set of
-- posting combinations, written as a number: 0 all of the company, a positive number those of the class with this id,
-- a negative number those of a class that the changes make or change (minus its change_no), NULL none.

create or replace function postern_internal.changed_places(changes jsonb)
returns table (
  userid text,
  company text,
  ledger_id text,
  was_in boolean,
  is_in boolean,
  old_set bigint,
  new_set bigint,
  reason text
)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with class as materialized (
    select c.company, c.ledger_id, c.class, c.class_id, -c.change_no as new_set from postern_internal.changed_classes(changes) as c
  ), named_class as (
    select c.company, c.ledger_id, c.class, c.new_set from class as c
     union all
    select c.company, c.ledger_id, c.class, c.class_id
      from postern_internal.authority_class as c
     where not exists (select from class as k where k.class_id = c.class_id)
  ), changed_person as (
    select postern_internal.fold_userid(u ->> 'userid') as folded, normalize(u ->> 'userid', NFKC) as userid, (u ->> 'active')::boolean as active
      from jsonb_array_elements(changes -> 'users') as u
  ), person as materialized (
    select coalesce(e.folded, c.folded) as folded, coalesce(e.userid, c.userid) as userid, e.userid is null as is_new,
           coalesce(e.active, false) as was_active, coalesce(c.active, e.active, true) as is_active
      from postern_internal.end_user as e
      full join changed_person as c on c.folded = e.folded
  ), organisation as materialized (
    select coalesce(o.company, c.company) as company, coalesce(o.row_level_security, false) as was_limited,
           coalesce(c.row_level_security, o.row_level_security, false) as is_limited
      from postern_internal.company as o
      full join (select c ->> 'company' as company, (c ->> 'row_level_security')::boolean as row_level_security
                   from jsonb_array_elements(changes -> 'companies') as c) as c on c.company = o.company
  ), change as materialized (
    select postern_internal.fold_userid(u ->> 'userid') as folded, u ->> 'company' as company, u ->> 'ledger_id' as ledger_id,
           coalesce((u ->> 'remove')::boolean, false) as removed, u ? 'class' as gives_class, u ->> 'class' as class
      from (select c as u from jsonb_array_elements(changes -> 'company_users') as c
             union all
            select l from jsonb_array_elements(changes -> 'ledger_users') as l) as u
  ), place as materialized (
    select e.folded, u.company, null::text as ledger_id, u.class_id
      from postern_internal.company_user as u
      join postern_internal.end_user as e on e.userid = u.userid
     union all
    select e.folded, u.company, u.ledger_id, u.class_id
      from postern_internal.ledger_user as u
      join postern_internal.end_user as e on e.userid = u.userid
  ), merged as (
    -- A hash join needs equality, so the general ledger is written as ''.
    select coalesce(p.folded, c.folded) as folded, coalesce(p.company, c.company) as company, coalesce(p.ledger_id, c.ledger_id) as ledger_id,
           p.folded is not null as was_member, not coalesce(c.removed, false) as is_member,
           p.class_id as old_class,
           case when c.gives_class and not c.removed then n.new_set else coalesce(k.new_set, p.class_id) end as new_class,
           c.gives_class and p.folded is not null and n.new_set is distinct from coalesce(k.new_set, p.class_id) as has_other_class
      from place as p
      full join change as c on c.folded = p.folded and c.company = p.company and coalesce(c.ledger_id, '') = coalesce(p.ledger_id, '')
      left join named_class as n on n.company = c.company and coalesce(n.ledger_id, '') = coalesce(c.ledger_id, '') and n.class = c.class
      left join class as k on k.class_id = p.class_id
  ), seen as (
    select m.folded, e.userid, m.company, m.ledger_id, m.was_member, m.has_other_class, e.is_new, e.was_active, e.is_active, o.was_limited, o.is_limited,
           m.was_member and e.was_active as was_in,
           m.is_member and e.is_active as is_in,
           case when not o.was_limited or m.ledger_id is not null and m.old_class is null then 0 else m.old_class end as old_set,
           case when not o.is_limited or m.ledger_id is not null and m.new_class is null then 0 else m.new_class end as new_set
      from merged as m
      join person as e on e.folded = m.folded
      join organisation as o on o.company = m.company
  ), connected as (
    select s.userid, s.company, s.ledger_id, s.was_member, s.has_other_class, s.was_active, s.is_active, s.was_limited, s.is_limited, s.is_new,
           s.was_in, s.is_in and (s.ledger_id is null or g.is_in) as is_in, s.old_set, s.new_set
      from seen as s
      left join seen as g on s.ledger_id is not null and g.ledger_id is null and g.folded = s.folded and g.company = s.company
  ), compared as (
    select c.userid, c.company, c.ledger_id, c.was_member, c.has_other_class, c.was_active, c.is_active, c.was_limited, c.is_limited, c.is_new,
           c.was_in, coalesce(c.is_in, false) as is_in, case when c.was_in then c.old_set end as old_set, case when c.is_in then c.new_set end as new_set
      from connected as c
  )
  select c.userid, c.company, c.ledger_id, c.was_in, c.is_in, c.old_set, c.new_set,
         case when c.is_active and not c.was_active and not c.is_new then 'The user is activated.'
              when c.was_active and not c.is_active then 'The user is deactivated.'
              when c.is_in and not c.was_in and c.ledger_id is null then 'Becomes a user of the company.'
              when c.is_in and not c.was_in then 'Is connected to the ledger.'
              when c.was_in and not c.is_in and c.ledger_id is null then 'Is no longer a user of the company.'
              when c.was_in and not c.is_in then 'Is no longer connected to the ledger.'
              when c.is_limited and not c.was_limited then 'Classes limit the users of the company.'
              when c.was_limited and not c.is_limited then 'Classes no longer limit the users of the company.'
              when c.has_other_class then 'Has another class.'
              else 'The rules of the class change.' end
    from compared as c
   where c.was_in <> c.is_in or c.old_set is distinct from c.new_set
$$;
revoke execute on function postern_internal.changed_places(jsonb) from public;
comment on function postern_internal.changed_places(jsonb) is
'The companies and internal ledgers where changes decide anew what a user sees, and by which sets of posting combinations (see the source). Inactive users are in none. changes: see access_impact; checked by check_changes.';
