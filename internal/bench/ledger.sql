-- The ledgers that row security is measured on: ten companies, each with its posting combinations, and entries of all of
-- them in no order. Code part B goes from 00 to 99 by chance: so a rule can allow any share.

-- As postern.posting_combination_id would have created them one after the other, a block at a time.
create procedure bench.fill_combinations(
  company text,
  number_of_combinations integer
)
language plpgsql
as $$
declare
  size constant integer := postern_internal.block_size();
  block bigint;
begin
  for given in 0 .. number_of_combinations - 1 by size loop
    insert into postern_internal.combination_block as b (company, is_full)
    values (company, number_of_combinations - given >= size)
    returning b.block_no into block;
    insert into postern.posting_combination (company, posting_combination_id, code_a, code_b, code_c, code_d)
    select company, block * size + n - given, (1000 + n % 9000)::text, lpad((abs(hashint4(n)::bigint) % 100)::text, 2, '0'), 'C' || n / 1000, n::text
      from generate_series(given, least(given + size, number_of_combinations) - 1) as n;
  end loop;
end
$$;

create procedure bench.fill_ledgers(
  number_of_entries integer,
  number_of_combinations integer
)
language plpgsql
as $$
declare
  companies constant text[] := array(select (n * 10)::text from generate_series(1, 10) as n);
  company text;
begin
  -- One sees half of the combinations of all companies, one 80 percent, and one all of half of the companies.
  perform postern.create_user(u.userid, u.userid) from unnest(array['HALF', 'MOST', 'FIVE']) as u (userid);
  foreach company in array companies loop
    perform postern.create_company(company, 'Company ' || company);
    call bench.fill_combinations(company, number_of_combinations / cardinality(companies));
    perform postern.create_authority_class(company, 'HALF'),
            postern.create_authority_class(company, 'MOST');
    perform postern.add_authority_combination(company, 'HALF', true, code_b => n || '%') from generate_series(0, 4) as n;
    perform postern.add_authority_combination(company, 'MOST', true),
            postern.add_authority_combination(company, 'MOST', false, code_b => '8%'),
            postern.add_authority_combination(company, 'MOST', false, code_b => '9%');
    perform postern.set_row_level_security(company, true);
    perform postern.grant_company('HALF', company), postern.grant_company('MOST', company);
    perform postern.set_user_authority_class(company, 'HALF', 'HALF'),
            postern.set_user_authority_class(company, 'MOST', 'MOST');
    if company = any (companies[1:5]) then
      perform postern.grant_company('FIVE', company);
      perform postern.set_user_authority_class(company, 'FIVE', 'MAX');
    end if;
  end loop;
  perform postern.compile_authority_maps();

  insert into bench.entry (company, posting_combination_id, supplier_id, voucher_date, amount)
  select p.company, p.posting_combination_id, (i * 7919::bigint) % greatest(number_of_entries / 11, 1),
         date '2025-01-01' + i % 365, (i % 1000000 + 0.25)::numeric(15, 2)
    from generate_series(1, number_of_entries) as i
    join (select row_number() over (order by c.posting_combination_id) - 1 as number, c.company, c.posting_combination_id
            from postern.posting_combination as c) as p
      on p.number = abs(hashint8extended(i, 1)) % number_of_combinations;
end
$$;
