create or replace function postern.finding_detail(
  detail text,
  code text
)
returns text
language sql
immutable
parallel safe
return detail || ' See docs/doctor/' || code || '.md.';
revoke execute on function postern.finding_detail(text, text) from public;
grant execute on function postern.finding_detail(text, text) to postern_admin, postern_auditor;
comment on function postern.finding_detail(text, text) is 'For postern.doctor: detail, followed by where the check is explained.';
