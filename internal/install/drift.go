package install

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aymanbagabas/go-udiff"
	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/locking"
)

// The queries of an inventory, shared by what is installed and what it is compared with.
//
//go:embed inventory.sql
var inventorySQL string

//go:embed roles.sql
var rolesSQL string

// What a Difference is.
const (
	Changed = "changed"
	Missing = "missing"
	Extra   = "extra"
)

// Difference is one object that is not as this binary would install it.
type Difference struct {
	Change string `json:"change"` // Changed, Missing or Extra
	Kind   string `json:"kind"`   // table, function, policy, role, …
	Name   string `json:"name"`
	// Diff is a unified diff from the expected definition to the installed one.
	Diff string `json:"diff"`
}

// VerifyOptions changes how Verify works.
type VerifyOptions struct {
	LockTimeout time.Duration // 0 means DefaultLockTimeout
	Logger      *slog.Logger
	Files       fs.FS
}

// verifyTimeout bounds each statement of a verification: it must never be what a database waits for.
const verifyTimeout = 2 * time.Minute

// Verify compares what is installed with what this binary would install. It installs Postern a second
// time, under other schema names, in a transaction that is always rolled back, and compares the catalogs:
// so every version of PostgreSQL describes both sides in the same words, and no installed object is
// locked. It needs the rights that Install needs.
func Verify(ctx context.Context, config *pgx.ConnConfig, options VerifyOptions) (differences []Difference, err error) {
	defaults := Options{LockTimeout: options.LockTimeout, Logger: options.Logger, Files: options.Files}.withDefaults()
	wanted, err := readSource(ctx, defaults.Files)
	if err != nil {
		return nil, err
	}
	connection, err := connect(ctx, config)
	if err != nil {
		return nil, err
	}
	defer closeConnection(ctx, connection)
	found, err := readState(ctx, connection, wanted)
	if err != nil {
		return nil, err
	}
	if err := found.refuseNewer(wanted); err != nil {
		return nil, err
	}
	if found.schemaVersion() == 0 {
		return nil, ErrNotInstalled
	}
	if found.schemaVersion() < wanted.schemaVersion() {
		return nil, fmt.Errorf("schema %d is installed and this binary compares with schema %d: run install first", found.schemaVersion(), wanted.schemaVersion())
	}
	err = locking.Retry(ctx, defaults.LockTimeout, nil, func() error {
		return retry(ctx, func() error {
			differences, err = compare(ctx, connection, wanted)
			return err
		})
	})
	return differences, err
}

// ErrNotInstalled is returned where there is no Postern in the database.
var ErrNotInstalled = errors.New(`Postern is not installed in this database: run "installer install"`)

func compare(ctx context.Context, connection *pgx.Conn, wanted *source) ([]Difference, error) {
	tx, err := connection.Begin(ctx)
	if err != nil {
		return nil, err
	}
	// The one way out of this function.
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = tx.Rollback(ctx)
	}()
	if _, err := tx.Exec(ctx, fmt.Sprintf("set local statement_timeout = %d; set local timezone = 'UTC'; set local datestyle = 'ISO'", verifyTimeout.Milliseconds())); err != nil {
		return nil, err
	}

	installed, err := readInventory(ctx, tx, rolesSQL, roleNames)
	if err != nil {
		return nil, err
	}
	shadow := newShadow(wanted.schemas)
	whole := wanted.whole().rewrite(shadow.hide)
	if _, err := tx.Exec(ctx, whole.text); err != nil {
		return nil, newScriptError("install for comparison", whole, err)
	}
	// As postern_owner, which the script has become. An installation in progress would look like drift.
	if _, err := tx.Exec(ctx, verifyLockSQL); err != nil {
		return nil, err
	}
	found, err := readState(ctx, tx, wanted)
	if err != nil {
		return nil, err
	}
	if found.schemaVersion() != wanted.schemaVersion() {
		return nil, errors.New("Postern was installed or removed meanwhile: verify again")
	}
	objects, err := readInventory(ctx, tx, inventorySQL, wanted.schemas)
	if err != nil {
		return nil, err
	}
	maps.Copy(installed, objects)
	hidden, err := readInventory(ctx, tx, inventorySQL, shadow.names())
	if err != nil {
		return nil, err
	}
	expected := maps.Clone(expectedRoles)
	for key, definition := range hidden {
		expected[objectKey{kind: key.kind, name: shadow.reveal(key.name)}] = shadow.reveal(definition)
	}
	expectMonths(expected, installed)
	return difference(expected, installed), nil
}

// objectKey names one object of an inventory.
type objectKey struct{ kind, name string }

// expectedRoles are the roles of the contract, in the words of roles.sql.
var expectedRoles = map[objectKey]string{
	{"extension", "pgcrypto"}:          "present",
	{"role", "postern_owner"}:          "nologin\ninherit",
	{"role", "postern_user"}:           "nologin\ninherit",
	{"role", "postern_app"}:            "nologin\ninherit\nmember of postern_user",
	{"role", "postern_trusted_app"}:    "nologin\ninherit\nmember of postern_app",
	{"role", "postern_admin"}:          "nologin\ninherit",
	{"role", "postern_auditor"}:        "nologin\ninherit",
	{"role", "postern_sealer"}:         "nologin\ninherit",
	{"role", "postern_event_worker"}:   "nologin\ninherit",
	{"role", "postern_event_function"}: "nologin\ninherit",
}

func readInventory(ctx context.Context, tx pgx.Tx, query string, names []string) (map[objectKey]string, error) {
	rows, err := tx.Query(ctx, query, names)
	if err != nil {
		return nil, fmt.Errorf("read the catalogs: %w", err)
	}
	inventory := map[objectKey]string{}
	var key objectKey
	var definition string
	if _, err := pgx.ForEachRow(rows, []any{&key.kind, &key.name, &definition}, func() error {
		if _, twice := inventory[key]; twice {
			return fmt.Errorf("two objects are called %s %s", key.kind, key.name)
		}
		inventory[key] = definition
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read the catalogs: %w", err)
	}
	return inventory, nil
}

func difference(expected, installed map[objectKey]string) []Difference {
	var differences []Difference
	add := func(change string, key objectKey, before, after string) {
		diff := udiff.Unified("expected", "installed", endLine(before), endLine(after))
		differences = append(differences, Difference{Change: change, Kind: key.kind, Name: key.name, Diff: diff})
	}
	for key, before := range expected {
		after, there := installed[key]
		switch {
		case !there:
			add(Missing, key, before, "")
		case before != after:
			add(Changed, key, before, after)
		}
	}
	for key, after := range installed {
		if _, known := expected[key]; !known {
			add(Extra, key, "", after)
		}
	}
	slices.SortFunc(differences, func(a, b Difference) int {
		return strings.Compare(a.Kind+"\x00"+a.Name, b.Kind+"\x00"+b.Name)
	})
	return differences
}

func endLine(text string) string {
	if text == "" {
		return ""
	}
	return text + "\n"
}

// shadow renames Postern's schemas, as whole words wherever they occur, and back.
type shadow struct {
	hidden   map[string]string
	revealed map[string]string
	hiding   *regexp.Regexp
	showing  *regexp.Regexp
}

func newShadow(schemas []string) *shadow {
	made := &shadow{hidden: map[string]string{}, revealed: map[string]string{}}
	unique := strings.ToLower(rand.Text()[:10])
	for index, name := range schemas {
		hidden := fmt.Sprintf("postern_verify_%s_%d", unique, index)
		made.hidden[name], made.revealed[hidden] = hidden, name
	}
	made.hiding = regexp.MustCompile(`\b(` + strings.Join(schemas, "|") + `)\b`)
	made.showing = regexp.MustCompile(`\bpostern_verify_` + unique + `_\d+\b`)
	return made
}

func (s *shadow) hide(text string) string {
	return s.hiding.ReplaceAllStringFunc(text, func(name string) string { return s.hidden[name] })
}

func (s *shadow) reveal(text string) string {
	return s.showing.ReplaceAllStringFunc(text, func(name string) string { return s.revealed[name] })
}

func (s *shadow) names() []string {
	return slices.Collect(maps.Keys(s.revealed))
}
