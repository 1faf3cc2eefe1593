grant usage on schema message_sys to postern_user, postern_admin;
