-- Only where somebody has sealed before: a log that was never sealed is a decision. A sealer works each second, so an
-- hour is long enough for a restart of its machine.

create or replace view postern_internal.overdue_seal as
  select 'warn' as level, 'overdue_seal' as code, 'log' as object,
         'Entries of the log are not sealed' as title,
         format('%s%s entries have no leaf, the oldest since %s. Until they are sealed, a superuser can change them and nobody can prove it.',
                case when u.entries >= 10000 then 'At least ' else '' end, u.entries,
                to_char(u.oldest at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"')) as detail,
         'Have a sealer run: postern run, or postern log seal --every 1s. If it runs, its messages say why it seals nothing.' as fix
    from postern.unsealed_entries() as u
   where u.oldest < now() - interval '1 hour'
     and exists (select from postern_internal.sealing as s where s.tree_size > 0);
comment on view postern_internal.overdue_seal is 'Check of postern.doctor: a log that was sealed once has entries that nobody has sealed for an hour.';
