-- Triggers. kind is pg_trigger.tgtype, a bit field.
select t.tgrelid as relation,
       t.tgname as name,
       t.tgfoid as function,
       t.tgtype as kind,
       case when t.tgqual is null then '' else pg_catalog.pg_get_triggerdef(t.oid) end as definition
  from pg_catalog.pg_trigger as t
 where not t.tgisinternal
   and t.tgenabled <> 'D'
 order by t.tgrelid, t.tgname
