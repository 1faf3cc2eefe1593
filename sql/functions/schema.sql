-- Who may name objects of the native API. The rights on each object are granted beside it.

grant usage on schema postern to postern_user, postern_admin, postern_auditor, postern_sealer, postern_redactor, postern_event_worker;
comment on schema postern is 'Postern, native API: checkpoints, users, settings, log.';
comment on schema postern_internal is 'Postern''s tables and helpers. Only postern_owner has rights here.';
