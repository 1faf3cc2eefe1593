-- Ids of this database mean nothing to a reader of the log, so it gets names. The address of a webhook often contains a
-- secret behind its host.

create or replace function postern_internal.administered_row("row" jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  named jsonb;
begin
  if "row" ? 'class_id' then
    select case when "row" ? 'rule_id'
                then jsonb_build_object('company', c.company, 'ledger_id', c.ledger_id, 'class', c.class)
                else jsonb_build_object('class', c.class) end
      into named
      from postern_internal.authority_class as c
     where c.class_id = ("row" ->> 'class_id')::bigint;
    if "row" -> 'class_id' = 'null' then
      named := '{"class": null}';
    end if;
    "row" := case when named is null then "row" else "row" - 'class_id' || named end;
  elsif "row" ? 'event_action_id' then
    -- Gone already if its removal removes the secret too.
    select jsonb_build_object('name', a.name) into named
      from postern_internal.event_action as a
     where a.event_action_id = ("row" ->> 'event_action_id')::integer;
    "row" := case when named is null then "row" else "row" - 'event_action_id' || named end;
  elsif "row" ->> 'target' ~ '^https?://' then
    "row" := jsonb_set("row", '{target}', to_jsonb(regexp_replace("row" ->> 'target', '^(https?://)(?:[^/?#]*@)?([^/?#]*).*$', E'\\1\\2/...')));
  end if;
  return "row";
end
$$;
revoke execute on function postern_internal.administered_row(jsonb) from public;
comment on function postern_internal.administered_row(jsonb) is
'Columns of a row as the log shows them: the name of a class or of an event action instead of its id, and only the host of a webhook.';
