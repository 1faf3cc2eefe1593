-- Adds what doctor finds to the application of business.sql: some tables are not protected as they should be, and each
-- action reaches all functions. With a small bench.percent there is less to find.

do $$
declare
  percent constant integer := current_setting('bench.percent')::integer;
begin
  for number in 1 .. 50 * percent - 1 by 10 loop
    execute format('alter function erp.function_%s security definer', number);
    execute format('alter function erp.function_%s security definer set search_path = erp, pg_catalog, pg_temp', number + 1);
  end loop;
  for number in 1 .. 10 * percent loop
    execute format('alter table erp.table_%s add column company text', number);
  end loop;
  create table erp.partitioned (row_no integer, company text not null) partition by range (row_no);
  for number in 1 .. 2 * percent loop
    execute format('create table erp.partition_%1$s partition of erp.partitioned for values from (%1$s) to (%1$s + 1)', number);
  end loop;
  for number in 1 .. percent loop
    perform postern.register_gate('ERP_GATE_' || number * 50 - 43, 'Step ' || number, 'Done');
    perform postern.register_action('Action_' || number);
    execute format($function$
create function erp.action_%1$s(identity_ integer) returns void language plpgsql as $body$
begin
  perform postern.begin_action('Action_%1$s');
  perform erp.function_%2$s(identity_);
end
$body$
$function$, number, number * 50 - 1);
  end loop;
end
$$;

do $$
begin
  perform postern.protect_company('erp.partitioned');
  for number in 1 .. 8 * current_setting('bench.percent')::integer loop
    perform postern.protect_company(format('erp.table_%s', number)::regclass);
    execute format('grant all on erp.table_%s to postern_user', number);
    execute format('create policy own on erp.table_%s as restrictive using (amount > 0 and company = %s)',
                   number, case number % 2 when 0 then 'postern.current_userid()' else '(select postern.current_userid())' end);
    execute format('create view erp.view_%1$s %2$s as select company, sum(amount) as amount from erp.table_%1$s group by company',
                   number, case number % 2 when 0 then 'with (security_invoker)' end);
  end loop;
end
$$;
