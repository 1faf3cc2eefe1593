-- One table for each number of companies, for all designs of row security in turn. The user PEER works in the first
-- five companies. For the designs there are a table of who works where, with its index; a number of each company for a
-- bitmap; and posting combinations for a ledger.

create table bench.member (
  userid text not null,
  company text not null,
  primary key (userid, company)
);
create table bench.few_companies (
  entry_id bigint primary key,
  company text not null,
  company_no integer not null,
  posting_combination_id bigint not null,
  amount numeric(15, 2) not null
);
create table bench.many_companies (like bench.few_companies including all);
grant select on bench.member, bench.few_companies, bench.many_companies to public;

create view bench.user_finance_auth_pub as
  select m.company from bench.member as m where m.userid = current_setting('app.userid');
comment on view bench.user_finance_auth_pub is 'As the documentation of the mirrored view has it, over a plain table.';
grant select on bench.user_finance_auth_pub to public;

create function bench.may_see(company_no integer)
returns boolean
language plpgsql
stable
as $$
begin
  return get_bit(current_setting('app.privileges')::bytea, company_no) = 1;
end
$$;
comment on function bench.may_see(integer) is 'Tests one bit of the session''s privileges.';

create procedure bench.fill_peers(
  number_of_companies integer,
  number_of_combinations integer,
  number_of_rows integer
)
language plpgsql
as $$
declare
  company text;
  target regclass;
  companies integer;
begin
  perform postern.create_user('PEER', 'Peer');
  for n in 1 .. number_of_companies loop
    company := 'P' || n;
    perform postern.create_company(company, company), postern.set_row_level_security(company, true);
    call bench.fill_combinations(company, number_of_combinations);
    if n <= 5 then
      perform postern.grant_company('PEER', company), postern.set_user_authority_class(company, 'PEER', 'MAX');
    end if;
    -- Not all at once: whoever takes many blocks in one transaction goes through those that it has taken.
    if n % 100 = 0 then
      commit;
    end if;
  end loop;
  perform postern.compile_authority_maps();
  -- Each user works in five companies, so that the table of members has a realistic length.
  insert into bench.member select 'PEER', 'P' || n from generate_series(1, 5) as n;
  insert into bench.member
  select 'U' || u, 'P' || 1 + (u + n * 7) % number_of_companies from generate_series(1, number_of_companies) as u, generate_series(1, 5) as n
  on conflict do nothing;
  for target, companies in select * from (values ('bench.few_companies'::regclass, 10), ('bench.many_companies', number_of_companies)) as t loop
    execute format($insert$
      insert into %s
      select i, c.company, c.company_no, c.posting_combination_id, i %% 1000000 + 0.25
        from generate_series(1, $2) as i
        join (select p.company, substr(p.company, 2)::integer as company_no, p.posting_combination_id,
                     row_number() over (partition by p.company order by p.posting_combination_id) - 1 as number
                from postern.posting_combination as p) as c
          on c.company_no = 1 + (i * 7919::bigint) %% $1 and c.number = (i / $1) %% $3
       order by i$insert$, target) using companies, number_of_rows, number_of_combinations;
    execute format('create index on %s (company)', target);
    execute format('alter table %s add foreign key (company, posting_combination_id) references postern.posting_combination', target);
  end loop;
end
$$;
