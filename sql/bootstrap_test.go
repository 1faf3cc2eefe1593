package sql

import (
	"slices"
	"testing"
)

// The contract has the same names; applications and administrators depend on them.
func TestNamesAreThoseOfTheContract(t *testing.T) {
	t.Parallel()
	names := OwnNames()
	if want := []string{
		"postern", "postern_internal", "security_sys", "sec_checkpoint_gate_api", "message_sys", "fnd_session_api",
		"user_finance_api", "authorize_comb_finance_api", "int_led_auth_comb_finance_api",
	}; !slices.Equal(names.Schemas, want) {
		t.Errorf("the schemas are %q", names.Schemas)
	}
	roles := []string{}
	for _, role := range names.Roles {
		text := role.Name
		for _, group := range role.MemberOf {
			text += " in " + group
		}
		roles = append(roles, text)
	}
	if want := []string{
		"postern_owner", "postern_user", "postern_app in postern_user", "postern_trusted_app in postern_app", "postern_admin",
		"postern_event_worker", "postern_event_function", "postern_auditor", "postern_sealer", "postern_redactor",
	}; !slices.Equal(roles, want) {
		t.Errorf("the roles are %q", roles)
	}
}
