// Package db has a typed function for each function of Postern that applications and their administrators call, the mirrored
// interfaces included. sqlc makes all else in this package of sql/queries; the comment of each function says what it does.
//
// New takes a connection, a pool or a transaction. Whatever concerns a user takes the transaction that [postern.Do] hands
// to the work: only there is the user known.
//
// [postern.Do]: https://pkg.go.dev/github.com/posternsql/postern#Do
package db
