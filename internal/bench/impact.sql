-- One company with all posting combinations, and classes of five rules that its users share.

create procedure bench.fill_people(number_of_users integer, number_of_combinations integer)
language plpgsql
as $$
declare
  class text;
begin
  perform postern.create_company('1', 'Company 1'), postern.set_row_level_security('1', true);
  call bench.fill_combinations('1', number_of_combinations);
  for n in 0 .. 49 loop
    class := 'CLASS_' || n;
    perform postern.create_authority_class('1', class);
    perform postern.change_authority_combinations('1', null, class,
      (select jsonb_agg(jsonb_build_object('allowed', r <> 4, 'patterns', array[case r when 4 then '%' else (n % 9 + 1)::text || r || '%' end, case r when 4 then '9_' else '%' end,
                                                                               '%', '%', '%', '%', '%', '%', '%', '%']))
         from generate_series(0, 4) as r));
  end loop;
  for n in 1 .. number_of_users loop
    perform postern.create_user('USER_' || n, 'User ' || n), postern.grant_company('USER_' || n, '1'),
            postern.set_user_authority_class('1', 'USER_' || n, 'CLASS_' || n % 50);
  end loop;
end
$$;
