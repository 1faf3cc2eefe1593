// Package db has a typed function for each function of Postern that applications and their administrators call, the mirrored
// interfaces included. sqlc generates the rest of this package from sql/queries. The comment of each function says what
// it does.
//
// New takes a connection, a pool or a transaction. Functions that concern a user need the transaction that [postern.Do]
// passes to work, because the user is known only there.
//
// [postern.Do]: https://pkg.go.dev/github.com/posternsql/postern#Do
package db
