-- The login of "postern run", with no right but those of its two roles. Run it as an administrator who may create roles.
-- Then give it a password, or a line in pg_hba.conf. It may run again.

do $$
begin
  create role postern_service login;
exception
  when duplicate_object then null;
end
$$;
grant postern_sealer, postern_event_worker to postern_service;
select postern.allow_login('postern_service');
