create or replace function authorize_comb_finance_api.is_allowed_codestring(
  company text,
  code_a text,
  code_b text default null,
  code_c text default null,
  code_d text default null,
  code_e text default null,
  code_f text default null,
  code_g text default null,
  code_h text default null,
  code_i text default null,
  code_j text default null
)
returns text
language sql
stable
parallel safe
return case when postern.is_code_string_allowed(company, code_a, code_b, code_c, code_d, code_e, code_f, code_g, code_h, code_i, code_j) then 'TRUE' else 'FALSE' end;
revoke execute on function authorize_comb_finance_api.is_allowed_codestring(text, text, text, text, text, text, text, text, text, text, text) from public;
grant execute on function authorize_comb_finance_api.is_allowed_codestring(text, text, text, text, text, text, text, text, text, text, text) to postern_user, postern_admin;
comment on function authorize_comb_finance_api.is_allowed_codestring(text, text, text, text, text, text, text, text, text, text, text) is
'Authorize_Comb_Finance_API.Is_Allowed_Codestring: whether the current user may see rows of a company with this code string, as TRUE or FALSE. Errors: PS301, PS401, PS402.';
