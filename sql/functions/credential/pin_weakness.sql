-- What a new PIN must not be. These rules are public knowledge; the stored PIN is not used.

create or replace function postern_internal.pin_weakness(
  userid text,
  pin text
)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  reason text;
begin
  if pin is null then
    reason := 'missing';
  elsif octet_length(pin) > 512 or length(pin) > 128 then
    reason := 'too_long';
  elsif length(pin) < postern_internal.setting_integer('pin_min_length') then
    reason := 'too_short';
  elsif pin ~ E'^(.+)\\1+$' then
    reason := 'repetition';
  elsif strpos('01234567890123456789', pin) > 0 or strpos('98765432109876543210', pin) > 0
        or strpos('abcdefghijklmnopqrstuvwxyz', lower(pin)) > 0 or strpos('zyxwvutsrqponmlkjihgfedcba', lower(pin)) > 0 then
    reason := 'run';
  elsif postern_internal.is_date_of_year(pin) then
    reason := 'date';
  elsif lower(pin) = lower(userid) then
    reason := 'user_name';
  elsif lower(pin) = any (array[
    '112233', '123321', '123654', '159753', '147258', '258369', '147852', '852456', '456852', '159357', '951753',
    '102030', '010203', '100200', '135790', '246810', '135791', '147896', '789456', '456123', '789123', '321654',
    '963852', '741852', '369258', '520520', '521521', '131313', '252525', '696969', '007007', '112358', '314159',
    '271828', '142857', '123123', '123456a', '123abc', 'abc123', 'a12345', 'a123456', '1q2w3e', '1q2w3e4r', '1qaz2wsx',
    'qwerty', 'qwertz', 'azerty', 'qwerty1', 'qwerty123', 'asdfgh', 'zxcvbn', 'qazwsx', 'password', 'password1',
    'passw0rd', 'p@ssw0rd', 'letmein', 'welcome', 'welcome1', 'iloveyou', 'monkey', 'dragon', 'master', 'sunshine',
    'princess', 'football', 'baseball', 'shadow', 'michael', 'secret', 'admin1', 'admin123', 'changeme', 'default',
    '1234', '0000', '1212', '2580', '0852', '1379', '1397', '5683', '4321', '1122', '2468', '1357', '6969', '1004',
    '12345678', '123456789', '1234567890', '11223344', '12344321', '87654321', '88888888', '147258369', '12341234'
  ]) then
    reason := 'common';
  end if;
  return reason;
end
$$;
revoke execute on function postern_internal.pin_weakness(text, text) from public;
comment on function postern_internal.pin_weakness(text, text) is
'Why pin is not acceptable as the PIN of userid: missing, too_long (128 characters), too_short (setting pin_min_length), repetition, run, date, user_name, or common. NULL if it is acceptable.';
