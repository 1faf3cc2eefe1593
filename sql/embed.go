// Package sql carries Postern's SQL files inside the Go binaries, so that the
// installer runs exactly the text a reviewer reads in this folder. It is for
// Postern's own programs, and may change with any version.
package sql

import (
	"embed"
	"errors"
	"regexp"
	"sync"
)

// Files holds bootstrap.sql, the numbered migrations of schema/ and the
// replaceable objects of functions/ under their paths in this folder.
//
//go:embed bootstrap.sql schema functions
var Files embed.FS

// Names are the roles and schemas that bootstrap.sql creates. Only that file lists them; everything else reads it.
type Names struct {
	Schemas []string
	Roles   []Role
}

// Role is one of Postern's roles.
type Role struct {
	Name     string
	MemberOf []string
}

var (
	schemasPattern    = regexp.MustCompile(`(?s)foreach schema_name in array array\[(.*?)\]`)
	schemaPattern     = regexp.MustCompile(`'(\w+)'`)
	rolePattern       = regexp.MustCompile(`\('(\w+)',\s+'Postern: `)
	membershipPattern = regexp.MustCompile(`\('(\w+)',\s+'(\w+)'\)`)
)

// ReadNames finds the names in the text of bootstrap.sql.
func ReadNames(bootstrap string) (*Names, error) {
	var names Names
	for _, match := range schemaPattern.FindAllStringSubmatch(schemasPattern.FindString(bootstrap), -1) {
		names.Schemas = append(names.Schemas, match[1])
	}
	if len(names.Schemas) == 0 {
		return nil, errors.New("bootstrap.sql: no list of schemas")
	}
	for _, match := range rolePattern.FindAllStringSubmatch(bootstrap, -1) {
		role := Role{Name: match[1]}
		for _, membership := range membershipPattern.FindAllStringSubmatch(bootstrap, -1) {
			if membership[2] == role.Name {
				role.MemberOf = append(role.MemberOf, membership[1])
			}
		}
		names.Roles = append(names.Roles, role)
	}
	if len(names.Roles) == 0 {
		return nil, errors.New("bootstrap.sql: no list of roles")
	}
	return &names, nil
}

// OwnNames are those of this binary.
var OwnNames = sync.OnceValue(func() *Names {
	names, err := ReadNames(bootstrap)
	if err != nil {
		panic(err) // the file is part of the binary
	}
	return names
})

//go:embed bootstrap.sql
var bootstrap string
