-- Code strings, the rules that say who may see which of them, and the maps that are compiled from the rules.

alter table postern_internal.company add column row_level_security boolean not null default false;

create table postern_internal.ledger (
  company text not null references postern_internal.company,
  ledger_id text not null check (ledger_id <> '' and length(ledger_id) <= 20),
  created_at timestamptz not null default clock_timestamp(),
  primary key (company, ledger_id)
);
comment on table postern_internal.ledger is 'Internal ledgers of companies.';

create table postern_internal.authority_class (
  class_id bigint generated always as identity primary key,
  company text not null references postern_internal.company,
  ledger_id text,
  class text not null check (class <> '' and length(class) <= 20),
  built_in boolean not null default false,
  revision bigint not null default 0,
  unique nulls not distinct (company, ledger_id, class),
  unique (company, class_id),
  foreign key (company, ledger_id) references postern_internal.ledger
);
comment on table postern_internal.authority_class is 'Authority classes of a company (ledger_id NULL) or of one of its internal ledgers. To change a class''s rules or maps, increase revision first. That is an update instead of a lock, so that a transaction whose snapshot is older than the last change fails instead of compiling old rules.';

create table postern_internal.authority_combination (
  rule_id bigint generated always as identity primary key,
  class_id bigint not null references postern_internal.authority_class,
  allowed boolean not null,
  patterns text[] not null check (array_ndims(patterns) = 1 and array_lower(patterns, 1) = 1 and cardinality(patterns) = 10 and array_position(patterns, null) is null),
  unique (class_id, allowed, patterns)
);
comment on table postern_internal.authority_combination is 'The rules of a class: one pattern for each of the code parts A to J.';

alter table postern_internal.company_user
  add column class_id bigint,
  add foreign key (company, class_id) references postern_internal.authority_class (company, class_id);
comment on column postern_internal.company_user.class_id is 'The user''s one authority class in the company.';

create table postern_internal.ledger_user (
  userid text not null,
  company text not null,
  ledger_id text not null,
  class_id bigint,
  primary key (userid, company, ledger_id),
  foreign key (userid, company) references postern_internal.company_user on delete cascade,
  foreign key (company, ledger_id) references postern_internal.ledger,
  foreign key (company, class_id) references postern_internal.authority_class (company, class_id)
);
comment on table postern_internal.ledger_user is 'Which user is connected to which internal ledger, and the class that limits what the user sees there. Removed when the user is no longer a user of the company.';

-- A posting combination's id is its position in every map, so wasted ids waste space in all maps. A block is a run of
-- ids that belongs to one company: 128 at first, larger ones as the company grows. Free ids are rows too: extents of
-- 32768 ids, and parts of those that were split. A block is taken by locking such a row. A rollback thus returns it,
-- nobody waits for somebody who is taking another one, and only the owner's functions can lock it. See open_block.
--
-- The ids of a block are given one after the other, by whoever holds the lock on the block's row. So in any snapshot
-- they have no gaps, and sessions that use different blocks do not wait for each other. given does not change while ids
-- are given: each version of this row would be one more for the next session to read. But a transaction that gives an
-- id of a counted block first marks the block as not counted. So if a snapshot sees a counted block, it sees no id
-- beyond the count.
create table postern_internal.combination_block (
  first_id bigint primary key,
  size integer not null check (size in (128, 512, 2048, 8192, 32768)),
  company text references postern_internal.company,
  given integer not null default 0,
  counted boolean not null default false,
  folded integer not null default 0,
  made_in xid8 not null default pg_current_xact_id(),
  check (first_id >= 0 and first_id % size = 0),
  check (given >= 0 and given <= size and (counted or given < size)),
  check (company is not null or given = 0 and not counted),
  check (folded >= 0 and folded <= given)
);
create index combination_block_company on postern_internal.combination_block (company, first_id);
create index combination_block_open on postern_internal.combination_block (company, first_id) where given < size and company is not null;
create index combination_block_free on postern_internal.combination_block (size, first_id) where company is null;
create index combination_block_unfolded on postern_internal.combination_block (first_id) where company is not null and (not counted or folded < given);
create index combination_block_taken on postern_internal.combination_block (first_id) where company is not null;
comment on table postern_internal.combination_block is 'All ids of posting combinations, in blocks: the company that owns the size ids from first_id on (NULL: none yet), and how many of them are given. If they are not counted, given is a lower bound. folded: how many of these are in the maps of all classes, for whoever looks for what is left to do; readers ask the maps. made_in: the transaction that made the row. The first block is never taken: who appends extents locks it.';

-- The first extent, split into the smallest blocks for companies that begin at the same time; then more extents to
-- take.
insert into postern_internal.combination_block (first_id, size)
select n * 128, 128 from generate_series(0, 255) as n
union all
select n * 32768, 32768 from generate_series(1, 32) as n;

-- Collation C: rules, the unique index and the evaluation of maps all compare code parts byte by byte.
create table postern.posting_combination (
  company text not null,
  posting_combination_id bigint not null,
  code_a text collate "C" not null check (code_a <> ''),
  code_b text collate "C" check (code_b <> ''),
  code_c text collate "C" check (code_c <> ''),
  code_d text collate "C" check (code_d <> ''),
  code_e text collate "C" check (code_e <> ''),
  code_f text collate "C" check (code_f <> ''),
  code_g text collate "C" check (code_g <> ''),
  code_h text collate "C" check (code_h <> ''),
  code_i text collate "C" check (code_i <> ''),
  code_j text collate "C" check (code_j <> ''),
  primary key (company, posting_combination_id)
);
-- Over one array: in it NULLs count as equal, which they do not as separate columns, and it is compared in one step.
-- The array includes the company, so that the primary key is no candidate for the look-up of a code string: a plan that
-- uses it, made while the table was tiny, would read all rows of a company.
create unique index posting_combination_code_string on postern.posting_combination
  ((array[company collate "C", code_a, code_b, code_c, code_d, code_e, code_f, code_g, code_h, code_i, code_j]));
alter table postern.posting_combination enable row level security;
comment on table postern.posting_combination is 'The distinct code strings of each company, each with its id; a blank code part is NULL. Tables of the application may reference (company, posting_combination_id). postern.posting_combination_id adds rows; they are never changed or removed.';

create table postern_internal.authority_map (
  class_id bigint not null references postern_internal.authority_class,
  first_id bigint not null references postern_internal.combination_block,
  compiled_offset integer not null check (compiled_offset between 1 and octet_length(bits) * 8),
  bits bytea not null check (octet_length(bits) in (16, 64, 256, 1024, 4096)),
  primary key (class_id, first_id)
);
-- A query reads all of them: one page per chunk, and no detour through a TOAST table.
alter table postern_internal.authority_map alter column bits set storage plain;
comment on table postern_internal.authority_map is 'Which posting combinations of a block a class allows: get_bit(bits, id - first_id). Combinations from compiled_offset on were added later; readers evaluate the rules for them.';

insert into postern_internal.authority_class (company, class, built_in)
select c.company, 'MAX', true from postern_internal.company as c;
insert into postern_internal.authority_combination (class_id, allowed, patterns)
select c.class_id, true, array_fill('%'::text, array[10]) from postern_internal.authority_class as c;
