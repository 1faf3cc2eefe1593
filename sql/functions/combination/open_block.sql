-- The size grows with what the company has filled, so that a small company takes little space in everybody's map, and a
-- large one has few blocks. If the company has open blocks that others have locked, the size is a sixteenth of that:
-- many sessions may come at once, and each gets a block.
--
-- It takes the smallest block that is large enough; among these, one that this transaction has made itself; among
-- these, the lowest. It locks the row, so blocks returned by a rollback are found again, and blocks locked by others
-- are skipped. A transaction that takes many leaves the existing ones to others: when half of the extents are taken it
-- adds new ones, and takes those. So a load that runs for hours makes nobody wait.
--
-- Nobody waits here unless every row that is large enough is locked: at least 16 extents, each taken or split by a
-- transaction that has not ended.

create or replace function postern_internal.open_block(
  company text,
  out first_id bigint,
  out size integer,
  out given integer,
  out counted boolean
)
returns record
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  room bigint;
  wanted integer;
  part integer;
begin
  select (coalesce(sum(b.size) filter (where b.given = b.size), 0) * 3 + 128) / case when bool_or(b.given < b.size) then 16 else 1 end
    into room
    from postern_internal.combination_block as b
   where b.company = open_block.company;
  wanted := case when room >= 32768 then 32768 when room >= 8192 then 8192 when room >= 2048 then 2048 when room >= 512 then 512 else 128 end;

  for attempt in 1 .. 3 loop
    select b.first_id, b.size
      into open_block.first_id, open_block.size
      from postern_internal.combination_block as b
     where b.company is null and b.size >= wanted and b.first_id > 0
     order by b.size, b.made_in is distinct from pg_current_xact_id(), b.first_id
     limit 1
       for no key update skip locked;
    exit when found;
    if attempt = 1 then
      perform from postern_internal.combination_block as b where b.first_id = 0 for no key update;
    else
      perform postern_internal.append_extents();
    end if;
  end loop;
  if open_block.size = 32768 and (select count(*) from postern_internal.combination_block as b where b.company is null and b.size = 32768) <= 16 then
    perform from postern_internal.combination_block as b where b.first_id = 0 for no key update skip locked;
    if found then
      perform postern_internal.append_extents();
    end if;
  end if;

  -- Splits by four until some small blocks are left, for sessions that begin at the same time.
  while open_block.size > wanted loop
    part := case when open_block.size > 2048 then open_block.size / 4 else wanted end;
    insert into postern_internal.combination_block (first_id, size)
    select open_block.first_id + n * part, part
      from generate_series(1, open_block.size / part - 1) as n;
    open_block.size := part;
  end loop;
  given := 0;
  counted := false;
  update postern_internal.combination_block as b
     set company = open_block.company, size = open_block.size
   where b.first_id = open_block.first_id;
end
$$;
revoke execute on function postern_internal.open_block(text) from public;
comment on function postern_internal.open_block(text) is
'Gives a company another block of ids, locked until the transaction ends; a rollback returns it. Returns its row. Errors: 40001 the snapshot is older than what others have taken.';
