package install

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/jackc/tern/v2/migrate"
)

// versionTable is where migrations are counted, as tern does it.
const versionTable = "postern_internal.schema_version"

// source is everything that an installation consists of, read from the files under sql/.
type source struct {
	bootstrap  script
	migrations []*migrate.Migration
	code       script
	codeSHA256 string
	schemas    []string // as bootstrap.sql lists them
}

// schemaVersion is the number of the newest migration.
func (s *source) schemaVersion() int { return len(s.migrations) }

// migration gives the up part of one migration as a script of its own.
func (s *source) migration(index int) script {
	migration := s.migrations[index]
	return newScript("schema/"+migration.Name, migration.UpSQL)
}

var (
	includePattern = regexp.MustCompile(`^\\ir\s+(\S+)\s*$`)
	schemasPattern = regexp.MustCompile(`(?s)foreach schema_name in array array\[(.*?)\]`)
	schemaPattern  = regexp.MustCompile(`'(\w+)'`)
)

// readSource reads the two lanes. The files are handed in, so that tests can install other versions.
func readSource(ctx context.Context, files fs.FS) (*source, error) {
	text, err := fs.ReadFile(files, "bootstrap.sql")
	if err != nil {
		return nil, err
	}
	read := &source{bootstrap: newScript("bootstrap.sql", string(text))}
	for _, match := range schemaPattern.FindAllStringSubmatch(schemasPattern.FindString(string(text)), -1) {
		read.schemas = append(read.schemas, match[1])
	}
	if len(read.schemas) == 0 {
		return nil, errors.New("bootstrap.sql: no list of schemas")
	}

	schema, err := fs.Sub(files, "schema")
	if err != nil {
		return nil, err
	}
	// Without a connection the migrator only reads files.
	loader, err := migrate.NewMigrator(ctx, nil, versionTable)
	if err != nil {
		return nil, err
	}
	if err := loader.LoadMigrations(schema); err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	read.migrations = loader.Migrations
	for number, migration := range read.migrations {
		// In the migration's own transaction, so that the public copy is never behind the table.
		migration.UpSQL += "\n\n" + record{Version: Version, SchemaVersion: number + 1}.commentOn("schema_version", schemaVersionPurpose)
	}

	if read.code, err = compileCode(files); err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(read.code.text))
	read.codeSHA256 = hex.EncodeToString(sum[:])
	return read, nil
}

// compileCode makes one script of functions/install.sql and the files that its \ir lines name.
func compileCode(files fs.FS) (script, error) {
	const index = "functions/install.sql"
	text, err := fs.ReadFile(files, index)
	if err != nil {
		return script{}, err
	}
	var compiled script
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
	return compiled, lines.Err()
}

// afterBootstrap gives an installation from nothing as one script, for those who run it at once; but for bootstrap.sql.
func (s *source) afterBootstrap() script {
	var all script
	all.append("create schema_version", createVersionTable)
	for index := range s.migrations {
		migration := s.migration(index)
		all.append(migration.parts[0].file, migration.text+countMigration(index+1))
	}
	all.appendScript(s.code)
	all.append("record the installation", s.recordSQL())
	return all
}
