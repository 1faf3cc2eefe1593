-- No SET clause, because of its cost per code string. Called only by functions that pin their search_path.

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
as $$
declare
  codes text[] := array[code_a, nullif(code_b, ''), nullif(code_c, ''), nullif(code_d, ''), nullif(code_e, ''),
                        nullif(code_f, ''), nullif(code_g, ''), nullif(code_h, ''), nullif(code_i, ''), nullif(code_j, '')];
begin
  -- One expression instead of a loop, because this runs for each new combination.
  if postern_internal.is_code(code_a)
     and (coalesce(code_b, '') = '' or postern_internal.is_code(code_b))
     and (coalesce(code_c, '') = '' or postern_internal.is_code(code_c))
     and (coalesce(code_d, '') = '' or postern_internal.is_code(code_d))
     and (coalesce(code_e, '') = '' or postern_internal.is_code(code_e))
     and (coalesce(code_f, '') = '' or postern_internal.is_code(code_f))
     and (coalesce(code_g, '') = '' or postern_internal.is_code(code_g))
     and (coalesce(code_h, '') = '' or postern_internal.is_code(code_h))
     and (coalesce(code_i, '') = '' or postern_internal.is_code(code_i))
     and (coalesce(code_j, '') = '' or postern_internal.is_code(code_j)) then
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
'The ten code parts as one array, with blank ones (NULL or empty) as NULL. Errors: PS301 code part A is blank, or a code part is not usable.';
