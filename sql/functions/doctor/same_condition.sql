-- PostgreSQL prints a condition in its own way: more parentheses and casts, capital letters, column names, quotes
-- around large numbers. Without those, and without backslash escapes, the same words remain in the same order, and no
-- other condition with the same words lets more rows through. Text in double quotes stays as it is: "Company" is not
-- "COMPANY". "double precision" is removed separately: inside the pattern it would make each match five times as slow.

create or replace function postern.same_condition(
  stored text,
  wanted text
)
returns boolean
language sql
immutable
parallel safe
return (
  select count(distinct n.condition) = 1
    from (values (coalesce(stored, '')), (coalesce(wanted, ''))) as c (condition)
   cross join lateral (
     select coalesce(string_agg(case when p.position % 2 = 0 then p.part
                                     else lower(regexp_replace(replace(regexp_replace(p.part, E'''(\\d+)''::bigint', E'\\1', 'g'), '::double precision', ''),
                                                                '::(text|bigint|integer|smallint|uuid|bpchar|numeric|character varying)(?!\()|\mas [a-z_]+|[\s()]', '', 'gi')) end,
                                '"' order by p.position), '') as condition
       from string_to_table(case when c.condition ~ '\mE''' then replace(regexp_replace(c.condition, '\mE''', '''', 'g'), E'\\\\', E'\\') else c.condition end,
                            '"') with ordinality as p (part, position)
   ) as n
);
revoke execute on function postern.same_condition(text, text) from public;
grant execute on function postern.same_condition(text, text) to postern_admin, postern_auditor;
comment on function postern.same_condition(text, text) is
'For postern.doctor: whether stored, the condition of a policy as PostgreSQL prints it, is the same condition as wanted.';
