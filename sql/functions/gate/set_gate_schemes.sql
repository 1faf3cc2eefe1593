-- A gate that accepts only some schemes becomes exclusive. Otherwise the approval of another gate would open it, with a
-- scheme that it does not accept.

create or replace function postern.set_gate_schemes(
  gate_id text,
  schemes text[]
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  reason text;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.lock_settings();
  perform postern_internal.require_administrable_gate(gate_id);
  select case
           when array_ndims(schemes) > 1 then 'The array has more than one dimension.'
           when cardinality(schemes) = 0 then 'The array is empty.'
           when cardinality(schemes) > 50 then format('There are %s schemes; 50 are allowed.', cardinality(schemes))
           when (select count(distinct name) < count(*) from unnest(schemes) as name) then 'A name occurs twice, or is NULL.'
           when exists (select from unnest(schemes) as name
                         where not exists (select from postern_internal.scheme as s where s.scheme = name and s.enabled))
             then 'Not enabled: ' || (select string_agg(coalesce(to_jsonb(left(name, 128))::text, 'NULL'), ', ')
                                        from unnest(schemes) as name
                                       where not exists (select from postern_internal.scheme as s where s.scheme = name and s.enabled)) || '.'
         end
    into reason;
  if reason is not null then
    raise exception using
      errcode = 'PS107',
      message = 'The gate cannot have these schemes',
      detail = reason,
      hint = 'Name some of the enabled schemes in postern.scheme, the usual one first, or pass NULL for all of them.';
  end if;
  update postern_internal.gate as g
     set schemes = set_gate_schemes.schemes,
         exclusive = g.exclusive or set_gate_schemes.schemes is not null
   where g.gate_id = set_gate_schemes.gate_id
     and g.schemes is distinct from set_gate_schemes.schemes;
  if found and schemes is not null then
    update postern_internal.ticket as t
       set expires_at = clock_timestamp()
     where t.gate_id = set_gate_schemes.gate_id
       and t.expires_at > clock_timestamp();
  end if;
end
$$;
revoke execute on function postern.set_gate_schemes(text, text[]) from public;
grant execute on function postern.set_gate_schemes(text, text[]) to postern_admin;
comment on function postern.set_gate_schemes(text, text[]) is
'Says with which schemes people approve at a gate. schemes: some of the enabled ones, the usual one first; NULL: all that are enabled. A gate with schemes is exclusive: each pass needs its own approval, which opens nothing else. It stays exclusive if they are taken away. Unused approvals of the gate end. Registrations leave it alone. Errors: PS106 no such gate, PS107 built-in gate, or a scheme that is not enabled.';
