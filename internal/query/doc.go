// Package query has what only Postern's own program sends: lists for people, changes of many objects at once, pages of the
// log, and the work of doctor, sealer and event worker. What applications call as well is in package db.
// sqlc makes all else in this package of sql/queries/installer.
package query
