-- name: Title :one
SELECT * FROM titles WHERE id = $1;

-- name: Titles :many
SELECT * FROM titles WHERE id > $1 ORDER BY id LIMIT $2;

-- name: HasEvidenceSet :one
SELECT count FROM evidence_sets WHERE hash = $1;

-- name: EvidenceSet :one
SELECT body FROM evidence_sets WHERE hash = $1;

-- name: EvidenceSets :many
SELECT * FROM evidence_sets WHERE hash > $1 ORDER BY hash LIMIT $2;

-- name: SetsToExpand :many
SELECT DISTINCT p.hash FROM device_parts p WHERE p.count > 0 AND NOT EXISTS (SELECT 1 FROM set_titles t WHERE t.hash = p.hash) ORDER BY p.hash;

-- name: SetsToForget :many
SELECT DISTINCT t.hash FROM set_titles t WHERE NOT EXISTS (SELECT 1 FROM device_parts p WHERE p.hash = t.hash) ORDER BY t.hash;

-- name: InsertSetTitle :exec
INSERT INTO set_titles (hash, title) VALUES ($1, $2) ON CONFLICT (hash, title) DO NOTHING;

-- name: DeleteSetTitles :exec
DELETE FROM set_titles WHERE hash = $1;
