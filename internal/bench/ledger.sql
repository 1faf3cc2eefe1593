-- The ledgers that row security is measured on: ten companies, each with its posting combinations, and entries of all
-- of them in no order. Code part B goes from 00 to 99 by chance: so a rule can allow any share.

create table bench.entry (
  entry_id bigint generated always as identity,
  company text not null,
  posting_combination_id bigint not null,
  supplier_id bigint not null,
  voucher_date date not null,
  amount numeric(15, 2) not null
);
create index on bench.entry (supplier_id);
grant select on bench.entry to public;

-- The same few rows twice: protected, and for a query that asks a function for each row, as the interface's
-- documentation shows it.
create table bench.voucher (like bench.entry);
create table bench.protected_voucher (like bench.entry);
grant select on bench.voucher, bench.protected_voucher to public;

-- Makes the combinations that postern.posting_combination_id would have made one after the other, a block at a time.
create procedure bench.fill_combinations(
  company text,
  number_of_combinations integer,
  there integer default 0
)
language plpgsql
as $$
declare
  done integer := 0;
  ids integer;
  block record;
begin
  while done < number_of_combinations loop
    block := postern_internal.open_block(company);
    ids := least(number_of_combinations - done, block.size);
    update postern_internal.combination_block as b set given = ids, counted = true where b.first_id = block.first_id;
    insert into postern.posting_combination (company, posting_combination_id, code_a, code_b, code_c, code_d)
    select company, block.first_id + n - there - done, (1000 + n % 9000)::text, lpad((abs(hashint4(n)::bigint) % 100)::text, 2, '0'), 'C' || n / 1000, n::text
      from generate_series(there + done, there + done + ids - 1) as n;
    done := done + ids;
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
  -- ALICE sees half of the combinations of all companies, MOST 80 percent, and FIVE all of half of the companies.
  perform postern.create_user(u.userid, u.userid) from unnest(array['MOST', 'FIVE']) as u (userid);
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
    perform postern.grant_company('ALICE', company), postern.grant_company('MOST', company);
    perform postern.set_user_authority_class(company, 'ALICE', 'HALF'),
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
  create table bench.half as
    select percentile_disc(0.5) within group (order by p.posting_combination_id) as number from postern.posting_combination as p;
  grant select on bench.half to public;
end
$$;

-- One company with a hundred classes, and a copy of its combinations that nobody's rules are about.
create procedure bench.fill_large_company(number_of_combinations integer)
language plpgsql
as $$
begin
  perform postern.create_company('1000', 'Large');
  perform postern.grant_company('ALICE', '1000');
  perform postern.set_row_level_security('1000', true);
  perform postern.create_authority_class('1000', 'C' || n) from generate_series(1, 99) as n;
  perform postern.add_authority_combination('1000', 'C1', true, code_b => n || '%') from generate_series(0, 4) as n;
  call bench.fill_combinations('1000', number_of_combinations);
  create table bench.plain_combination (like postern.posting_combination including all);
  insert into bench.plain_combination select p.* from postern.posting_combination as p where p.company = '1000';
  grant insert on bench.plain_combination to public;
end
$$;

create sequence bench.number start 1000000000;
grant usage on sequence bench.number to public;

create function bench.insert_combination(number bigint)
returns void
language plpgsql
as $$
begin
  insert into bench.plain_combination (company, posting_combination_id, code_a, code_b, code_c, code_d)
  values ('1000', number, '1000', '20', 'C', number::text);
end
$$;
comment on function bench.insert_combination(bigint) is 'What a new posting combination is compared with.';

create function bench.compile_class()
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  class bigint;
begin
  select c.class_id into class from postern_internal.authority_class as c where c.company = '1000' and c.class = 'C1';
  delete from postern_internal.authority_map as m where m.class_id = class;
  perform postern_internal.compile_class(class);
end
$$;
comment on function bench.compile_class() is 'What a changed rule of a class with five makes happen, where every bit differs.';

create function bench.scan_combinations()
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform count(*)
     from postern.posting_combination as p
    where p.company = '1000'
      and (p.code_b like '0%' or p.code_b like '1%' or p.code_b like '2%' or p.code_b like '3%' or p.code_b like '4%');
end
$$;
comment on function bench.scan_combinations() is 'The same rules, written by hand.';

create function bench.is_combination_allowed(
  company text,
  posting_combination_id bigint
)
returns boolean
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  current_user_id constant text := postern.current_userid();
  allowed boolean;
begin
  select not c.row_level_security
         or coalesce((select bool_and(r.allowed)
                        from postern_internal.authority_combination as r
                       where r.class_id = u.class_id
                         and p.code_a like r.patterns[1]
                         and coalesce(p.code_b, ' ') like r.patterns[2]
                         and coalesce(p.code_c, ' ') like r.patterns[3]
                         and coalesce(p.code_d, ' ') like r.patterns[4]
                         and coalesce(p.code_e, ' ') like r.patterns[5]
                         and coalesce(p.code_f, ' ') like r.patterns[6]
                         and coalesce(p.code_g, ' ') like r.patterns[7]
                         and coalesce(p.code_h, ' ') like r.patterns[8]
                         and coalesce(p.code_i, ' ') like r.patterns[9]
                         and coalesce(p.code_j, ' ') like r.patterns[10]), false)
    into allowed
    from postern_internal.company_user as u
    join postern_internal.company as c on c.company = u.company
    join postern.posting_combination as p on p.company = u.company
   where u.userid = current_user_id
     and u.company = is_combination_allowed.company
     and p.posting_combination_id = is_combination_allowed.posting_combination_id;
  return coalesce(allowed, false);
end
$$;
comment on function bench.is_combination_allowed(text, bigint) is 'What asking for one row costs without maps: the rules are held against the code string.';
-- Like the function that it is compared with, so that the same owner's rights are checked.
alter function bench.is_combination_allowed(text, bigint) owner to postern_owner;

create function bench.create_combinations(number_of_combinations integer)
returns double precision
language plpgsql
as $$
declare
  started timestamptz := clock_timestamp();
begin
  for i in 1 .. number_of_combinations loop
    perform postern.posting_combination_id('1000', '1000', '20', 'C', nextval('bench.number')::text);
  end loop;
  return extract(epoch from clock_timestamp() - started) * 1000000 / number_of_combinations;
end
$$;
comment on function bench.create_combinations(integer) is 'The microseconds that a new posting combination takes in company 1000.';

-- Does what the sealer and the event worker do.
create procedure bench.fold()
language plpgsql
as $$
begin
  perform postern.maintain('10 minutes');
end
$$;

create function bench.create_and_fold(number_of_combinations integer)
returns void
language plpgsql
as $$
begin
  for i in 1 .. number_of_combinations loop
    perform postern.posting_combination_id('1000', '1000', '20', 'C', nextval('bench.number')::text);
  end loop;
  call bench.fold();
end
$$;
comment on function bench.create_and_fold(integer) is 'So many new posting combinations in company 1000, in the maps of all of its classes.';

create function bench.insert_combinations(number_of_combinations integer)
returns void
language plpgsql
as $$
begin
  for i in 1 .. number_of_combinations loop
    perform bench.insert_combination(nextval('bench.number'));
  end loop;
end
$$;
comment on function bench.insert_combinations(integer) is 'What create_and_fold is compared with.';

create function bench.compile_memory(number_of_classes integer)
returns double precision
language plpgsql
as $$
declare
  class bigint;
  bytes bigint;
  most bigint := 0;
begin
  for class in
    select c.class_id from postern_internal.authority_class as c where c.company = '1000' order by c.class_id limit number_of_classes
  loop
    delete from postern_internal.authority_map as m where m.class_id = class;
    perform postern_internal.compile_class(class);
    select sum(c.total_bytes) into bytes from pg_backend_memory_contexts as c;
    most := greatest(most, bytes);
  end loop;
  return most / 1024.0 / 1024;
end
$$;
comment on function bench.compile_memory(integer) is 'The most megabytes that the session held after a class, when so many classes of company 1000 were compiled.';

-- A ledger with one row for a company of a hundred combinations, among many other companies: once with the key, and
-- once without. ONE works in the first company, TWENTY in twenty that are spread among all, SCAN in the first ten.
create table bench.posting (posting_id integer, company text not null, posting_combination_id bigint not null, amount numeric not null);
create table bench.keyless_posting (like bench.posting);
create table bench.keyless_scan (like bench.posting);
grant select on bench.posting, bench.keyless_posting, bench.keyless_scan to public;

create procedure bench.fill_companies(number_of_companies integer)
language plpgsql
as $$
declare
  company text;
  there integer;
begin
  perform postern.create_user(u.userid, u.userid)
     from unnest(array['ONE', 'TWENTY', 'SCAN']) as u (userid)
    where not exists (select from postern_internal.end_user as e where e.userid = u.userid);
  select count(*) into there from postern_internal.company as c where c.company like 'S%';
  for n in there + 1 .. number_of_companies loop
    company := 'S' || n;
    perform postern.create_company(company, company), postern.set_row_level_security(company, true);
    call bench.fill_combinations(company, 100);
    if n = 1 then
      perform postern.grant_company('ONE', company), postern.set_user_authority_class(company, 'ONE', 'MAX');
    end if;
    if n <= 10 then
      perform postern.grant_company('SCAN', company), postern.set_user_authority_class(company, 'SCAN', 'MAX');
    end if;
    if n = 1 or n % greatest(number_of_companies / 19, 1) = 0 then
      perform postern.grant_company('TWENTY', company), postern.set_user_authority_class(company, 'TWENTY', 'MAX');
    end if;
    -- Not all at once: whoever takes many blocks in one transaction goes through those that it has taken.
    if n % 100 = 0 then
      commit;
    end if;
  end loop;
  perform postern.compile_authority_maps();
end
$$;

create procedure bench.fill_postings()
language plpgsql
as $$
begin
  insert into bench.posting
  select i, 'S1', p.ids[1 + i % 100], i
    from generate_series(1, 10000) as i
   cross join (select array_agg(c.posting_combination_id order by c.posting_combination_id) as ids
                 from postern.posting_combination as c where c.company = 'S1') as p;
  insert into bench.keyless_posting select * from bench.posting;
  create index on bench.posting (posting_id);
  create index on bench.keyless_posting (posting_id);
  alter table bench.posting add foreign key (company, posting_combination_id) references postern.posting_combination;
  perform postern.protect_ledger('bench.posting'), postern.protect_ledger('bench.keyless_posting'), postern.protect_ledger('bench.keyless_scan');
end
$$;

create procedure bench.fill_scan(number_of_rows integer)
language sql
begin atomic
  insert into bench.keyless_scan
  select i, p.companies[1 + i % 1000], p.ids[1 + i % 1000], i
    from generate_series(1, number_of_rows) as i
   cross join (select array_agg(c.company order by c.posting_combination_id) as companies,
                      array_agg(c.posting_combination_id order by c.posting_combination_id) as ids
                 from postern.posting_combination as c
                where c.company in ('S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'S7', 'S8', 'S9', 'S10')) as p;
end;
