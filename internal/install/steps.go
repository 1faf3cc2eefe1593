package install

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	schemaVersionPurpose = "The number of migrations that have run."
	installationPurpose  = "Every installation into this database. This comment repeats the last one for those who may not read the table."
)

//go:embed check_owner.sql
var checkOwnerSQL string

// createVersionTable is what tern runs before its first migration, for those who go without tern.
const createVersionTable = `create table if not exists postern_internal.schema_version(version int4 not null primary key);

insert into postern_internal.schema_version(version)
select 0
where 0=(select count(*) from postern_internal.schema_version);
`

// meetNobodySQL waits until no transaction is under way that has asked who its user is, and keeps others from asking. That is
// what transactions do first, so from here on nobody holds a lock that the code lane needs: without it, one session or the
// other held one that it needed while waiting for one that it had, and under load no attempt succeeded.
const meetNobodySQL = "lock table postern_internal.session_secret in access exclusive mode;\n\n"

// leaveOwnerSQL ends what bootstrap.sql began.
const leaveOwnerSQL = "reset role;\n"

// revokeSQL takes memberships away, those that bootstrap.sql granted.
func revokeSQL(roles string) string { return "revoke " + roles + " from current_user;\n" }

// installation runs the steps of one installation.
type installation struct {
	connection *pgx.Conn
	config     *pgx.ConnConfig
	options    Options
	wanted     *source
	found      *state

	entered bool   // bootstrap.sql has run
	granted string // the roles, by commas, that it has granted to the installing user
}

// step is a Step that can run itself.
type step struct {
	Step
	run func(context.Context) error
}

// steps gives what has to run, in order: what a dry run shows is what an installation runs.
func (i *installation) steps() []step {
	steps := []step{{
		Step: Step{Name: "bootstrap.sql", SQL: transaction(i.bootstrapScript().text)},
		run:  i.bootstrap,
	}}
	for index := i.found.schemaVersion(); index < i.wanted.schemaVersion(); index++ {
		text := i.wanted.migration(index).text
		prepare := ""
		if index == 0 {
			prepare = createVersionTable + "\n"
		}
		steps = append(steps, step{
			Step: Step{
				Name: i.wanted.migration(index).parts[0].file,
				SQL:  transaction(lockSQL + prepare + text + countMigration(index+1)),
			},
			run: func(ctx context.Context) error { return i.migrate(ctx, index) },
		})
	}
	leave := leaveOwnerSQL
	if len(i.found.toBecome) > 0 {
		leave += revokeSQL(strings.Join(i.found.toBecome, ", "))
	}
	return append(steps,
		step{
			Step: Step{
				Name: fmt.Sprintf("functions/ (%d files)", len(i.wanted.code.parts)),
				SQL:  transaction(lockSQL + meetNobodySQL + i.wanted.code.text + i.wanted.recordSQL()),
			},
			run: i.installCode,
		},
		step{Step: Step{Name: "leave postern_owner", SQL: leave}, run: i.leaveOwner},
	)
}

func transaction(text string) string { return "begin;\n\n" + text + "\ncommit;\n" }

func countMigration(number int) string {
	return fmt.Sprintf("\nupdate postern_internal.schema_version set version=%d;\n", number)
}

func (i *installation) bootstrapScript() script {
	bootstrap := script{}
	bootstrap.appendScript(i.wanted.bootstrap)
	bootstrap.append("check who owns", checkOwnerSQL)
	return bootstrap
}

// bootstrap makes roles and schemas, and becomes postern_owner.
func (i *installation) bootstrap(ctx context.Context) error {
	bootstrap := i.bootstrapScript()
	err := retry(ctx, func() error {
		return pgx.BeginFunc(ctx, i.connection, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, bootstrap.text); err != nil {
				return err
			}
			return tx.QueryRow(ctx, "select current_setting('postern.granted_roles')").Scan(&i.granted)
		})
	})
	if err != nil {
		i.granted = ""
		return newScriptError("bootstrap.sql", bootstrap, err)
	}
	i.entered = true
	return nil
}

// migrate runs one migration, unless another installation has done so meanwhile.
func (i *installation) migrate(ctx context.Context, index int) error {
	ran := i.wanted.migration(index)
	err := i.locked(ctx, func(tx pgx.Tx, found *state) error {
		if found.schemaVersion() > index {
			return nil
		}
		if index == 0 {
			if _, err := tx.Exec(ctx, createVersionTable); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, ran.text); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, countMigration(index+1))
		return err
	})
	return newScriptError(ran.parts[0].file, ran, err)
}

// installCode runs the code lane and records it, in one transaction, unless another installation has done so meanwhile.
func (i *installation) installCode(ctx context.Context) error {
	err := i.locked(ctx, func(tx pgx.Tx, found *state) error {
		if len(found.pending(i.wanted)) == 0 && !i.options.Repair {
			return nil
		}
		if _, err := tx.Exec(ctx, meetNobodySQL); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, i.wanted.code.text+i.wanted.recordSQL())
		return err
	})
	return newScriptError("functions/", i.wanted.code, err)
}

// locked does in a transaction in which no other installation changes anything, and hands on what is there by then.
func (i *installation) locked(ctx context.Context, do func(tx pgx.Tx, found *state) error) error {
	return pgx.BeginFunc(ctx, i.connection, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockSQL); err != nil {
			return err
		}
		found, err := readState(ctx, tx, i.wanted)
		if err != nil {
			return err
		}
		if err := found.refuseNewer(i.wanted); err != nil {
			return err
		}
		return do(tx, found)
	})
}

// recordSQL says what has been installed, in the table for its owner and in the comments for everybody.
// The server tells its own version, so that a rendered script is right on every one.
func (s *source) recordSQL() string {
	installed := record{Version: Version, SchemaVersion: s.schemaVersion(), CodeSHA256: s.codeSHA256}
	reached := record{Version: Version, SchemaVersion: s.schemaVersion()}
	return fmt.Sprintf(`
do $$
declare
  server_major constant integer := current_setting('server_version_num')::integer / 10000;
begin
  insert into postern_internal.installation (version, schema_version, code_sha256, server_major)
  values ('%s', %d, '%s', server_major);
  execute format('comment on table postern_internal.installation is %%L',
                 '%s ' || ('%s'::jsonb || jsonb_build_object('server_major', server_major))::text);
end
$$;
`, installed.Version, installed.SchemaVersion, installed.CodeSHA256, installationPurpose, installed.json()) +
		reached.commentOn("schema_version", schemaVersionPurpose)
}

// leaveOwner gives back what bootstrap took, also after a failure and with a connection that is gone.
func (i *installation) leaveOwner(ctx context.Context) error {
	if !i.entered {
		return nil
	}
	i.entered = false
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	connection := i.connection
	if connection.IsClosed() {
		if i.granted == "" {
			return nil
		}
		var err error
		if connection, err = connect(ctx, i.config); err != nil {
			return i.stillMember(err)
		}
		defer closeConnection(ctx, connection)
	}
	if _, err := connection.Exec(ctx, leaveOwnerSQL); err != nil {
		return i.stillMember(err)
	}
	if i.granted != "" {
		err := retry(ctx, func() error {
			_, err := connection.Exec(ctx, revokeSQL(i.granted))
			return err
		})
		if err != nil {
			return i.stillMember(err)
		}
	}
	return nil
}

func (i *installation) stillMember(err error) error {
	if i.granted == "" {
		return err
	}
	return errors.Join(err, fmt.Errorf("%s is still a member of %s: run \"revoke %s from %s\"",
		i.found.user, i.granted, i.granted, pgx.Identifier{i.found.user}.Sanitize()))
}
