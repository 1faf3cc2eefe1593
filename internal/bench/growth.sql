-- Grows one part of an installation step by step. Each procedure continues where its last call ended.

grant insert on bench.posting to public;

create function bench.session_memory()
returns double precision
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  select sum(c.total_bytes)::double precision / 1000000 from pg_backend_memory_contexts as c
$$;
comment on function bench.session_memory() is 'Megabytes that this session holds now. In a query: what the query holds as well.';

create procedure bench.grow_companies(up_to integer)
language plpgsql
as $$
begin
  call bench.fill_companies(up_to);
  if not exists (select from bench.posting) then
    call bench.fill_postings();
  end if;
end
$$;

create procedure bench.grow_combinations(up_to integer)
language plpgsql
as $$
declare
  there integer;
begin
  call bench.grow_companies(1);
  select count(*) into there from postern.posting_combination as c where c.company = 'S1';
  call bench.fill_combinations('S1', up_to - there, there);
  commit;
  call bench.fold();
end
$$;

create procedure bench.grow_users(up_to integer)
language plpgsql
as $$
declare
  there integer;
begin
  call bench.grow_companies(1);
  select count(*) into there from postern_internal.end_user as u where u.userid ~ '^U[0-9]+$';
  for n in there + 1 .. up_to loop
    perform postern.create_user('U' || n, 'User ' || n), postern.grant_company('U' || n, 'S1'), postern.set_user_authority_class('S1', 'U' || n, 'MAX');
    if n % 1000 = 0 then
      commit;
    end if;
  end loop;
end
$$;

create procedure bench.grow_log(up_to integer)
language plpgsql
as $$
declare
  there integer;
  step constant integer := 100000;
begin
  select count(*) into there from postern_internal.checkpoint_entry as e;
  while there < up_to loop
    insert into postern_internal.checkpoint_entry
      (outcome, gate_id, userid, authenticated_by, logged_at, message, parameters, scheme, session_role)
    select 'passed', 'BENCH_' || n % 20, 'USER' || n % 500, 'USER' || n % 500, clock_timestamp() - interval '1 day', 'Invoice INV-' || n || ' of S-1001 over 1250.00 approved',
           jsonb_build_object('SUPPLIER_ID', 'S-1001', 'INVOICE_NO', 'INV-' || n, 'AMOUNT', '1250.00'), 'PIN', 'erp'
      from generate_series(there + 1, least(there + step, up_to)) as n;
    there := least(there + step, up_to);
    commit;
  end loop;
end
$$;
