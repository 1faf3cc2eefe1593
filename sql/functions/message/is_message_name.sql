-- The one rule for names, of messages and of attributes: what the text format can hold without doubt.
-- Without it a name could carry "=" or a new line, and so smuggle rows into a message.
create or replace function postern_internal.is_message_name(name text)
returns boolean
language sql
immutable
parallel safe
return length(name) >= 1 and length(name) <= 128 and name collate "C" !~ E'[\n\r=]';

revoke execute on function postern_internal.is_message_name(text) from public;
comment on function postern_internal.is_message_name(text) is
  'Whether a text can name a message or an attribute: 1 to 128 characters, no line feed, carriage return or "=". Null for null.';
