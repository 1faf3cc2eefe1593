-- Latin, Greek and Cyrillic letters that look the same become the Latin one; 0 becomes O, and 1 becomes I. Accents
-- stay, because they are visible. The pairs are those of Unicode's confusables for letters used in names.

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
  -- Most ids consist only of these letters, and cost least.
  if octet_length(userid) = length(userid) then
    if as_written then
      return translate(userid, 'abcdefghjkmnopqrstuvwxyz01l|', 'ABCDEFGHJKMNOPQRSTUVWXYZOIII');
    end if;
    return translate(upper(userid collate "C"), '01|', 'OII');
  end if;
  userid := normalize(userid, NFKD);
  if as_written then
    return translate(userid,
      'abcdefghjkmnopqrstuvwxyz' || E'01l|\u0131'
        || E'\u0410\u0412\u0415\u0417\u041A\u041C\u041D\u041E\u0420\u0421\u0422\u0423\u0425\u0406\u0408\u0405\u051A\u051C' -- Cyrillic capitals
        || E'\u0430\u0432\u0435\u043A\u043C\u043D\u043E\u0440\u0441\u0442\u0443\u0445\u0456\u0458\u0455\u051B\u051D' -- Cyrillic small letters
        || E'\u0391\u0392\u0395\u0396\u0397\u0399\u039A\u039C\u039D\u039F\u03A1\u03A4\u03A5\u03A7' -- Greek capitals
        || E'\u03B1\u03B9\u03BA\u03BF\u03C1\u03C4\u03C5\u03C7\u03BD' -- Greek small letters
        || E'\u0251\u0261', -- alpha and script g
      'ABCDEFGHJKMNOPQRSTUVWXYZ' || 'OIIIi' || 'ABE3KMHOPCTYXIJSQWABEKMHOPCTYXiJSQW' || 'ABEZHIKMNOPTYXAiKOPTUXV' || 'AG');
  end if;
  return translate(userid,
    'abcdefghijklmnopqrstuvwxyz' || E'01|\u0131'
      || E'\u0410\u0412\u0415\u0417\u041A\u041C\u041D\u041E\u0420\u0421\u0422\u0423\u0425\u0406\u0408\u0405\u051A\u051C' -- Cyrillic capitals
      || E'\u0430\u0432\u0435\u0437\u043A\u043C\u043D\u043E\u0440\u0441\u0442\u0443\u0445\u0456\u0458\u0455\u051B\u051D' -- Cyrillic small letters
      || E'\u0391\u0392\u0395\u0396\u0397\u0399\u039A\u039C\u039D\u039F\u03A1\u03A4\u03A5\u03A7' -- Greek capitals
      || E'\u03B1\u03B2\u03B5\u03B6\u03B7\u03B9\u03BA\u03BC\u03BD\u03BF\u03C1\u03C4\u03C5\u03C7' -- Greek small letters
      || E'\u0251\u0261', -- alpha and script g
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ' || 'OIII' || 'ABE3KMHOPCTYXIJSQWABE3KMHOPCTYXIJSQW' || 'ABEZHIKMNOPTYXABEZHIKMNOPTYX' || 'AG');
end
$$;
revoke execute on function postern.user_skeleton(text, boolean) from public;
grant execute on function postern.user_skeleton(text, boolean) to postern_admin, postern_auditor;
comment on function postern.user_skeleton(text, boolean) is
'For postern.doctor: what userid looks like; the same for ids that look alike. as_written: keeps upper and lower case, where a small l looks like 1 and I; otherwise everything is upper case.';
