-- Reads the expression tree that PostgreSQL stores for the policy instead of its text, in which a string or a name may
-- look like a call.

create or replace function postern.functions_per_row(policy oid)
returns table (function oid, takes_column boolean)
language plpgsql
stable
rows 5
set search_path = pg_catalog, pg_temp
as $$
declare
  token text;
  level integer := 0;        -- of braces
  queries integer := 0;      -- sub-selects around the token
  sublink integer;           -- the level of the outermost sub-select
  depends boolean;           -- on a column of the policy's table: then it runs for each row after all
  nodes text[] := array[]::text[];  -- what each level is
  functions oid[] := array[]::oid[];  -- and which function it calls
  columns boolean[] := array[]::boolean[]; -- with a column of the policy's table among its arguments
  waiting oid[] := array[]::oid[];  -- functions within the outermost sub-select
  waiting_columns boolean[] := array[]::boolean[];
begin
  for token in
    select t.match[1]
      from pg_policy as p
     cross join lateral unnest(array[p.polqual::text, p.polwithcheck::text]) as tree
     -- A backslash takes the meaning from what follows it: first of all, so that it is passed over.
     cross join lateral regexp_matches(tree, E'(\\\\.|\\{[A-Z_]*|\\}|:funcid \\d+|:varlevelsup \\d+)', 'g') as t (match)
     where p.oid = policy
  loop
    case
      when token like '{%' then
        level := level + 1;
        nodes[level] := token;
        functions[level] := null;
        columns[level] := false;
        if token = '{QUERY' then
          queries := queries + 1;
        elsif token = '{SUBLINK' and sublink is null then
          sublink := level;
          depends := false;
          waiting := array[]::oid[];
          waiting_columns := array[]::boolean[];
        end if;
      when token like ':funcid%' then
        if nodes[level] = '{FUNCEXPR' then
          functions[level] := split_part(token, ' ', 2)::oid;
        end if;
      when token like ':varlevelsup%' then
        if nodes[level] = '{VAR' and split_part(token, ' ', 2)::integer = queries then
          columns := array_fill(true, array[level]);
          depends := depends or queries > 0;
        end if;
      when token = '}' then
        if functions[level] is not null then
          if sublink is null then
            function := functions[level];
            takes_column := columns[level];
            return next;
          else
            waiting := waiting || functions[level];
            waiting_columns := waiting_columns || columns[level];
          end if;
        end if;
        if nodes[level] = '{QUERY' then
          queries := queries - 1;
        elsif level = sublink then
          sublink := null;
          if depends then
            return query select w.f, w.c from unnest(waiting, waiting_columns) as w (f, c);
          end if;
        end if;
        level := level - 1;
      else
        null;
    end case;
  end loop;
end
$$;
revoke execute on function postern.functions_per_row(oid) from public;
grant execute on function postern.functions_per_row(oid) to postern_admin, postern_auditor;
comment on function postern.functions_per_row(oid) is
'For postern.doctor: the functions that a policy calls for each row, and whether they get a column of it. A sub-select that uses no column of the row runs once per query, so its calls are not listed.';
