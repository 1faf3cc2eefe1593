package install

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// ownSource is what this binary contains. Reading it takes some milliseconds, and a health check asks often.
var ownSource = sync.OnceValues(func() (*source, error) {
	return readSource(context.Background(), Options{}.withDefaults().Files)
})

// Ready returns an error unless the database has what this binary would install, and can be written. It needs no
// privilege in Postern's schemas.
func Ready(ctx context.Context, database querier) error {
	wanted, err := ownSource()
	if err != nil {
		return err
	}
	var held *record
	var readOnly bool
	if err := database.QueryRow(ctx, "select "+recordedSQL+", current_setting('transaction_read_only')::boolean").Scan(&held, &readOnly); err != nil {
		return err
	}
	own := wanted.record()
	switch {
	case held == nil:
		return errors.New("Postern is not installed in this database")
	case held.SchemaSHA256 != own.SchemaSHA256 || held.CodeSHA256 != own.CodeSHA256:
		return fmt.Errorf("the database holds Postern %s (schema %d, code %.12s), and this program is %s (schema %d, code %.12s)",
			held.Version, held.SchemaVersion, held.CodeSHA256, own.Version, own.SchemaVersion, own.CodeSHA256)
	case readOnly:
		return errors.New("nothing can be written: the server is a standby, or the transactions of this login are read-only")
	}
	return nil
}
