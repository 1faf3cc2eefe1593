-- A function, because the planner would expect as many rows as there are users, and JIT-compile all checks.

create or replace function postern.look_alike_users()
returns table (userid text, older text)
language plpgsql
stable
rows 10
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
begin
  return query
    with looks as (
      select array_agg(u.userid order by u.created_at, u.userid) as userids
        from postern_internal.end_user as u
       cross join (values (true), (false)) as w (as_written)
       where u.active
       group by w.as_written, postern.user_skeleton(u.userid, w.as_written)
      having count(*) > 1
    )
    select distinct r.userid, l.userids[1]
      from looks as l
     cross join lateral unnest(l.userids[2:]) as r (userid);
end
$$;
revoke execute on function postern.look_alike_users() from public;
grant execute on function postern.look_alike_users() to postern_admin, postern_auditor;
comment on function postern.look_alike_users() is
'For postern.doctor: active users whose ids differ but look alike, by postern.user_skeleton, each with the oldest user that it looks like.';
