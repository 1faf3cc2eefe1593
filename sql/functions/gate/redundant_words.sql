-- The one place that says what a gate's message does without: registration warns of it, doctor lists it.
--
-- What is meant is the acting user, the moment, and that a checkpoint was passed. A message may well be about a user's
-- account, a due date, a gate of the warehouse or a password. So a user or a date counts as a parameter by that name, or
-- as "by user"; a gate, a PIN or a password after a verb that says that it was passed or entered. What is followed by a
-- parameter or a number is a business object.

create or replace function postern.redundant_words(message text)
returns text
language sql
immutable
parallel safe
return (
  select string_agg(distinct lower(r.word[1]), ', ')
    from regexp_matches(
           message,
           E'(&(?:(?:current|session|fnd)_?)?user(?:_?(?:id|name|identity))?\\M'
           || E'|&(?:(?:current|log|sys|transaction)_?)?(?:date|time|date_?time|timestamp)\\M|&(?:today|now)\\M'
           || E'|\\mby\\s+(?:the\\s+)?user\\M'
           || E'|\\mcheckpoints?\\M(?!\\s*[&0-9])|\\m(?:re-?)?authenticat\\w*'
           || E'|\\m(?:pass|passed|enter|entered|gave|with|by)\\s+(?:(?:the|a|an|his|her|their|own|right|correct)\\s+)*(?:gates?|passwords?|pins?)\\M(?!\\s*[&0-9]))',
           'gi') as r (word)
);
revoke execute on function postern.redundant_words(text) from public;
grant execute on function postern.redundant_words(text) to postern_admin, postern_auditor;
comment on function postern.redundant_words(text) is
'For the registration of gates and for doctor: the words of a gate''s message that repeat what each log entry has anyway, NULL where there are none. They are parameters called after the acting user or the moment, as &USER_ID and &SYSDATE, and words that say that a checkpoint was passed.';
