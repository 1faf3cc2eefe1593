-- The one place that says what a gate's message should leave out: registration warns about it, and doctor lists it.
--
-- These are the acting user, the moment, and the fact that a checkpoint was passed. A message may well be about a
-- user's account, a due date, a gate of the warehouse or a password. So a user or a date counts only as a parameter
-- with such a name, or in "by user". A gate, a PIN or a password counts only after a verb that says that it was passed
-- or entered. A word followed by a parameter or a number is a business object.

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
'For registrations and doctor: the words of a gate''s message that repeat what each log entry contains anyway; NULL if there are none. They are parameters named after the acting user or the moment, like &USER_ID and &SYSDATE, and words that say that a checkpoint was passed.';
