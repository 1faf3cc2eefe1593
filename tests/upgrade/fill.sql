-- A small company: what it has configured, protected, approved and redacted. To be run by psql as a superuser, in a database
-- with nothing but Postern. upgrade_test.go says what must still hold after an upgrade.

create role shop_owner in role postern_admin;
create role shop login in role postern_trusted_app;
create role shop_administrator login in role postern_admin;
create role shop_worker login in role postern_event_worker;
select postern.allow_login('shop'), postern.allow_login('shop_administrator'), postern.allow_login('shop_worker');
select postern.create_session_key('web', decode(repeat('ab', 32), 'hex'));

select postern.create_user('ANN', 'Ann in accounts payable'), postern.create_user('BOB', 'Bob in sales'), postern.create_user('GONE', 'Somebody who left');
select postern.reset_pin('ANN', '739154'), postern.reset_pin('GONE', '739154'), postern.set_user_active('GONE', false);
begin;
set local role shop;
select postern.assume_user('ANN');
select postern.authenticate(postern.challenge('POSTERN_PIN_CHANGE'), 'ANN', '739154') as ticket \gset
commit;
begin;
set local role shop;
select postern.assume_user('ANN', :'ticket');
select postern.set_pin('846205');
commit;

-- A business function with a gate of its own, a guarded table, and an action that opens the gate.
select postern.register_gate('SHOP_PAY', 'Pay a supplier', 'Invoice &INVOICE over &AMOUNT paid', '{INVOICE,AMOUNT}', active => true),
       postern.register_gate('SHOP_APPROVE', 'Approve an invoice', 'Invoice &INVOICE over &AMOUNT approved', '{INVOICE,AMOUNT}', active => true),
       postern.register_gate('SHOP_CLOSE', 'Close the month', '&INVOICES invoices closed', '{INVOICES}', active => true);
select postern.set_gate_schemes('SHOP_PAY', '{PIN}');
create schema shop authorization shop_owner;
create table shop.invoice (invoice_no integer primary key, company text not null, amount numeric not null, approved boolean not null default false,
                           paid boolean not null default false, closed boolean not null default false);
alter table shop.invoice owner to shop_owner;
insert into shop.invoice select n, case when n <= 5 then '10' else '20' end, n * 10 from generate_series(1, 8) as n;
create function shop.pay(wanted integer) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform postern.checkpoint('SHOP_PAY', (select jsonb_build_object('INVOICE', i.invoice_no, 'AMOUNT', i.amount) from shop.invoice as i where i.invoice_no = wanted));
  update shop.invoice set paid = true where invoice_no = wanted;
end
$$;
alter function shop.pay(integer) owner to shop_owner;
grant usage on schema shop to shop;
grant select, insert, update, delete on shop.invoice to shop;
set role shop_owner;
select postern.protect_gate('shop.invoice', 'SHOP_APPROVE', operations => '{update}', columns => '{approved}',
                            parameters => '{"INVOICE": "invoice_no", "AMOUNT": "amount"}', condition => 'new.approved');
select postern.protect_gate('shop.invoice', 'SHOP_CLOSE', operations => '{update}', columns => '{closed}', parameters => '{"INVOICES": "count"}');
reset role;
grant postern_user to shop_owner; -- the function reaches its gate with the rights of its owner
select postern.register_action('ShopPayNow', null, '{SHOP_PAY}');

-- Companies and ledgers.
select postern.create_company('10', 'Ten'), postern.create_company('20', 'Twenty'), postern.grant_company('ANN', '10'), postern.grant_company('BOB', '20');
select postern.protect_company('shop.invoice');
select postern.create_ledger('10', 'IL'), postern.grant_ledger('10', 'IL', 'ANN'), postern.create_ledger('20', 'IL');
create table shop.combination as
  select c.company, postern.posting_combination_id(c.company, 'A') as id from (values ('10'), ('20')) as c (company);
grant references on postern.posting_combination to shop_owner;
create table shop.entry (entry_id integer primary key, company text not null, ledger_id text not null, posting_combination_id bigint not null,
                         foreign key (company, posting_combination_id) references postern.posting_combination);
insert into shop.entry select row_number() over (), company, 'IL', id from shop.combination;
select postern.protect_ledger('shop.entry', ledger_column => 'ledger_id');
grant select on shop.entry to shop;

-- Approved, denied, cancelled.
begin;
set local role shop;
select postern.assume_user('ANN');
select postern.authenticate(postern.challenge('SHOP_PAY', '{"INVOICE": 1, "AMOUNT": 10}'), 'ANN', '846205', 'By Friday') as ticket \gset
commit;
begin;
set local role shop;
select postern.assume_user('ANN', :'ticket');
select shop.pay(1);
commit;
begin;
set local role shop;
select postern.assume_user('ANN');
select postern.authenticate(postern.challenge('SHOP_APPROVE', '{"INVOICE": 2, "AMOUNT": 20}'), 'ANN', '846205') as ticket \gset
commit;
begin;
set local role shop;
select postern.assume_user('ANN', :'ticket');
update shop.invoice set approved = true where invoice_no = 2;
commit;
begin;
set local role shop;
select postern.assume_user('ANN');
select postern.authenticate(postern.challenge('SHOP_PAY', '{"INVOICE": 3, "AMOUNT": 30}'), 'ANN', '000000');
select postern.cancel(postern.challenge('SHOP_PAY', '{"INVOICE": 4, "AMOUNT": 40}'), 'Not today');
commit;
select postern.redact_log('GONE', 'Left, and asked for it');

-- Events, and settings that are not the first ones.
select postern.add_event_action('told', 'SECURITY_CHECKPOINT_SUCCESS', 'notify', 'paid');
select postern.set_setting('pin_min_length', '5');
