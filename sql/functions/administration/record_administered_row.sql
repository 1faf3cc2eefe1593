-- Called only by record_change, which pins the search_path.

create or replace function postern_internal.record_administered_row(
  kind text,
  about_column text,
  object_key jsonb,
  secrets text[],
  object jsonb,
  before jsonb,
  after jsonb
)
returns void
language plpgsql
as $$
declare
  secret text;
begin
  foreach secret in array secrets loop
    if before ->> secret <> '' then
      before := before || jsonb_build_object(secret, '(not recorded)');
    end if;
    if after ->> secret <> '' then
      after := after || jsonb_build_object(secret, '(not recorded)');
    end if;
  end loop;
  -- A class, an event action or a webhook.
  if object ?| '{class_id,event_action_id,target}' then
    before := postern_internal.administered_row(before);
    after := postern_internal.administered_row(after);
    object_key := postern_internal.administered_row(object_key);
  end if;
  perform postern_internal.record_administration(kind, object_key, before, after, object ->> about_column);
end
$$;
revoke execute on function postern_internal.record_administered_row(text, text, jsonb, text[], jsonb, jsonb, jsonb) from public;
comment on function postern_internal.record_administered_row(text, text, jsonb, text[], jsonb, jsonb, jsonb) is
'Adds an entry about one row, without the values of secrets. object_key: its key columns. object: the row. before, after: its columns that differ, or all of them.';
