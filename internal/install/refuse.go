package install

import (
	"fmt"
	"time"

	"github.com/posternsql/postern/internal/program"
)

// refuseNewer returns an error if the database holds something that this binary does not know.
func (s *state) refuseNewer(wanted *source) error {
	held := s.recorded
	if held != nil && (newer(held.Version, Version) || held.SchemaVersion > wanted.schemaVersion()) {
		return &NewerError{Database: s.database, Version: held.Version, SchemaVersion: held.SchemaVersion, Known: wanted.schemaVersion()}
	}
	return nil
}

// refuse returns an error if this binary must not install over the content of the database. In a downgrade the binary
// is older, or may be, and has the same migrations.
func (s *state) refuse(wanted *source, allowDowngrade bool) error {
	if s.extension != nil {
		return &ExtensionError{Database: s.database, Version: *s.extension}
	}
	held := s.recorded
	if held == nil {
		if s.tables {
			return &MigrationsError{Database: s.database}
		}
		return nil
	}
	reached := held.SchemaVersion
	sameMigrations := reached >= 1 && reached <= wanted.schemaVersion() && held.SchemaSHA256 == wanted.schemaSHA256[reached-1]
	downgrade := sameMigrations && reached == wanted.schemaVersion()
	if err := s.refuseNewer(wanted); err != nil {
		if !downgrade {
			return err
		}
		if !allowDowngrade {
			refused := err.(*NewerError)
			refused.CanDowngrade = true
			return refused
		}
	}
	if !sameMigrations {
		return &MigrationsError{Database: s.database, Version: held.Version, SchemaVersion: reached}
	}
	if held.Version != Version || !downgrade || held.CodeSHA256 == wanted.codeSHA256 || allowDowngrade {
		return nil
	}
	ours, oursFailed := time.Parse(time.RFC3339, wanted.builtAt)
	theirs, theirsFailed := time.Parse(time.RFC3339, held.BuiltAt)
	if oursFailed == nil && theirsFailed == nil && ours.After(theirs) {
		return nil
	}
	return &BuildError{Database: s.database, Held: held.BuiltAt, HeldSHA256: held.CodeSHA256, Ours: wanted.builtAt, OurSHA256: wanted.codeSHA256}
}

// NewerError is returned if a later Postern than this binary's is installed.
type NewerError struct {
	Database      string
	Version       string // installed
	SchemaVersion int    // installed
	Known         int    // the newest schema version that this binary knows
	CanDowngrade  bool   // the migrations are the same
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("database %q holds Postern %s (schema %d), this binary is %s (schema %d): use an installer of version %s or later",
		e.Database, e.Version, e.SchemaVersion, Version, e.Known, e.Version)
}

// Hint says what to do about the error.
func (e *NewerError) Hint() string {
	if e.CanDowngrade {
		return program.Text(`Use the newer installer. To go back to this version, which has the same tables: "$0 install --allow-downgrade".`)
	}
	return "Use the newer installer."
}

// BuildError is returned if another build of the same version is installed that is not known to be earlier.
type BuildError struct {
	Database         string
	Held, HeldSHA256 string // when its sources were committed; "" if unknown
	Ours, OurSHA256  string
}

func (e *BuildError) Error() string {
	return fmt.Sprintf("database %q holds another build of Postern %s (code %.12s, %s) than this binary (code %.12s, %s), and not an older one as far as is known",
		e.Database, Version, e.HeldSHA256, builtAt(e.Held), e.OurSHA256, builtAt(e.Ours))
}

func builtAt(when string) string {
	if when == "" {
		return "of an unknown date"
	}
	return "of " + when
}

// Hint says what to do about the error.
func (e *BuildError) Hint() string {
	return program.Text(`Use the newer build: "go build" in a git checkout notes the date of its commit. To install this one anyway: "$0 install --allow-downgrade".`)
}

// ExtensionError is returned if the database has Postern as an extension.
type ExtensionError struct{ Database, Version string }

func (e *ExtensionError) Error() string {
	return fmt.Sprintf("database %q has Postern %s as an extension, which this program does not change", e.Database, e.Version)
}

// Hint says what to do about the error.
func (e *ExtensionError) Hint() string {
	return program.Text(`To update: alter extension postern update; with the scripts of "$0 render --format extension" on the server. To use this program from now on: drop extension postern; which removes nothing.`)
}

// MigrationsError is returned if the migrations that have run differ from this binary's.
type MigrationsError struct {
	Database      string
	Version       string // "" if there is no record at all
	SchemaVersion int
}

func (e *MigrationsError) Error() string {
	if e.Version == "" {
		return fmt.Sprintf("database %q holds tables of Postern and no record of what made them: it was made by an unreleased build, or restored without comments", e.Database)
	}
	return fmt.Sprintf("database %q holds Postern %s with other migrations up to schema %d than this binary has: it was made by an unreleased build",
		e.Database, e.Version, e.SchemaVersion)
}

// Hint says what to do about the error.
func (e *MigrationsError) Hint() string {
	return program.Text(`Use the build that made it; there is no upgrade from an unreleased one. To start again and keep the log: "$0 uninstall --yes", then install.`)
}
