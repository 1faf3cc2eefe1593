package program

import "testing"

func TestNameIsTheOneUsedAtStart(t *testing.T) {
	for started, want := range map[string]string{
		"postern":                       "postern",
		"/usr/local/bin/postern-1.2":    "postern-1.2",
		"./installer":                   "installer",
		"/tmp/go-build1/b1/installer":   "installer",
		"postern.exe":                   "postern",
		"":                              Released,
		"/opt/with a space/my postern":  Released, // nobody could paste this name
		"/tmp/100%sure":                 Released,
		"/tmp/$(reboot)":                Released,
		"-postern":                      Released, // how a login shell's name begins
		"/tmp/\x1b[2Kpostern":           Released,
		"/opt/postern/releases/postern": "postern",
	} {
		if got := nameOf([]string{started}); got != want {
			t.Errorf("started as %q: %q, want %q", started, got, want)
		}
	}
	if got := nameOf(nil); got != Released {
		t.Errorf("started without a name: %q", got)
	}
}
