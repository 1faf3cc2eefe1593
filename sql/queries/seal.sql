-- name: Receipts :many
-- The entries that this transaction has made so far, with the hashes of their leaves.
select log_id::bigint as log_id, gate_id::text as gate_id, asked::boolean as asked, leaf_hash::bytea as leaf_hash from postern.receipts();

-- name: WaitSealed :one
-- Waits until a signed tree head covers an entry. Returns false if none did in time.
select postern.wait_sealed(@log_id::bigint, make_interval(secs => @seconds::double precision))::boolean as sealed;
