create or replace function postern_internal.refuse_long_parameters(size integer)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using
    errcode = 'PS107',
    message = 'The parameters are too long',
    detail = format('They have %s bytes, or a number of more than 1000 digits; as text they may have 32768 characters.', size),
    hint = 'Pass what identifies the business object instead of the object itself: this text goes into the log.';
end
$$;
revoke execute on function postern_internal.refuse_long_parameters(integer) from public;
comment on function postern_internal.refuse_long_parameters(integer) is
'Raises PS107 for parameters of size bytes. It takes the size, so that the parameters are not copied into one more statement.';
