package seal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/posternsql/postern/internal/seal"
	"github.com/posternsql/postern/internal/testsql"
)

// grownLog is a log of 20 entries, sealed 7, 6 and 7 at a time.
func grownLog(t *testing.T) *sealedLog {
	t.Helper()
	l := newSealedLog(t)
	for _, entries := range []int{7, 6, 7} {
		l.write(t, entries)
		l.seal(t, int64(entries))
	}
	l.requireIntact(t, 20)
	return l
}

func TestEveryChangeByASuperuserIsFound(t *testing.T) {
	t.Parallel()
	const silently = "set session_replication_role = replica; "
	for name, test := range map[string]struct {
		change string
		kind   seal.Kind
		logID  int64
		says   string
	}{
		"update with triggers disabled": {
			change: "alter table postern_internal.checkpoint_entry disable trigger all; update postern_internal.checkpoint_entry set comment = 'Never seen' where log_id = 11",
			kind:   seal.EntryChanged, logID: 11,
		},
		"update as a replica":  {silently + "update postern_internal.checkpoint_entry set userid = 'BOB' where log_id = 3", seal.EntryChanged, 3, ""},
		"NULL made empty":      {silently + "update postern_internal.checkpoint_entry set action = '' where log_id = 20", seal.EntryChanged, 20, ""},
		"one microsecond":      {silently + "update postern_internal.checkpoint_entry set logged_at = logged_at + interval '1 microsecond' where log_id = 1", seal.EntryChanged, 1, ""},
		"a time without end":   {silently + "update postern_internal.checkpoint_entry set logged_at = 'infinity' where log_id = 1", seal.EntryChanged, 1, ""},
		"a number's zeros":     {silently + `update postern_internal.checkpoint_entry set parameters = jsonb_set(parameters, '{AMOUNT}', '12.5') where log_id = 8`, seal.EntryChanged, 8, ""},
		"an unseen column":     {silently + "update postern_internal.checkpoint_entry set ticket = gen_random_uuid() where log_id = 8", seal.EntryChanged, 8, ""},
		"a salt":               {silently + "update postern_internal.checkpoint_entry set salt = gen_random_uuid() where log_id = 8", seal.EntryChanged, 8, ""},
		"an approval unmasked": {silently + "update postern_internal.checkpoint_entry set outcome = 'accepted' where log_id = 9", seal.EntryChanged, 9, ""},
		"delete":               {silently + "delete from postern_internal.checkpoint_entry where log_id = 12", seal.EntryMissing, 12, ""},
		"delete with its leaf": {silently + "delete from postern_internal.checkpoint_entry where log_id = 12; delete from postern_internal.leaf where log_id = 12", seal.EntryMissing, 0, "leaves 11 to 11"},
		"truncate":             {silently + "truncate postern_internal.checkpoint_entry", seal.EntryMissing, 1, ""},
		"truncate everything":  {silently + "truncate postern_internal.checkpoint_entry, postern_internal.leaf, postern_internal.tree_head; update postern_internal.sealing set tree_size = 0, snapshot = null", seal.EntryMissing, 0, "leaves 0 to 19"},
		"cut tail":             {silently + "delete from postern_internal.checkpoint_entry where log_id > 15; delete from postern_internal.leaf where log_id > 15; delete from postern_internal.tree_head where tree_size > 15; update postern_internal.sealing set tree_size = 15", seal.EntryMissing, 0, "leaves 15 to 19"},
		"two entries swapped": {
			silently + "update postern_internal.leaf set log_id = -5 where log_id = 5; update postern_internal.leaf set log_id = 5 where log_id = 6; update postern_internal.leaf set log_id = 6 where log_id = -5",
			seal.EntryReordered, 5, "",
		},
		"an entry backdated": {
			silently + `insert into postern_internal.checkpoint_entry (log_id, outcome, gate_id, userid, message, parameters, logged_at, transaction_id)
overriding system value select 1000, 'passed', 'APP_PAY', 'BOB', 'Invoice 7 paid', '{}', e.logged_at, e.transaction_id from postern_internal.checkpoint_entry as e where e.log_id = 10`,
			seal.EntryAdded, 1000, "",
		},
		"dropped partition":  {"drop table " + partition(0), seal.EntryMissing, 12, ""},
		"detached partition": {"alter table postern_internal.checkpoint_entry detach partition " + partition(0), seal.EntryMissing, 20, ""},
		"emptied partition":  {"alter table " + partition(0) + " disable trigger all; truncate " + partition(0), seal.EntryMissing, 1, ""},
		"log put in its place": {
			"alter table postern_internal.checkpoint_entry detach partition " + partition(0) + `;
alter table ` + partition(0) + " rename to old; create table " + partition(0) + ` (like postern_internal.old including all);
insert into ` + partition(0) + ` select * from postern_internal.old where log_id <> 7;
alter table postern_internal.checkpoint_entry attach partition ` + partition(0) + " for values from ('" + month(0).Format("2006-01-02T15:04:05Z") + "') to ('" + month(-1).Format("2006-01-02T15:04:05Z") + "')",
			seal.EntryMissing, 7, "",
		},
		"moved to another month": {silently + "update postern_internal.checkpoint_entry set logged_at = logged_at + interval '1 month' where log_id = 3", seal.EntryChanged, 3, ""},
		"moved to no month":      {silently + "update postern_internal.checkpoint_entry set logged_at = '1999-12-31' where log_id = 3", seal.EntryChanged, 3, ""},
		"repeated in another month": {
			silently + `insert into postern_internal.checkpoint_entry (log_id, outcome, gate_id, userid, message, parameters, logged_at, transaction_id)
overriding system value select e.log_id, 'passed', 'APP_PAY', 'BOB', 'Invoice 7 paid', '{}', e.logged_at + interval '1 month', e.transaction_id from postern_internal.checkpoint_entry as e where e.log_id = 10`,
			seal.EntryAdded, 10, "more than one entry 10",
		},
		"a leaf's hash":        {silently + "update postern_internal.leaf set hashes = set_byte(hashes, 3, get_byte(hashes, 3) # 1) where log_id = 10", seal.TreeRewritten, 0, "but the entries lead to the signed head"},
		"an inner node":        {silently + "update postern_internal.leaf set hashes = set_byte(hashes, 70, get_byte(hashes, 70) # 1) where log_id = 4", seal.TreeRewritten, 0, "leaves 0 to 3"},
		"a signed head's root": {silently + "update postern_internal.tree_head set root_hash = sha256('x') where tree_size = 13", seal.SignatureInvalid, 0, "13 leaves"},
		"a signed head's text": {silently + "update postern_internal.tree_head set note = replace(note, e'\\n13\\n', e'\\n14\\n') where tree_size = 13", seal.SignatureInvalid, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := grownLog(t)
			if _, err := l.Connect(t).PgConn().Exec(t.Context(), test.change).ReadAll(); err != nil {
				t.Fatal(err)
			}
			verdict := l.verify(t)
			requireFinding(t, verdict, test.kind, test.logID)
			if !strings.Contains(messages(verdict), test.says) {
				t.Errorf("it does not say %q:\n%s", test.says, messages(verdict))
			}
			// A proof of one entry names no other entry, except for the two that were swapped.
			if test.logID > 0 && test.kind == seal.EntryChanged {
				for _, finding := range verdict.Findings {
					if finding.LogID != nil && *finding.LogID != test.logID {
						t.Errorf("it accuses entry %d: %s", *finding.LogID, finding.Message)
					}
				}
			}
		})
	}
}

// rewrite builds the tree again from the entries as they are, like somebody who knows how it is built.
func (l *sealedLog) rewrite(t *testing.T) {
	t.Helper()
	connection := l.Connect(t)
	testsql.Run(t, connection, "set session_replication_role = replica")
	rows, err := connection.Query(t.Context(), `
select l.leaf_number, postern_internal.leaf_hash(e)
  from postern_internal.leaf as l join postern_internal.checkpoint_entry as e using (log_id) order by l.leaf_number`)
	if err != nil {
		t.Fatal(err)
	}
	var leaves []tlog.Hash
	for rows.Next() {
		var number int64
		var hash []byte
		if err := rows.Scan(&number, &hash); err != nil || number != int64(len(leaves)) {
			t.Fatal(number, err)
		}
		leaves = append(leaves, tlog.Hash(hash))
	}
	var nodes []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for position, index := range indexes {
			found[position] = nodes[index]
		}
		return found, nil
	})
	for number, leaf := range leaves {
		hashes, err := tlog.StoredHashesForRecordHash(int64(number), leaf, reader)
		if err != nil {
			t.Fatal(err)
		}
		nodes = append(nodes, hashes...)
		stored := []byte{}
		for _, hash := range hashes {
			stored = append(stored, hash[:]...)
		}
		testsql.Run(t, connection, "update postern_internal.leaf set hashes = $1 where leaf_number = $2", stored, number)
	}
}

func TestEntriesAndTreeRewrittenTogetherAreFound(t *testing.T) {
	t.Parallel()
	l := grownLog(t)
	testsql.Run(t, l.Connect(t), "set session_replication_role = replica")
	connection := l.Connect(t)
	testsql.Run(t, connection, "set session_replication_role = replica")
	testsql.Run(t, connection, "update postern_internal.checkpoint_entry set comment = 'Never seen' where log_id = 10")
	l.rewrite(t)
	testsql.Run(t, l.auditor, "select postern.verify_entry(10)") // the database is consistent with itself
	verdict := l.verify(t)
	requireFinding(t, verdict, seal.TreeRewritten, 0)
	// Entry 10 is leaf 9: after the head of 7 leaves and before that of 13.
	if !strings.Contains(messages(verdict), "among leaves 7 to 12") {
		t.Errorf("it does not say where:\n%s", messages(verdict))
	}
	l.write(t, 1)
	if _, err := l.trySeal(t); kindOf(err) != seal.TreeRewritten {
		t.Errorf("sealing said %v, want that the tree was rewritten", err)
	}
}

func TestRestoredBackupThatGrowsAnewIsFound(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	l.write(t, 5)
	l.seal(t, 5)
	backup := copyDirectory(t, l.directory)
	connection := l.Connect(t)
	// A backup is a copy of all tables.
	tables := []string{"checkpoint_entry", "leaf", "tree_head", "sealing"}
	for _, table := range tables {
		testsql.Run(t, connection, "create table public."+table+" as select * from postern_internal."+table)
	}
	l.write(t, 5)
	l.seal(t, 5)
	testsql.Run(t, connection, "set session_replication_role = replica")
	for _, table := range tables {
		testsql.Run(t, connection, "delete from postern_internal."+table)
		testsql.Run(t, connection, "insert into postern_internal."+table+" overriding system value select * from public."+table)
	}
	requireFinding(t, l.verify(t), seal.EntryMissing, 0)
	if _, err := l.trySeal(t); kindOf(err) != seal.EntryMissing {
		t.Errorf("sealing the restored backup said %v", err)
	}

	// Somebody with the key continues from an old copy of the directory. Then two histories are signed.
	trusted := l.directory
	l.directory = backup
	l.write(t, 9)
	l.seal(t, 9)
	l.requireIntact(t, 14)
	l.directory = trusted
	verdict := l.verify(t)
	requireFinding(t, verdict, seal.TreeRewritten, 0)
	requireFinding(t, verdict, seal.OtherHistory, 0)
	if !strings.Contains(messages(verdict), "among leaves 5 to 9") {
		t.Errorf("it does not say where they part:\n%s", messages(verdict))
	}
	if _, err := l.trySeal(t); kindOf(err) != seal.TreeRewritten {
		t.Errorf("sealing the other history said %v", err)
	}
}

func TestSealingNeedsTheRightDirectoryAndKey(t *testing.T) {
	t.Parallel()
	l := grownLog(t)
	stale := copyDirectory(t, l.directory)
	l.write(t, 1)
	l.seal(t, 1)
	l.write(t, 1)

	trusted, key := l.directory, l.key
	l.directory = filepath.Join(t.TempDir(), "other")
	if _, err := l.trySeal(t); kindOf(err) != seal.OtherHistory {
		t.Errorf("an empty directory: %v", err)
	}
	l.directory = stale
	if _, err := l.trySeal(t); kindOf(err) != seal.OtherHistory {
		t.Errorf("an old copy of the directory: %v", err)
	}
	l.directory = trusted
	l.key = newKey(t, "test.example/log")
	if _, err := l.trySeal(t); kindOf(err) != seal.KeyUnknown {
		t.Errorf("an unknown key: %v", err)
	}
	l.key = key
	if got, err := l.trySeal(t); err != nil {
		t.Errorf("the right ones: %d, %v", got, err)
	}
	l.requireIntact(t, 22)

	// To change a key, add a line to the file of keys. Old heads stay valid.
	l.key = newKey(t, "test.example/log")
	keys := filepath.Join(l.directory, seal.KeysFile)
	text, err := os.ReadFile(keys)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(keys, append(text, l.key.Public+"\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	l.write(t, 3)
	l.seal(t, 3)
	l.requireIntact(t, 25)
}

func TestForgedHeadIsFound(t *testing.T) {
	t.Parallel()
	l := grownLog(t)
	// A superuser signs the rewritten tree with another key, in the database.
	stranger := *l
	stranger.directory = filepath.Join(t.TempDir(), "strange")
	stranger.key = newKey(t, "test.example/log")
	connection := l.Connect(t)
	testsql.Run(t, connection, "set session_replication_role = replica")
	testsql.Run(t, connection, "delete from postern_internal.tree_head")
	l.write(t, 1)
	stranger.seal(t, 1)
	requireFinding(t, l.verify(t), seal.KeyUnknown, 0)
}

func copyDirectory(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

func kindOf(err error) seal.Kind {
	if tampered, ok := asTampered(err); ok {
		return tampered.Finding.Kind
	}
	return ""
}

// An entry with NULL where its leaf needs a value has a hash of NULL, which is neither equal to the sealed one nor
// unequal.
func TestEntryWithoutASaltDoesNotVerify(t *testing.T) {
	t.Parallel()
	l := newSealedLog(t)
	l.write(t, 2)
	l.seal(t, 2)
	connection := l.Connect(t)
	for _, column := range []string{"salt", "transaction_id"} {
		testsql.Run(t, connection, "begin")
		testsql.Run(t, connection, "alter table postern_internal.checkpoint_entry alter "+column+" drop not null")
		testsql.Run(t, connection, "set local session_replication_role = replica")
		testsql.Run(t, connection, "update postern_internal.checkpoint_entry set "+column+" = null where log_id = 1")
		naive := testsql.Value[*bool](t, connection, `
select substring(l.hashes for 32) <> postern_internal.leaf_hash(e)
  from postern_internal.leaf as l join postern_internal.checkpoint_entry as e using (log_id) where log_id = 1`)
		if naive != nil {
			t.Errorf("naive: %s is NULL, and comparing the hashes says %v", column, *naive)
		}
		testsql.Refused(t, connection, "PS501", "select postern.verify_entry(1)")
		testsql.Run(t, connection, "rollback")
	}
	testsql.Run(t, connection, "select postern.verify_entry(1)")
}
