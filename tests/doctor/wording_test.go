package doctor_test

import (
	"testing"

	"github.com/posternsql/postern/internal/testdb"
	. "github.com/posternsql/postern/internal/testsql"
)

// The warning is about what each log entry has anyway, and not about business objects with similar names.
func TestWarningIsOnlyForWordsThatTheLogAdds(t *testing.T) {
	pool := testdb.New(t).Pool
	for message, want := range map[string]string{
		"User &USER_ID passed the checkpoint":         "&user_id, checkpoint",
		"&FND_USER approved invoice &NO":              "&fnd_user",
		"Invoice &NO approved by &USERNAME on &DATE":  "&date, &username",
		"Invoice &NO approved at &SYS_DATE":           "&sys_date",
		"Approved by user &PERSON":                    "by user",
		"Invoice &NO approved by the  user":           "by the  user",
		"Authenticated for invoice &NO":               "authenticated",
		"Security checkpoint for invoice &NO":         "checkpoint",
		"Passed the gate":                             "passed the gate",
		"Invoice &NO approved with the right PIN":     "with the right pin",
		"Invoice &NO paid, entered his own password.": "entered his own password",
		"Due date &D moved":                           "",
		"User account &U opened":                      "",
		"Users of company &C counted":                 "",
		"Payment date &PAYMENT_DATE of &NO moved":     "",
		"Account of &NEW_USER_ID closed":              "",
		"&USERS_OF_COMPANY deleted":                   "",
		"Lorry &L passed gate &G":                     "",
		"Goods came in by gate 5":                     "",
		"Checkpoint &CP of the route reached":         "",
		"Password policy &P changed":                  "",
		"Pin &PART_NO replaced":                       "",
		"Update &UPDATE_NO of candidate &C":           "",
	} {
		if got := Value[string](t, pool, "select coalesce(postern.redundant_words($1), '')", message); got != want {
			t.Errorf("%q repeats %q, want %q", message, got, want)
		}
	}
}
