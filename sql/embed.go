// Package sql carries Postern's SQL files inside the Go binaries, so that the
// installer runs exactly the text a reviewer reads in this folder.
package sql

import "embed"

// Files holds bootstrap.sql, the numbered migrations of schema/ and the
// replaceable objects of functions/ under their paths in this folder.
//
//go:embed bootstrap.sql schema functions
var Files embed.FS
