-- Letters of Latin, Greek and Cyrillic that look the same become the Latin one; so do 0 and O, and 1 and I. Accents stay:
-- they can be seen. The pairs are those of Unicode's confusables for letters that people write names with.

create or replace function postern.user_skeleton(
  userid text,
  as_written boolean
)
returns text
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Most are of these letters alone, and cost least.
  if octet_length(userid) = length(userid) then
    if as_written then
      return translate(userid, 'abcdefghjkmnopqrstuvwxyz01l|', 'ABCDEFGHJKMNOPQRSTUVWXYZOIII');
    end if;
    return translate(upper(userid collate "C"), '01|', 'OII');
  end if;
  userid := normalize(userid, NFKD);
  if as_written then
    return translate(userid,
      'abcdefghjkmnopqrstuvwxyz' || '01l|ı' || 'АВЕЗКМНОРСТУХІЈЅԚԜавекмнорстухіјѕԛԝ' || 'ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικορτυχν' || 'ɑɡ',
      'ABCDEFGHJKMNOPQRSTUVWXYZ' || 'OIIIi' || 'ABE3KMHOPCTYXIJSQWABEKMHOPCTYXiJSQW' || 'ABEZHIKMNOPTYXAiKOPTUXV' || 'AG');
  end if;
  return translate(userid,
    'abcdefghijklmnopqrstuvwxyz' || '01|ı' || 'АВЕЗКМНОРСТУХІЈЅԚԜавезкмнорстухіјѕԛԝ' || 'ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαβεζηικμνορτυχ' || 'ɑɡ',
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ' || 'OIII' || 'ABE3KMHOPCTYXIJSQWABE3KMHOPCTYXIJSQW' || 'ABEZHIKMNOPTYXABEZHIKMNOPTYX' || 'AG');
end
$$;
revoke execute on function postern.user_skeleton(text, boolean) from public;
grant execute on function postern.user_skeleton(text, boolean) to postern_admin, postern_auditor;
comment on function postern.user_skeleton(text, boolean) is
'For postern.doctor: what userid looks like, the same for ids that look alike. as_written: with upper and lower case as they are, where a small l looks like 1 and I; otherwise all in upper case.';
