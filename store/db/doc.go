// Package db is the SQL of store/queries compiled into Go by sqlc ("make generate"). Only package store uses it.
package db
