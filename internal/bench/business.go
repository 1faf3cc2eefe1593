package bench

import (
	"context"
	_ "embed"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/install"
)

//go:embed business.sql
var businessSQL string

// business is a database with the code of a large application. All measurements that search code share it.
type business struct {
	scene  *scene
	name   string
	config *pgx.ConnConfig
	faulty bool // whether doctor finds something
}

// openBusiness returns the business even if it fails half-way, so that it can be closed.
func (s *scene) openBusiness(ctx context.Context) (*business, error) {
	if s.business != nil {
		return s.business, nil
	}
	b := &business{scene: s, name: s.name + "_business"}
	s.business = b
	if _, err := s.admin.Exec(ctx, "create database "+b.name+" template template0"); err != nil {
		return b, err
	}
	var err error
	if b.config, err = s.config(b.name); err != nil {
		return b, err
	}
	if _, err := install.Install(ctx, b.config, install.Options{}); err != nil {
		return b, err
	}
	return b, b.run(ctx, businessSQL)
}

func (b *business) run(ctx context.Context, sql string) error {
	if err := within(ctx, b.config, func(connection *pgx.Conn) error {
		_, err := connection.Exec(ctx, sql)
		return err
	}); err != nil {
		return fmt.Errorf("prepare the database: %w", err)
	}
	return nil
}

func (b *business) close(ctx context.Context) error {
	_, err := b.scene.admin.Exec(ctx, "drop database if exists "+b.name+" with (force)")
	return err
}

func within(ctx context.Context, config *pgx.ConnConfig, do func(*pgx.Conn) error) error {
	connection, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	return errors.Join(do(connection), connection.Close(ctx))
}
