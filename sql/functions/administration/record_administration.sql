-- The only writer of administered entries. Called only by functions that pin their search_path. No role may call it but the owner, so nobody can forge one.
--
-- Leaves have gate_id and action in the clear, so neither may say anything about a person. key, before and after, and
-- the message made of them, are hashed with a salt, as content. userid is salted too; redaction finds by it what is
-- about a person.

create or replace function postern_internal.record_administration(
  kind text,
  key jsonb,
  before jsonb,
  after jsonb,
  about text default null,
  message text default null
)
returns bigint
language plpgsql
as $$
declare
  recorded bigint;
begin
  insert into postern_internal.checkpoint_entry (outcome, gate_id, action, userid, authenticated_by, message, parameters, asked)
  values ('administered', 'POSTERN_ADMINISTRATION', kind, coalesce(about, ''), postern_internal.acting_userid(),
          coalesce(message,
                   concat_ws(' ', replace(kind, '_', ' '),
                             (select string_agg(k.value, ' ') from jsonb_each_text(key) as k),
                             case when before is null then 'added' when after is null then 'removed' else 'changed' end)
                   || coalesce(': ' || (select string_agg(c.name, ', ') from jsonb_object_keys(before || after) as c (name)), '')),
          jsonb_build_object('key', key, 'before', before, 'after', after),
          false)
  returning log_id into recorded;
  -- For require_administrator, at the end of the transaction.
  insert into postern_internal.unapproved_change (log_id) values (recorded);
  return recorded;
end
$$;
revoke execute on function postern_internal.record_administration(text, jsonb, jsonb, jsonb, text, text) from public;
comment on function postern_internal.record_administration(text, jsonb, jsonb, jsonb, text, text) is
'Adds an entry about a change of who may do what; returns its log_id. kind: of object; never anything about a person. key: what identifies the object, by column. before, after: the columns that differ; before is NULL if the object is new, after is NULL if it is gone. Neither has a PIN, a hash, a key or a secret. about: the user whom the change concerns; NULL: none. message: for people; NULL: kind, key and the names of the columns.';
