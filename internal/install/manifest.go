package install

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	postern "github.com/posternsql/postern/sql"
)

// inventorySQL has the queries of an inventory.
//
//go:embed inventory.sql
var inventorySQL string

//go:embed roles.sql
var rolesSQL string

// manifestText describes an installation of this binary. "make generate" writes it.
//
//go:embed manifest.txt
var manifestText string

// objectKey identifies an object of an inventory.
type objectKey struct{ kind, name string }

// object is what an inventory says about one object.
type object struct {
	definition string
	grants     []string // such as "execute to postern_user", sorted; without the owner's
}

// text describes the whole object, for people.
func (o object) text() string {
	lines := []string{o.definition}
	for _, grant := range o.grants {
		lines = append(lines, "grant "+grant)
	}
	return strings.Join(lines, "\n")
}

// inventory describes all objects of an installation.
type inventory map[objectKey]object

// expectedRoles are the roles that bootstrap.sql creates, in the format of roles.sql.
var expectedRoles = func() inventory {
	expected := inventory{{"extension", "pgcrypto"}: {definition: "present"}}
	for _, role := range postern.OwnNames().Roles {
		definition := "nologin\ninherit"
		for _, group := range role.MemberOf {
			definition += "\nmember of " + group
		}
		expected[objectKey{"role", role.Name}] = object{definition: definition}
	}
	return expected
}()

// readInventory describes the installed objects, with the settings of printingSQL.
func readInventory(ctx context.Context, tx pgx.Tx, wanted *source, serverMajor int) (inventory, error) {
	read := inventory{}
	for _, from := range []struct {
		text  string
		names []string
	}{{rolesSQL, roleNames}, {inventorySQL, wanted.schemas}} {
		rows, err := tx.Query(ctx, from.text, from.names)
		if err != nil {
			return nil, fmt.Errorf("read the catalogs: %w", err)
		}
		var key objectKey
		var found object
		var query string
		if _, err := pgx.ForEachRow(rows, []any{&key.kind, &key.name, &found.definition, &query, &found.grants}, func() error {
			if _, twice := read[key]; twice {
				return fmt.Errorf("there are two objects named %s %s", key.kind, key.name)
			}
			slices.Sort(found.grants)
			if query != "" {
				if serverMajor < 16 {
					query = withoutQualifiers(query)
				}
				found.definition += "\n" + query
			}
			read[key] = object{definition: found.definition, grants: slices.Clone(found.grants)}
			return nil
		}); err != nil {
			return nil, fmt.Errorf("read the catalogs: %w", err)
		}
	}
	read.hideRecord(wanted)
	return read, nil
}

// A manifest has these placeholders for what differs between installations.
const (
	recordMark   = "{record}"
	pgcryptoMark = "{pgcrypto}."
)

var recordPattern = regexp.MustCompile(`(?m)^comment: .*?([{].*[}])$`)

// hideRecord removes the record of an installation from its comment if this binary would write the same record. The
// server version in it does not matter here, because a restored database keeps the record of another server. "postern
// status" reports it.
func (i inventory) hideRecord(wanted *source) {
	key := objectKey{"table", "postern_internal.installation"}
	found := i[key]
	at := recordPattern.FindStringSubmatchIndex(found.definition)
	if at == nil {
		return
	}
	var held record
	if json.Unmarshal([]byte(found.definition[at[2]:at[3]]), &held) != nil {
		return
	}
	held.ServerMajor, held.BuiltAt = 0, ""
	want := wanted.record()
	want.BuiltAt = ""
	if held == want {
		found.definition = found.definition[:at[2]] + recordMark + found.definition[at[3]:]
		i[key] = found
	}
}

// pgcryptoCallers are the functions that call pgcrypto, in whatever schema it is installed.
var pgcryptoCallers = []objectKey{
	{"function", "postern_internal.bcrypt(secret text, hash text)"},
	{"function", "postern_internal.bcrypt_salt()"},
	{"function", "postern_internal.hmac_sha1(data bytea, key bytea)"},
	{"function", "postern_internal.random_bytes(length integer)"},
}

// adapt adapts the inventory of a manifest to an installation: to the months of its log, and to the schema of pgcrypto.
func (i inventory) adapt(installed inventory, pgcryptoPrefix string) {
	for _, key := range pgcryptoCallers {
		caller := i[key]
		caller.definition = strings.ReplaceAll(caller.definition, pgcryptoMark, pgcryptoPrefix)
		i[key] = caller
	}
	i.expectMonths(installed)
}

// ReadManifest describes an installation in the format of manifest.txt, for "make generate".
func ReadManifest(ctx context.Context, config *pgx.ConnConfig) (string, error) {
	wanted, err := readSource(ctx, postern.Files)
	if err != nil {
		return "", err
	}
	connection, err := connect(ctx, config)
	if err != nil {
		return "", err
	}
	defer closeConnection(ctx, connection)
	installed, found, err := readInstalled(ctx, connection, wanted)
	if err != nil {
		return "", err
	}
	if found.pgcryptoPrefix == "" {
		return "", errors.New("a manifest is made where pgcrypto has a schema other than pg_catalog")
	}
	for key := range expectedRoles {
		delete(installed, key)
	}
	for _, key := range pgcryptoCallers {
		caller := installed[key]
		caller.definition = strings.ReplaceAll(caller.definition, found.pgcryptoPrefix, pgcryptoMark)
		installed[key] = caller
	}
	installed.keepModelMonth()
	return installed.manifest(), nil
}

const manifestPurpose = `# What an installation consists of: postern verify compares with it. Made by "make generate", see docs/install.md.
# Each object has a line with its kind and name, then what others than its owner may do with it, then its definition.
`

// manifest writes an inventory in a format in which changes of different objects merge without conflict.
func (i inventory) manifest() string {
	var out strings.Builder
	out.WriteString(manifestPurpose)
	for _, key := range slices.SortedFunc(maps.Keys(i), func(a, b objectKey) int {
		return strings.Compare(a.kind+"\x00"+a.name, b.kind+"\x00"+b.name)
	}) {
		fmt.Fprintf(&out, "%s: %s\n", key.kind, key.name)
		for _, grant := range i[key].grants {
			fmt.Fprintf(&out, "  grant %s\n", grant)
		}
		for line := range strings.SplitSeq(i[key].definition, "\n") {
			if line != "" {
				line = "\t" + line
			}
			out.WriteString(line + "\n")
		}
	}
	return out.String()
}

// readManifest reads the format that manifest writes.
func readManifest(text string) (inventory, error) {
	read := inventory{}
	var key objectKey
	var lines []string
	var grants []string
	end := func() {
		if key != (objectKey{}) {
			read[key] = object{definition: strings.Join(lines, "\n"), grants: grants}
		}
		lines, grants = nil, nil
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		if grant, is := strings.CutPrefix(line, "  grant "); is {
			grants = append(grants, grant)
		} else if line == "" || line[0] == '\t' {
			lines = append(lines, strings.TrimPrefix(line, "\t"))
		} else if line[0] != '#' {
			end()
			kind, name, is := strings.Cut(line, ": ")
			if !is {
				return nil, fmt.Errorf("the manifest of this binary has no object in the line %q", line)
			}
			key = objectKey{kind, name}
		}
	}
	end()
	return read, nil
}

// newestMajor is the newest version of PostgreSQL known to print definitions as in the manifest.
const newestMajor = 19

// expectedInventory describes what this binary installs on a server of this version.
func expectedInventory(serverMajor int, logger *slog.Logger) (inventory, error) {
	if serverMajor > newestMajor {
		logger.Warn("this server is newer than those that this binary knows: a definition that it prints differently shows as changed", "server", serverMajor, "known", newestMajor)
	}
	expected, err := readManifest(manifestText)
	if err != nil {
		return nil, err
	}
	maps.Copy(expected, expectedRoles)
	return expected, nil
}
