package install

import "github.com/Masterminds/semver/v3"

// Version is the version of Postern that this binary carries.
const Version = "0.1.0"

// newer tells whether version a is later than version b. What is no version is older than any.
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
