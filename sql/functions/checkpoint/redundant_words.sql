-- The one place that says which words a gate's message does without: registration warns of them, doctor lists them.

create or replace function postern.redundant_words(message text)
returns text
language sql
immutable
parallel safe
return (
  select string_agg(distinct lower(r.word[1]), ', ')
    from regexp_matches(
           message,
           E'(\\mcheckpoints?\\M|\\mgates?\\M|\\mauthenticat\\w*|\\mpasswords?\\M|\\mpins?\\M|&?\\mfnd_?user\\w*|&?\\muser(?:s|_?id|_?name)?\\M|&?\\m(?:transaction_?|log_?|sys)?date\\M)',
           'gi') as r (word)
);
revoke execute on function postern.redundant_words(text) from public;
grant execute on function postern.redundant_words(text) to postern_admin, postern_auditor;
comment on function postern.redundant_words(text) is
'For the registration of gates and for doctor: the words of a gate''s message that repeat what each log entry has anyway, NULL where there are none.';
