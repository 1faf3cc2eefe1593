-- The extended Euclidean algorithm. Each step halves the numbers at least every second time, so that it ends soon.

create or replace function postern_internal.inverse_modulo(
  number numeric,
  modulus numeric
)
returns numeric
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  a numeric := (number % modulus + modulus) % modulus;
  b numeric := modulus;
  x numeric := 1::numeric;
  y numeric := 0::numeric;
  quotient numeric;
  next numeric;
begin
  while b <> 0 loop
    quotient := div(a, b);
    next := a - quotient * b;
    a := b;
    b := next;
    next := x - quotient * y;
    x := y;
    y := next;
  end loop;
  return case when a = 1 then (x % modulus + modulus) % modulus end;
end
$$;
revoke execute on function postern_internal.inverse_modulo(numeric, numeric) from public;
comment on function postern_internal.inverse_modulo(numeric, numeric) is
'The number that gives 1 if it is multiplied with number, modulo modulus. NULL if there is none.';
