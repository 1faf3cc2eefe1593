-- The one rule for the names of messages and attributes. It keeps the text format unambiguous: a name with "=" or a
-- line feed could smuggle rows into a message.
create or replace function postern_internal.is_message_name(name text)
returns boolean
language sql
immutable
parallel safe
return length(name) >= 1 and length(name) <= 128 and name collate "C" !~ E'[\n\r=]';

revoke execute on function postern_internal.is_message_name(text) from public;
comment on function postern_internal.is_message_name(text) is
'Whether a text can name a message or an attribute: 1 to 128 characters, no line feed, carriage return or "=". NULL for NULL.';
