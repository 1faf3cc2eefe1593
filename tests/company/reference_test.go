package company_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	. "github.com/posternsql/postern/internal/testsql"
)

// The examples of the reference as printed, except for the () after a function without arguments.
func TestExamplesOfTheReferenceRunAsPrinted(t *testing.T) {
	database := newScene(t)
	Run(t, database.Pool, `
create table public.some_table (company text, amount integer);
insert into public.some_table values ('10', 1), ('20', 2), ('30', 4), (null, 8);
set search_path = public, postern;

CREATE OR REPLACE VIEW SOME_VIEW AS
   SELECT *
   FROM SOME_TABLE S
   WHERE EXISTS ( SELECT 1
                  FROM COMPANY_FINANCE_AUTH_PUB C
                  WHERE C.COMPANY = S.COMPANY);

create view current_view as
   select *
   from some_table s
WHERE EXISTS (SELECT 1
              FROM USER_FINANCE_AUTH_PUB C
              WHERE C.COMPANY = S.COMPANY);

-- PL/SQL calls a procedure by its name; PL/pgSQL calls a function by PERFORM.
create function exist_in_ten() returns void language plpgsql as $$
begin
   perform User_Finance_API.Exist('10', Fnd_Session_API.Get_Fnd_User());
   perform User_Finance_API.Exist_Current_User('10');
end $$;

create function authorized_in_ten() returns text language plpgsql as $$
declare
   answer text;
begin
IF (User_Finance_API.Is_Authorized('10')) THEN
   answer := 'yes';
ELSE
   answer := 'no';
END IF;
IF (User_Finance_API.Is_Allowed('10') = 'TRUE') THEN
   answer := answer || ', yes';
ELSE
   answer := answer || ', no';
END IF;
   return answer;
end $$;

grant select on some_view, current_view to public;
reset search_path`)
	application := database.Login(t, "postern_trusted_app").Connect(t)
	Run(t, application, "set search_path = public, postern")
	for userid, want := range map[string]struct {
		total      []int64
		authorized string
	}{
		"ANN":  {[]int64{3}, "yes, yes"},
		"BEN":  {[]int64{2}, "no, no"},
		"CARL": {[]int64{0}, "no, no"},
	} {
		As(t, application, userid, func(tx pgx.Tx) {
			for _, view := range []string{"some_view", "current_view"} {
				if got := Values[int64](t, tx, "select coalesce(sum(amount), 0) from "+view); !slices.Equal(got, want.total) {
					t.Errorf("%s sees in %s the sum %v, want %v", userid, view, got, want.total)
				}
			}
			if got := Value[string](t, tx, "select authorized_in_ten()"); got != want.authorized {
				t.Errorf("%s: authorized_in_ten() is %s, want %s", userid, got, want.authorized)
			}
			Within(t, tx, func(tx pgx.Tx) {
				if want.authorized == "yes, yes" {
					Run(t, tx, "select exist_in_ten()")
				} else {
					Refused(t, tx, "PS201", "select exist_in_ten()")
				}
			})
			if got := Value[string](t, tx, "SELECT dummy FROM dual"); got != "X" {
				t.Errorf("dual has %q, want X", got)
			}
		})
	}
}
