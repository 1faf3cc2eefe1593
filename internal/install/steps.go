package install

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// installationPurpose is the beginning of the comment of the table of installations.
const installationPurpose = "Every installation into this database. This comment repeats the last one for those who may not read the table."

//go:embed check_owner.sql
var checkOwnerSQL string

//go:embed settle.sql
var settleSQL string

// createVersionTable is what tern would run before its first migration.
const createVersionTable = `create table if not exists postern_internal.schema_version(version int4 not null primary key);
comment on table postern_internal.schema_version is 'The number of migrations that have run.';

insert into postern_internal.schema_version(version)
select 0
where 0=(select count(*) from postern_internal.schema_version);
`

// meetNobodySQL waits for all transactions that have asked who their user is, and keeps others from asking.
// Transactions ask that first, so afterwards nobody holds a lock that the code lane needs. Without this step, the
// installation and another session could each hold a lock that the other needed, and under load no attempt succeeded.
const meetNobodySQL = "lock table postern_internal.session_secret in access exclusive mode;\n\n"

// installation runs the steps of one installation in one transaction. If the process is killed, nothing half done
// remains: no membership in postern_owner, and no functions that do not fit the tables.
type installation struct {
	connection *pgx.Conn
	options    Options
	wanted     *source
	found      *state // before the transaction
	locked     *state // within it, once no other installation can change anything
}

// step is a Step with the function that runs it.
type step struct {
	Step
	run func(context.Context, pgx.Tx) error
}

// steps returns the steps to run, in order. A dry run shows the same steps as an installation runs.
func (i *installation) steps() []step {
	bootstrap := i.wanted.bootstrap.text + lockSQL
	if i.found.schemaVersion() > 0 {
		bootstrap += meetNobodySQL
	}
	steps := []step{{Step: Step{Name: "bootstrap.sql", SQL: "begin;\n\n" + bootstrap}, run: i.bootstrap}}
	for index := i.found.schemaVersion(); index < i.wanted.schemaVersion(); index++ {
		text := i.wanted.migration(index).text + countMigration(index+1)
		if index == 0 {
			text = createVersionTable + "\n" + text
		}
		steps = append(steps, step{
			Step: Step{Name: i.wanted.migration(index).parts[0].file, SQL: text},
			run:  func(ctx context.Context, tx pgx.Tx) error { return i.migrate(ctx, tx, index) },
		})
	}
	return append(steps,
		step{
			Step: Step{
				Name: fmt.Sprintf("functions/ (%d files)", len(i.wanted.code.parts)),
				SQL:  i.wanted.code.text + i.wanted.settleSQL(),
			},
			run: i.installCode,
		},
		step{Step: Step{Name: "leave postern_owner", SQL: leaveOwnerSQL + "\ncommit;\n"}, run: leaveOwner},
	)
}

func countMigration(number int) string {
	return fmt.Sprintf("\nupdate postern_internal.schema_version set version=%d;\n", number)
}

// bootstrap creates roles and schemas, becomes postern_owner, and locks out other installations and all users.
func (i *installation) bootstrap(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, i.wanted.bootstrap.text+lockSQL); err != nil {
		return newScriptError("bootstrap.sql", i.wanted.bootstrap, err)
	}
	var err error
	if i.locked, err = readState(ctx, tx, i.wanted); err != nil {
		return err
	}
	if err := i.locked.refuse(i.wanted, i.options.AllowDowngrade); err != nil {
		return err
	}
	if i.done() || i.locked.schemaVersion() == 0 {
		return nil
	}
	_, err = tx.Exec(ctx, meetNobodySQL)
	return newScriptError("bootstrap.sql", newScript("meet nobody", meetNobodySQL), err)
}

// done reports whether another installation has done everything in the meantime.
func (i *installation) done() bool {
	return len(i.locked.pending(i.wanted)) == 0 && !i.options.Repair
}

// migrate runs one migration unless another installation has done so in the meantime.
func (i *installation) migrate(ctx context.Context, tx pgx.Tx, index int) error {
	if i.locked.schemaVersion() > index {
		return nil
	}
	if index == 0 {
		if _, err := tx.Exec(ctx, createVersionTable); err != nil {
			return err
		}
	}
	ran := i.wanted.migration(index)
	_, err := tx.Exec(ctx, ran.text+countMigration(index+1))
	return newScriptError(ran.parts[0].file, ran, err)
}

// installCode runs the code lane, drops what an earlier code lane left, and records the new state.
func (i *installation) installCode(ctx context.Context, tx pgx.Tx) error {
	if i.done() {
		return nil
	}
	_, err := tx.Exec(ctx, i.wanted.code.text+i.wanted.settleSQL())
	return newScriptError("functions/", i.wanted.code, err)
}

func leaveOwner(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, leaveOwnerSQL)
	return newScriptError("leave postern_owner", newScript("leave postern_owner", leaveOwnerSQL), err)
}

// settleSQL records the installation, in the table for its owner and in the comment for everybody. The server fills in
// its own version, so that a rendered script is right on every server.
func (s *source) settleSQL() string {
	return "\n" + strings.NewReplacer(
		"RECORD", s.record().json(),
		"SCHEMAS", listOf(s.schemas),
		"OWNING", listOf(owningRoles),
		"PURPOSE", installationPurpose,
	).Replace(settleSQL)
}
