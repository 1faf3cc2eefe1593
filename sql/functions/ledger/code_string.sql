create or replace function postern_internal.code_string(
  code_a text,
  code_b text,
  code_c text,
  code_d text,
  code_e text,
  code_f text,
  code_g text,
  code_h text,
  code_i text,
  code_j text
)
returns text[]
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  codes text[] := array[code_a, nullif(code_b, ''), nullif(code_c, ''), nullif(code_d, ''), nullif(code_e, ''),
                        nullif(code_f, ''), nullif(code_g, ''), nullif(code_h, ''), nullif(code_i, ''), nullif(code_j, '')];
begin
  -- One expression instead of a loop, since this is asked for each new combination.
  if code_a is not null
     and postern_internal.is_code(codes[1]) and postern_internal.is_code(codes[2]) and postern_internal.is_code(codes[3])
     and postern_internal.is_code(codes[4]) and postern_internal.is_code(codes[5]) and postern_internal.is_code(codes[6])
     and postern_internal.is_code(codes[7]) and postern_internal.is_code(codes[8]) and postern_internal.is_code(codes[9])
     and postern_internal.is_code(codes[10]) then
    return codes;
  end if;
  for i in 1 .. 10 loop
    if i = 1 or codes[i] is not null then
      perform postern_internal.require_code(codes[i], 'code_' || substr('abcdefghij', i, 1));
    end if;
  end loop;
  return codes;
end
$$;
revoke execute on function postern_internal.code_string(text, text, text, text, text, text, text, text, text, text) from public;
comment on function postern_internal.code_string(text, text, text, text, text, text, text, text, text, text) is
'The ten code parts as one array, the blank ones (NULL or empty) as NULL. Errors: PS301 code part A is blank, or a code part is not usable.';
