-- Projection actions, and the gates that each of them references.

create table postern_internal.action (
  action text primary key check (action <> '' and length(action) <= 128),
  checkpoint text references postern_internal.gate,
  legacy_checkpoints text[] not null,
  registered_at timestamptz not null default clock_timestamp()
);
comment on table postern_internal.action is 'Registered actions. checkpoint: the gate that stops the action itself; NULL: none. legacy_checkpoints: the gates that the action references, which its business code may reach.';

-- Folded like gate ids; outside ASCII, upper and lower case differ.
create unique index action_spelling on postern_internal.action (upper(action collate "C"));

alter table postern_internal.open_gate add column action_begun boolean not null default false;
comment on column postern_internal.open_gate.action_begun is 'Whether the approved action has begun in this transaction: only then are its gates open. A column instead of a setting, because a rollback to a savepoint reverts it for good.';
