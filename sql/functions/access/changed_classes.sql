-- Class MAX of a new company or ledger is not among the changes, but is there afterwards.

create or replace function postern_internal.changed_classes(changes jsonb)
returns table (
  company text,
  ledger_id text,
  class text,
  class_id bigint,
  change_no bigint,
  allowed boolean[],
  patterns text[]
)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with rule as (
    select r ->> 'company' as company, r ->> 'ledger_id' as ledger_id, r ->> 'class' as class, (r ->> 'allowed')::boolean as allowed,
           coalesce((r ->> 'remove')::boolean, false) as removed,
           array[coalesce(r ->> 'code_a', '%'), coalesce(r ->> 'code_b', '%'), coalesce(r ->> 'code_c', '%'), coalesce(r ->> 'code_d', '%'),
                 coalesce(r ->> 'code_e', '%'), coalesce(r ->> 'code_f', '%'), coalesce(r ->> 'code_g', '%'), coalesce(r ->> 'code_h', '%'),
                 coalesce(r ->> 'code_i', '%'), coalesce(r ->> 'code_j', '%')] as patterns
      from jsonb_array_elements(changes -> 'rules') as r
  ), named as (
    select r.company, r.ledger_id, r.class from rule as r
     union
    select c ->> 'company', c ->> 'ledger_id', c ->> 'class' from jsonb_array_elements(changes -> 'classes') as c
     union
    select c ->> 'company', null, 'MAX' from jsonb_array_elements(changes -> 'companies') as c
     union
    select l ->> 'company', l ->> 'ledger_id', 'MAX' from jsonb_array_elements(changes -> 'ledgers') as l
  ), class as (
    select n.company, n.ledger_id, n.class, c.class_id, row_number() over (order by n.company collate "C", n.ledger_id collate "C", n.class collate "C") as change_no
      from named as n
      left join postern_internal.authority_class as c
        on c.company = n.company and c.ledger_id is not distinct from n.ledger_id and c.class = n.class
     where c.class_id is null or exists (select from rule as r where r.company = n.company and r.ledger_id is not distinct from n.ledger_id and r.class = n.class)
  ), kept as (
    select c.change_no, a.allowed, a.patterns
      from class as c
      join postern_internal.authority_combination as a on a.class_id = c.class_id
     union
    select c.change_no, r.allowed, r.patterns
      from class as c
      join rule as r on not r.removed and r.company = c.company and r.ledger_id is not distinct from c.ledger_id and r.class = c.class
     union
    select c.change_no, true, array_fill('%'::text, array[10]) from class as c where c.class = 'MAX'
    except
    select c.change_no, r.allowed, r.patterns
      from class as c
      join rule as r on r.removed and r.company = c.company and r.ledger_id is not distinct from c.ledger_id and r.class = c.class
  )
  select c.company, c.ledger_id, c.class, c.class_id, c.change_no,
         coalesce(k.allowed, '{}'), coalesce(k.patterns, '{}')
    from class as c
   cross join lateral (select array_agg(k.allowed order by k.allowed, k.patterns) as allowed, array_agg(k.patterns order by k.allowed, k.patterns) as patterns
                         from kept as k
                        where k.change_no = c.change_no) as k
$$;
revoke execute on function postern_internal.changed_classes(jsonb) from public;
comment on function postern_internal.changed_classes(jsonb) is
'The classes that changes make, or whose rules they change, with all rules as they are afterwards (see class_rules). class_id: NULL for a new class. changes: see access_impact; checked by check_changes.';
