-- What the functions of this database do with gates takes a parser of PL/pgSQL: the installer brings it, and keeps here what
-- it has read.

create table postern_internal.gate_reading (
  only_row boolean primary key default true check (only_row),
  fingerprint text not null,
  callers jsonb not null,
  read_at timestamptz not null default clock_timestamp(),
  read_by name not null default session_user
);
comment on table postern_internal.gate_reading is 'The last reading by postern doctor. fingerprint: postern.gate_fingerprint() from before it. callers: what calls gates or begins actions, as postern.gate_findings takes it. Facts about functions, no configuration.';
