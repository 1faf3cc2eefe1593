-- Redacts a batch, so that no transaction is long; the caller commits it and calls again until nothing comes back. It
-- locks only the rows of the batch. Only sealed entries can be redacted: before that, nothing outside vouches for what
-- they said.
--
-- The passes of one ticket share its salt. They all have the user and the approver of the ticket, so a redaction
-- reaches all of them.

create or replace function postern.redact_log(
  userid text,
  reason text,
  keep_content boolean default false,
  maximum integer default 1000
)
returns table (recorded bigint, first_leaf bigint, last_leaf bigint, fields integer[])
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
set plan_cache_mode = force_generic_plan
as $$
declare
  person constant text := postern.resolve_userid(userid);
  signed constant bigint := coalesce((select max(h.tree_size) from postern_internal.tree_head as h), 0);
  log_ids bigint[];
  moments timestamptz[];
  leaf_numbers bigint[];
  removals text[];
  changed bigint;
begin
  perform postern_internal.require_allowed_login('postern_redactor');
  perform postern_internal.refuse_read_only();
  perform postern_internal.require_text(reason, 'reason', 500);
  if keep_content is null or maximum is null or maximum not between 1 and 10000 then
    raise exception using
      errcode = 'PS107',
      message = 'This cannot be redacted',
      detail = format('keep_content is %s, maximum is %s.', coalesce(keep_content::text, 'NULL'), coalesce(maximum::text, 'NULL')),
      hint = 'Pass true or false, and a number from 1 to 10000.';
  end if;
  -- The reason stays in the log for ever.
  if exists (select
               from (select person as name union all
                     select u.description from postern_internal.end_user as u where u.userid = person) as n
              where length(n.name) > 3 and strpos(lower(reason), lower(n.name)) > 0
                 or lower(n.name) = any (regexp_split_to_array(lower(reason), '[^[:alnum:]_]+'))) then
    raise exception using
      errcode = 'PS107',
      message = 'The reason names the person',
      detail = 'It would stay in the log, where the person is to be forgotten.',
      hint = 'Pass a reason that leads to the request without naming anybody, such as its number.';
  end if;
  perform postern_internal.require_redactable(person);
  -- What is redacted is signed in the directories of the heads, as drops are.
  perform postern_internal.require_sealing_place(null, null);

  with own as materialized (
    select e.log_id, e.logged_at, l.leaf_number, postern_internal.personal_fields(e, person, keep_content) as fields,
           coalesce(substring(l.hashes for 32) = postern_internal.leaf_hash(e), false) as is_intact
      from postern_internal.checkpoint_entry as e
      join postern_internal.leaf as l on l.log_id = e.log_id and l.leaf_number < signed
     where e.userid = person
     limit maximum
       for no key update of e skip locked
  ),
  approved as materialized (
    select e.log_id, e.logged_at, l.leaf_number, postern_internal.personal_fields(e, person, keep_content) as fields,
           coalesce(substring(l.hashes for 32) = postern_internal.leaf_hash(e), false) as is_intact
      from postern_internal.checkpoint_entry as e
      join postern_internal.leaf as l on l.log_id = e.log_id and l.leaf_number < signed
     where e.authenticated_by = person
       and e.authenticated_by is distinct from e.userid
     limit maximum - (select count(*) from own)
       for no key update of e skip locked
  )
  select array_agg(b.log_id), array_agg(b.logged_at), array_agg(b.leaf_number), array_agg(b.fields::text),
         min(b.log_id) filter (where not b.is_intact)
    into log_ids, moments, leaf_numbers, removals, changed
    from (select * from own union all select * from approved) as b;
  if changed is not null then
    raise exception using
      errcode = 'PS501',
      message = 'An entry does not match the log''s tree',
      detail = format('Entry %s is not what was sealed. It stays as it is, as evidence.', changed),
      hint = 'Find out what was changed with "postern log verify".';
  end if;
  if log_ids is null then
    return;
  end if;

  recorded := postern_internal.record_administration(
    kind => 'redaction',
    key => jsonb_build_object('entries', cardinality(log_ids), 'reason', reason, 'keep_content', keep_content),
    before => null,
    after => null,
    message => format('Personal fields of %s entries redacted: %s', cardinality(log_ids), reason));
  update postern_internal.checkpoint_entry as e
     set (userid, authenticated_by, assertion, message, parameters, approved_message, comment, session_role, client_addr, application_name,
          salt, salts, redactions)
       = (select r.userid, r.authenticated_by, r.assertion, r.message, r.parameters, r.approved_message, r.comment, r.session_role, r.client_addr,
                 r.application_name, r.salt, r.salts, r.redactions
            from postern_internal.redacted_entry(e, b.fields::integer[], recorded) as r)
    from unnest(log_ids, moments, removals) as b (log_id, logged_at, fields)
   where e.log_id = b.log_id
     and e.logged_at = b.logged_at;
  return query
    select recorded, min(n.leaf_number), max(n.leaf_number), n.fields::integer[]
      from (select b.leaf_number, b.fields, b.leaf_number - row_number() over (partition by b.fields order by b.leaf_number) as island
              from unnest(leaf_numbers, removals) as b (leaf_number, fields)) as n
     group by n.fields, n.island
     order by 2;
end
$$;
revoke execute on function postern.redact_log(text, text, boolean, integer) from public;
grant execute on function postern.redact_log(text, text, boolean, integer) to postern_redactor;
comment on function postern.redact_log(text, text, boolean, integer) is
'For postern log redact: removes the personal fields of one person from sealed entries of the log, at most maximum (up to 10000) of them, and records that in the log. Leaves, heads and proofs stay valid. Call it again until it returns no row. userid: of an inactive user, or a wrong name that was typed. reason: for the record, up to 500 characters; must not name the person. keep_content: whether messages and parameters of business stay. recorded: the log_id of the record. Returns a row for each range of leaves with the numbers of the fields that were removed. Call it through "postern log redact", which signs what was removed; otherwise "log verify" reports it as value_removed. Errors: PS107 argument, PS501 an entry was changed, 55000 the user is active, or has tickets, or is the caller, or the log was sealed in another place; 42501 this database does not allow the login.';
