-- What becomes of tables with row security when the policies among the dependents $1 go. opens: a policy that takes
-- rows away goes, and one that permits rows stays. Otherwise none is left that permits anything.

select format('%I.%I', n.nspname, c.relname) as table_name,
       bool_or(f.falls and not p.polpermissive) and bool_or(p.polpermissive and not f.falls) as opens
  from pg_policy as p
  join pg_class as c on c.oid = p.polrelid
  join pg_namespace as n on n.oid = c.relnamespace
 cross join lateral (select pg_describe_object('pg_policy'::regclass, p.oid, 0) = any ($1) as falls) as f
 where c.relrowsecurity
 group by n.nspname, c.relname
having bool_or(f.falls and not p.polpermissive) and bool_or(p.polpermissive and not f.falls)
    or bool_or(f.falls and p.polpermissive) and not bool_or(p.polpermissive and not f.falls)
 order by 1
