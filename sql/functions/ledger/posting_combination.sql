-- Row security is on for users and not forced on the owner, whose functions give out ids and compile maps in every
-- company, whoever asks.

drop policy if exists postern_company on postern.posting_combination;
create policy postern_company on postern.posting_combination
for select
using (company = any (array(select c.company from postern.current_companies() as c (company) where postern.require_user_role())));
create or replace trigger postern_refuse_truncate
before truncate
on postern.posting_combination
for each statement
execute function postern.refuse_truncate();
comment on trigger postern_refuse_truncate on postern.posting_combination is 'Rows of applications refer to these.';
revoke all on postern.posting_combination from public;
grant select on postern.posting_combination to postern_user, postern_admin;
-- So that an administrator can let the owner of a ledger reference it.
grant references on postern.posting_combination to postern_admin with grant option;
