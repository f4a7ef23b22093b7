-- name: TitleID :one
SELECT id FROM titles WHERE hash = $1;

-- name: InsertTitle :exec
INSERT INTO titles (id, hash, kind, source, name, version, arch, publisher, path, tag_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (hash) DO NOTHING;

-- name: Title :one
SELECT * FROM titles WHERE id = $1;

-- name: Titles :many
SELECT * FROM titles WHERE id > $1 ORDER BY id LIMIT $2;

-- name: HasEvidenceSet :one
SELECT count FROM evidence_sets WHERE hash = $1;

-- name: InsertEvidenceSet :exec
INSERT INTO evidence_sets (hash, count, body) VALUES ($1, $2, $3) ON CONFLICT (hash) DO NOTHING;

-- name: EvidenceSet :one
SELECT body FROM evidence_sets WHERE hash = $1;

-- name: EvidenceSets :many
SELECT * FROM evidence_sets WHERE hash > $1 ORDER BY hash LIMIT $2;

-- name: ClearTitleSpread :exec
DELETE FROM title_spread;

-- name: InsertTitleSpread :exec
INSERT INTO title_spread (title, devices, recognized) VALUES ($1, $2, $3);
