-- The ledger of three companies, empty yet: its code strings begin when the companies do.

create schema accounting;

create table accounting.ledger_row (
  row_no integer primary key,
  company text not null,
  posting_combination_id bigint not null,
  amount numeric(12, 2) not null
);
