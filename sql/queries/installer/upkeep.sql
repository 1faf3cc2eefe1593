-- name: Maintain :many
-- Does one step of each upkeep duty. Returns how much was done and how much remains.
select m.duty::text as duty, m.done::bigint as done, m.remaining::bigint as remaining, coalesce(m.note, '')::text as note
  from postern.maintain('0') as m;
