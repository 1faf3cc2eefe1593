grant usage on schema message_sys to postern_user, postern_admin;
comment on schema message_sys is 'Mirror of Message_SYS: writing and reading IFS Messages.';
