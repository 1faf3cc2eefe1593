-- Two companies, of which ALICE is a user of one; gates, rules, a guard, an event action and a sealed entry of each kind.
-- What nobody who tries may see says KESTREL.

select postern.create_company('A', 'Company A'), postern.create_company('B', 'Company B');
select postern.create_user('ALICE', 'Alice'), postern.create_user('BOB', 'Bob'), postern.create_user('MALLORY', 'Mallory');
select postern.grant_company('ALICE', 'A'), postern.grant_company('BOB', 'A'), postern.grant_company('BOB', 'B');
select postern.reset_pin('ALICE', 'alice 7391 pin'), postern.reset_pin('BOB', 'bob 4826 pin');
update postern_internal.credential
   set hash = postern_internal.hash_pin(userid, '$2a$04$abcdefghijklmnopqrstuu'), must_change = false;

create table public.voucher (
  voucher_no integer primary key,
  company text not null,
  posting_combination_id bigint not null,
  payee text,
  amount numeric,
  approved boolean not null default false
);
insert into public.voucher
select n, case when n % 2 = 0 then 'A' else 'B' end,
       postern.posting_combination_id(case when n % 2 = 0 then 'A' else 'B' end, (3000 + n)::text),
       case when n % 2 = 0 then 'Paper Mill' else 'KESTREL supplier' end, n * 100
  from generate_series(1, 20) as n;
create table public.parted (company text not null, amount numeric) partition by list (company);
create table public.parted_a partition of public.parted for values in ('A');
create table public.parted_b partition of public.parted for values in ('B');
insert into public.parted values ('A', 1), ('B', 731731731);
create table public.plain (company text, number integer, note text);
create view public.shown as select * from public.plain;
grant select, insert, update, delete on public.voucher, public.parted, public.plain to public;
select postern.create_authority_class('A', 'SOME'), postern.add_authority_combination('A', 'SOME', true, '3%');
select postern.set_user_authority_class('A', 'ALICE', 'SOME'), postern.set_row_level_security('A', true);
select postern.create_ledger('A', 'IL'), postern.create_ledger_class('A', 'IL', 'SOME');
select postern.add_ledger_combination('A', 'IL', 'SOME', true, '3%'), postern.grant_ledger('A', 'IL', 'ALICE');
select postern.protect_ledger('public.voucher'), postern.protect_company('public.parted');

select postern.register_gate('PAY_NOW', 'Pay', '&AMOUNT paid to &PAYEE', '{AMOUNT,PAYEE}', active => true);
select postern.register_gate('FREE_GATE', 'Free', 'Nothing', active => false);
select postern.register_gate('TABLE_WRITE', 'A table', '&NO written', '{NO}', active => true);
select postern.register_action('Payments', 'PAY_NOW');
select postern.protect_gate('public.voucher', 'TABLE_WRITE', '{update}', '{approved}', '{"NO": "voucher_no"}');
select postern.add_event_action('hook', 'SECURITY_CHECKPOINT_SUCCESS', 'webhook', 'http://127.0.0.1:9/KESTREL', allow_internal => true);
select postern.compile_authority_maps();
update postern_internal.credential set totp_secret = pg_catalog.decode(pg_catalog.repeat('7e', 20), 'hex') where userid = 'BOB';

-- What an administrator who is no superuser may protect.
create table public.own (company text, number bigint, note text, amount numeric);
create table public.own_parted (company text, number bigint, note text) partition by list (company);
create table public.own_part partition of public.own_parted default;
create sequence public.numbers;
