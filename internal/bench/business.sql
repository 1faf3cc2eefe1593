-- Business code of the size of a large application: 2,000 tables, and 5,000 functions of some thirty lines. Each
-- function calls two others and writes to a table, so the first one leads to all. Every tenth table has triggers, and
-- every fiftieth function has a gate.
create schema erp;
do $do$
begin
  for i in 0 .. 1999 loop
    execute format('create table erp.table_%s (id integer, amount numeric, state text, remark text)', i);
  end loop;
  for i in 0 .. 4999 loop
    execute format($function$
create function erp.function_%1$s(identity_ integer, amount_ numeric default 0) returns numeric language plpgsql as $body$
declare
  row_ record;
  total_ numeric := 0;
  state_ text := 'open'; -- not closed
begin
  if identity_ is null or amount_ < 0 then
    raise exception 'function_%1$s: %% is no amount', amount_ using hint = 'Pass one.';
  end if;
  for row_ in select t.id, t.amount, coalesce(t.remark, '-') as remark from erp.table_%2$s as t where t.id >= identity_ order by t.id loop
    if row_.amount > total_ then
      total_ := total_ + round(row_.amount * 1.25, 2);
    elsif row_.remark like 'checked%%' then
      total_ := greatest(total_, row_.amount);
    else
      state_ := upper(state_) || to_char(now(), 'YYYY');
    end if;
  end loop;
  insert into erp.table_%3$s (id, amount, state, remark) values (identity_, total_, state_, format('from %%s', identity_));
  update erp.table_%2$s set amount = total_, state = state_ where id = identity_;
  perform erp.function_%4$s(identity_, total_);
  total_ := total_ + erp.function_%5$s(identity_);
  %6$s
  return total_;
exception
  when division_by_zero then
    raise notice 'identity %%', identity_;
    return 0;
end
$body$
$function$,
      i, i % 2000, i * 7 % 2000, (i * 2 + 1) % 5000, (i * 2 + 2) % 5000,
      case when i % 50 = 7 then format('perform postern.checkpoint(%L);', 'ERP_GATE_' || i) else '' end);
  end loop;
  for i in 0 .. 199 loop
    execute format($trigger$
create function erp.on_table_%1$s() returns trigger language plpgsql as $body$
begin
  new.amount := coalesce(new.amount, 0);
  perform erp.function_%2$s(new.id);
  return new;
end
$body$;
create trigger on_table before insert or update on erp.table_%1$s for each row execute function erp.on_table_%1$s()
$trigger$, i * 10, i * 25);
  end loop;
end
$do$;
