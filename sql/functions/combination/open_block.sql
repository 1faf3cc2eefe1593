-- How large: as large as what a company has filled allows, so that a small company takes little of everybody's map, and a
-- large one is in few blocks. Where blocks of it are open and others have them locked, a sixteenth of that: as many sessions
-- as there are may come at the same time, and each gets one.
--
-- Which one: the smallest that is large enough, of these one that this transaction has made itself, of these the lowest. It
-- is a row that is locked, so what a rollback gives back is found again, and those whom others have locked are skipped. A
-- transaction that takes many leaves to others what was there before: when half of the extents is taken it adds new ones,
-- and takes those. So who loads for hours makes nobody wait.
--
-- Nobody waits here unless every row is locked that is large enough: 16 extents at least, each of which some transaction
-- that has not ended has taken, or split.

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

  -- By fours, until what is left are some small ones, which are for those who begin at the same time.
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
'Gives a company another block of ids, and has it locked until the transaction ends; a rollback gives it back. Returns its row. Errors: 40001 the snapshot is older than what others have taken.';
