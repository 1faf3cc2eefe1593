create or replace function postern.add_ledger_combination(
  company text,
  ledger_id text,
  class text,
  allowed boolean,
  code_a text default '%',
  code_b text default '%',
  code_c text default '%',
  code_d text default '%',
  code_e text default '%',
  code_f text default '%',
  code_g text default '%',
  code_h text default '%',
  code_i text default '%',
  code_j text default '%'
)
returns bigint
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_ledger(company, ledger_id);
  return postern_internal.add_combination(postern_internal.require_class(company, ledger_id, class), allowed,
                                          array[code_a, code_b, code_c, code_d, code_e, code_f, code_g, code_h, code_i, code_j]);
end
$$;
revoke execute on function postern.add_ledger_combination(text, text, text, boolean, text, text, text, text, text, text, text, text, text, text) from public;
grant execute on function postern.add_ledger_combination(text, text, text, boolean, text, text, text, text, text, text, text, text, text, text) to postern_admin;
comment on function postern.add_ledger_combination(text, text, text, boolean, text, text, text, text, text, text, text, text, text, text) is
'Adds a rule to an authority class of an internal ledger: code strings that all ten patterns match are allowed, or not allowed. Not allowed always wins; what no rule allows is not allowed. A pattern is a value; a single space for blank; or contains % for any characters or none (% alone also matches blank) and _ for one; [%], [_] and [[] are these characters themselves. Returns the rule''s id; adding the same rule again returns the same id. Errors: PS201 no such company, PS301 no such ledger, no such class, MAX, allowed is NULL, or a pattern that is NULL, empty or over 20 characters.';
