// Package query has statements that only Postern's own program sends: lists for people, changes of many objects at
// once, pages of the log, and the work of doctor, sealer and event worker. Package db has those that applications also
// send. sqlc generates everything else in this package from sql/queries/installer.
package query
