-- name: TakeIDs :one
INSERT INTO id_blocks (name, next) VALUES (sqlc.arg(name), 1 + CAST(sqlc.arg(count) AS bigint))
ON CONFLICT (name) DO UPDATE SET next = id_blocks.next + excluded.next - 1
RETURNING next;

-- name: Fact :one
SELECT value FROM facts WHERE name = $1;

-- name: SetFact :exec
INSERT INTO facts (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value;
