-- Letters of Latin, Greek and Cyrillic that look the same become the Latin one; so do 0 and O, and 1 and I. Accents stay:
-- they can be seen. The pairs are those of Unicode's confusables for letters that people write names with.

create or replace function postern.user_skeleton(
  userid text,
  as_written boolean
)
returns text
language sql
stable
parallel safe
cost 10
set search_path = pg_catalog, pg_temp
begin atomic
  select case
           -- Most are of these letters alone, and cost least.
           when pg_catalog.octet_length(userid) = pg_catalog.length(userid) then
             case when as_written then pg_catalog.translate(userid, 'abcdefghjkmnopqrstuvwxyz01l|', 'ABCDEFGHJKMNOPQRSTUVWXYZOIII')
                  else pg_catalog.translate(pg_catalog.upper(userid collate "C"), '01|', 'OII') end
           when as_written then
             pg_catalog.translate(n.userid,
               'abcdefghjkmnopqrstuvwxyz' || '01l|ı' || 'АВЕЗКМНОРСТУХІЈЅԚԜавекмнорстухіјѕԛԝ' || 'ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικορτυχν' || 'ɑɡ',
               'ABCDEFGHJKMNOPQRSTUVWXYZ' || 'OIIIi' || 'ABE3KMHOPCTYXIJSQWABEKMHOPCTYXiJSQW' || 'ABEZHIKMNOPTYXAiKOPTUXV' || 'AG')
           else
             pg_catalog.translate(n.userid,
               'abcdefghijklmnopqrstuvwxyz' || '01|ı' || 'АВЕЗКМНОРСТУХІЈЅԚԜавезкмнорстухіјѕԛԝ' || 'ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαβεζηικμνορτυχ' || 'ɑɡ',
               'ABCDEFGHIJKLMNOPQRSTUVWXYZ' || 'OIII' || 'ABE3KMHOPCTYXIJSQWABE3KMHOPCTYXIJSQW' || 'ABEZHIKMNOPTYXABEZHIKMNOPTYX' || 'AG')
         end
    from (select case when pg_catalog.getdatabaseencoding() = 'UTF8' then pg_catalog.normalize(userid, 'NFKD') else userid end as userid) as n;
end;
revoke execute on function postern.user_skeleton(text, boolean) from public;
grant execute on function postern.user_skeleton(text, boolean) to postern_admin, postern_auditor;
comment on function postern.user_skeleton(text, boolean) is
'For postern.doctor: what userid looks like, the same for ids that look alike. as_written: with upper and lower case as they are, where a small l looks like 1 and I; otherwise all in upper case.';
