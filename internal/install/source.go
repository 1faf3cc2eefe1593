package install

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/jackc/tern/v2/migrate"

	postern "github.com/posternsql/postern/sql"
)

// versionTable counts migrations in the same way as tern.
const versionTable = "postern_internal.schema_version"

// source has everything that an installation consists of, read from the files under sql/.
type source struct {
	bootstrap  script // the check of privileges, bootstrap.sql, and the check of ownership
	migrations []*migrate.Migration
	// schemaSHA256 has one digest per migration, of that migration and all before it.
	schemaSHA256 []string
	code         script
	codeSHA256   string
	builtAt      string   // when these sources were committed, in RFC 3339; empty if unknown
	schemas      []string // as bootstrap.sql lists them
}

// schemaVersion returns the number of the newest migration.
func (s *source) schemaVersion() int { return len(s.migrations) }

// record returns what this binary records about itself.
func (s *source) record() record {
	made := record{Version: Version, SchemaVersion: s.schemaVersion(), CodeSHA256: s.codeSHA256, BuiltAt: s.builtAt}
	if s.schemaVersion() > 0 {
		made.SchemaSHA256 = s.schemaSHA256[s.schemaVersion()-1]
	}
	return made
}

// migration returns the up part of one migration as its own script.
func (s *source) migration(index int) script {
	migration := s.migrations[index]
	return newScript("schema/"+migration.Name, migration.UpSQL)
}

var includePattern = regexp.MustCompile(`^\\ir\s+(\S+)\s*$`)

// readSource reads the two lanes. The files are a parameter, so that tests can install other versions.
func readSource(ctx context.Context, files fs.FS) (*source, error) {
	text, err := fs.ReadFile(files, "bootstrap.sql")
	if err != nil {
		return nil, err
	}
	read := &source{}
	var bootstrap builder
	bootstrap.append("rights", requireRightsSQL)
	bootstrap.append("bootstrap.sql", string(text))
	bootstrap.append("check who owns", checkOwnerSQL)
	read.bootstrap = bootstrap.script()
	names, err := postern.ReadNames(string(text))
	if err != nil {
		return nil, err
	}
	read.schemas = names.Schemas

	schema, err := fs.Sub(files, "schema")
	if err != nil {
		return nil, err
	}
	// Without a connection, the migrator only reads files.
	loader, err := migrate.NewMigrator(ctx, nil, versionTable)
	if err != nil {
		return nil, err
	}
	if err := loader.LoadMigrations(schema); err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	read.migrations = loader.Migrations
	digest := ""
	for _, migration := range read.migrations {
		sum := sha256.Sum256([]byte(digest + "\n" + migration.UpSQL))
		digest = hex.EncodeToString(sum[:])
		read.schemaSHA256 = append(read.schemaSHA256, digest)
	}

	if read.code, err = compileCode(files); err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(read.code.text))
	read.codeSHA256 = hex.EncodeToString(sum[:])
	read.builtAt = commitTime()
	return read, nil
}

// compileCode makes one script from functions/install.sql and the files that its \ir lines name.
func compileCode(files fs.FS) (script, error) {
	const index = "functions/install.sql"
	text, err := fs.ReadFile(files, index)
	if err != nil {
		return script{}, err
	}
	var compiled builder
	lines := bufio.NewScanner(strings.NewReader(string(text)))
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "--") {
			continue
		}
		match := includePattern.FindStringSubmatch(line)
		if match == nil {
			return script{}, fmt.Errorf("%s, line %d: only comments and \\ir lines belong here: %s", index, number, line)
		}
		name := path.Join("functions", match[1])
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return script{}, fmt.Errorf("%s, line %d: %w", index, number, err)
		}
		compiled.append(name, string(body))
	}
	return compiled.script(), lines.Err()
}
