package demo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

func (s *story) sealLog(ctx context.Context) error {
	s.heading("The log is sealed")
	s.say("The log says who approved what, but a superuser can change anything in a database. So the entries become the")
	s.say("leaves of a tree of hashes, and its head is signed, outside of the database. First a key:")
	s.code("$ DIR=" + s.directory)
	if err := s.run(ctx, exitDone, "$0 log key create --key $DIR/log.key --origin erp.example.com/log"); err != nil {
		return err
	}
	key, err := os.Stat(filepath.Join(s.directory, "log.key"))
	if err != nil {
		return err
	}
	s.result(key.Mode().String() + " log.key, and log.key.pub with what was printed")
	if err := s.run(ctx, exitDone, "$0 log seal --key $DIR/log.key --heads $DIR/heads"); err != nil {
		return err
	}
	s.say("This is the head. With it and the public key anybody finds every later change, so it is kept where the")
	s.say("database's administrators cannot write:")
	head, err := os.ReadFile(filepath.Join(s.directory, "heads", "latest"))
	if err != nil {
		return err
	}
	s.quote(string(head))
	return s.run(ctx, exitDone, "$0 log verify --heads $DIR/heads")
}

func (s *story) proveEntry(ctx context.Context) error {
	s.heading("Bob's approval is proven to somebody who never sees the database")
	logID, err := s.approval(ctx)
	if err != nil {
		return err
	}
	s.say("The mail said which entry it is. The proof is a file with this entry, a few hashes, and the head. To check it,")
	s.say("one needs the public key, and no database.")
	if err := s.run(ctx, exitDone, fmt.Sprintf("$0 log prove %d --heads $DIR/heads -o $DIR/proof.json", logID)); err != nil {
		return err
	}
	return s.run(ctx, exitDone, "$0 log check-proof $DIR/proof.json --public-key $DIR/log.key.pub")
}

func (s *story) rewriteComment(ctx context.Context) error {
	s.heading("A superuser does Bob a favour, and rewrites why he approved")
	logID, err := s.approval(ctx)
	if err != nil {
		return err
	}
	rewrite := fmt.Sprintf("update postern_internal.checkpoint_entry set comment = 'Alice told me to' where log_id = %d", logID)
	if _, err := expect[*pgconn.PgError](s.administer(ctx, rewrite)); err != nil {
		return err
	}
	s.say("A trigger refuses that, but a superuser gets past triggers. A managed server has no superuser for its customers.")
	s.say("There a member of postern_owner can do the same, by alter table … disable trigger.")
	err = pgx.BeginFunc(ctx, s.administrator, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "set local session_replication_role = replica"); err != nil {
			return err
		}
		changed, err := tx.Exec(ctx, rewrite)
		if err == nil && changed.RowsAffected() != 1 {
			err = fmt.Errorf("the demo's superuser changed %d entries", changed.RowsAffected())
		}
		return err
	})
	if err != nil {
		return err
	}
	s.say("Whoever reads the log now, reads this:")
	var userid, comment string
	err = s.administrator.QueryRow(ctx, fmt.Sprintf("select userid, comment from postern.checkpoint_log where log_id = %d", logID)).Scan(&userid, &comment)
	if err != nil {
		return err
	}
	s.result(userid + ": " + comment)
	return nil
}

func (s *story) findRewritten(ctx context.Context) error {
	s.heading("The entry does not lead to the signed head any more")
	if err := s.run(ctx, exitFound, "$0 log verify --heads $DIR/heads"); err != nil {
		return err
	}
	s.say("Rewriting the tree too would not help: the signed head is outside of the database. The earlier proof still shows")
	s.say("what Bob really wrote.")
	return nil
}
