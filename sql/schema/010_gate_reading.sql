-- Only a parser of PL/pgSQL can find out what the functions of this database do with gates. The installer has one, and
-- stores its findings here.

create table postern_internal.gate_reading (
  only_row boolean primary key default true check (only_row),
  fingerprint text not null,
  callers jsonb not null,
  read_at timestamptz not null default clock_timestamp(),
  read_by name not null default session_user
);
comment on table postern_internal.gate_reading is 'The last reading by postern doctor. fingerprint: postern.gate_fingerprint() before the reading. callers: what calls gates or begins actions, in the form that postern.gate_findings reads. Facts about functions, not configuration.';
