grant usage on schema security_sys to postern_user;
comment on schema security_sys is 'Mirror of Security_SYS: reaching a gate.';
