package install

import (
	"runtime/debug"

	"github.com/Masterminds/semver/v3"
)

// Version is the version of Postern that this binary carries.
const Version = "0.2.0-dev"

// newer reports whether version a is later than version b. Text that is no version is older than any version.
func newer(a, b string) bool {
	left, err := semver.NewVersion(a)
	if err != nil {
		return false
	}
	right, err := semver.NewVersion(b)
	if err != nil {
		return true
	}
	return left.GreaterThan(right)
}

// commitTime returns when the sources of this binary were committed, in RFC 3339. It is empty if the build did not
// record that, as with "go run" and in tests.
func commitTime() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.time" {
			return setting.Value
		}
	}
	return ""
}
