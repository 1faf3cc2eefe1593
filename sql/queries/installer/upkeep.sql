-- name: Maintain :many
-- Does one step of each upkeep duty. Returns how much was done and how much remains: 0 also if a lock hides it, which
-- the next call in a minute will see.
select m.duty::text as duty, m.done::bigint as done, coalesce(m.remaining, 0)::bigint as remaining, coalesce(m.note, '')::text as note
  from postern.maintain('0') as m;

-- name: WaitingUpkeep :many
-- What upkeep has yet to do, and for how many seconds the oldest of it has waited; 0 where that is not known.
select w.duty::text as duty, w.waiting::bigint as waiting,
       coalesce(extract(epoch from clock_timestamp() - w.since), 0)::double precision as overdue_seconds
  from postern.waiting_upkeep() as w;
