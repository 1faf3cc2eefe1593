-- 200,000 rows over 600 code strings: accounts 3000 to 4900, cost centres 0 to 900.

with combination as materialized (
  select c.company, a.account::text as account, d.cost_centre::text as cost_centre,
         row_number() over (order by c.company, a.account, d.cost_centre) - 1 as place,
         postern.posting_combination_id(c.company, a.account::text, d.cost_centre::text) as posting_combination_id
    from unnest(array['10', '20', '30']) as c (company)
   cross join generate_series(3000, 4900, 100) as a (account)
   cross join generate_series(0, 900, 100) as d (cost_centre)
)
insert into accounting.ledger_row
select n, c.company, c.posting_combination_id, (n::bigint * 7919 % 1000003) / 100.0
  from generate_series(1, 200000) as n
  join combination as c on c.place = n::bigint * 31 % 600;

analyze accounting.ledger_row;
