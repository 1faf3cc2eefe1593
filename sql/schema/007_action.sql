-- Projection actions, and which gates deep in the business code they know of.

create table postern_internal.action (
  action text primary key check (action <> '' and length(action) <= 128),
  checkpoint text references postern_internal.gate,
  legacy_checkpoints text[] not null,
  registered_at timestamptz not null default clock_timestamp()
);
comment on table postern_internal.action is 'Registered actions. checkpoint: the gate that stops the action itself; NULL: none. legacy_checkpoints: the gates that the action references, which its business code may reach.';

-- By the fold of the gates; in what is not ASCII, upper and lower case differ.
create unique index action_spelling on postern_internal.action (upper(action collate "C"));

alter table postern_internal.open_gate add column action_begun boolean not null default false;
comment on column postern_internal.open_gate.action_begun is 'Whether the action that was approved has begun in this transaction: only then are its gates open. A column and not a setting, so that a rollback to a savepoint takes it back for good.';
