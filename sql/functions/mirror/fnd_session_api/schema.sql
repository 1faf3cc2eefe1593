grant usage on schema fnd_session_api to postern_user, postern_admin;
comment on schema fnd_session_api is 'Mirror of Fnd_Session_API: who the end user is.';
