-- Row security is on for users but not forced on the owner, whose functions give out ids and compile maps for every
-- company, whoever calls them.

drop policy if exists postern_company on postern.posting_combination;
create policy postern_company on postern.posting_combination
for select
using (company = any (array(select c.company from postern.current_companies() as c (company) where postern.require_user_role())));
revoke all on postern.posting_combination from public;
grant select on postern.posting_combination to postern_user, postern_admin;
-- So that an administrator can let the owner of a ledger reference it.
grant references on postern.posting_combination to postern_admin with grant option;
