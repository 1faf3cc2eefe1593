-- Two tables with vouchers of many companies, protected by company: one in random order and without an index, one with
-- an index that begins with the company. The user V5 works in the first five companies, V4000 in all.

create table bench.voucher_of_many (voucher_id bigint, company text not null, amount numeric(15, 2) not null);
create table bench.open_voucher (like bench.voucher_of_many);
create table bench.indexed_voucher (like bench.voucher_of_many);
grant select on bench.voucher_of_many, bench.open_voucher, bench.indexed_voucher to public;

create procedure bench.fill_vouchers(
  number_of_companies integer,
  number_of_indexed integer,
  rows_of_each integer
)
language plpgsql
as $$
begin
  perform postern.create_company('V' || n, 'V' || n) from generate_series(1, number_of_companies) as n;
  perform postern.create_user(u.userid, u.userid) from unnest(array['V1', 'V5', 'V1000', 'V4000']) as u (userid);
  -- From the last company to the first, so that the companies with the fewest rows come first in an array.
  perform postern.grant_company(u.userid, 'V' || n)
     from (values ('V1', 1), ('V5', 5), ('V1000', number_of_indexed), ('V4000', number_of_companies)) as u (userid, companies)
    cross join lateral generate_series(u.companies, 1, -1) as n;
  insert into bench.voucher_of_many
  select i, 'V' || 1 + (i * 7919::bigint) % number_of_companies, i
    from generate_series(1, number_of_indexed * rows_of_each) as i;
  insert into bench.open_voucher select * from bench.voucher_of_many;
  insert into bench.indexed_voucher
  select i, 'V' || 1 + i % number_of_indexed, i
    from generate_series(1, number_of_indexed * rows_of_each) as i;
  create index on bench.indexed_voucher (company);
  perform postern.protect_company('bench.voucher_of_many'), postern.protect_company('bench.indexed_voucher');
end
$$;
