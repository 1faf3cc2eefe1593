package sessionkey_test

import (
	"testing"

	"github.com/posternsql/postern/internal/sessionkey"
)

func TestSecretOfATextFileIsItsText(t *testing.T) {
	for given, want := range map[string]string{
		"secret": "secret", "secret\n": "secret", "secret\r\n": "secret", "secret\n\n": "secret\n\n", "\x01\x02\n": "\x01\x02\n",
	} {
		if got := sessionkey.Secret([]byte(given)); string(got) != want {
			t.Errorf("%q holds the secret %q, want %q", given, got, want)
		}
	}
}
