-- What doctor looks through: 5000 functions and 2000 tables, of which most are protected, and some are not as they should
-- be. bench.percent takes less of it.

create schema bench_doctor;

do $$
declare
  percent constant integer := current_setting('bench.percent')::integer;
begin
  for number in 1 .. 50 * percent loop
    execute format(
      'create function bench_doctor.function_%1$s(amount numeric) returns numeric language plpgsql %2$s as ''begin return amount * %1$s; end''',
      number, case number % 10 when 0 then 'security definer' when 1 then 'security definer set search_path = pg_catalog, pg_temp' end);
  end loop;
  for number in 1 .. 10 * percent loop
    execute format('create table bench_doctor.table_%s (row_no integer, company text not null, amount numeric)', number);
  end loop;
  create table bench_doctor.partitioned (row_no integer, company text not null) partition by range (row_no);
  for number in 2 .. 10 * percent loop
    execute format('create table bench_doctor.partition_%1$s partition of bench_doctor.partitioned for values from (%1$s) to (%1$s + 1)', number);
  end loop;
end
$$;

do $$
begin
  perform postern.protect_company('bench_doctor.partitioned');
  for number in 1 .. 8 * current_setting('bench.percent')::integer loop
    perform postern.protect_company(format('bench_doctor.table_%s', number)::regclass);
    execute format('grant all on bench_doctor.table_%s to postern_user', number);
    execute format('create policy own on bench_doctor.table_%s as restrictive using (amount > 0 and company = %s)',
                   number, case number % 2 when 0 then 'postern.current_userid()' else '(select postern.current_userid())' end);
    execute format('create view bench_doctor.view_%1$s %2$s as select company, sum(amount) as amount from bench_doctor.table_%1$s group by company',
                   number, case number % 2 when 0 then 'with (security_invoker)' end);
  end loop;
end
$$;
