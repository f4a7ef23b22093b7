-- name: DocumentKnown :one
SELECT device FROM documents WHERE document = $1;

-- name: DocumentByID :one
SELECT * FROM documents WHERE document = $1;

-- name: DocumentBody :one
SELECT b.body FROM documents d JOIN document_bodies b ON b.id = d.id WHERE d.document = $1;

-- name: DocumentsOfDevice :many
SELECT * FROM documents WHERE device = $1 ORDER BY effective DESC, id DESC LIMIT $2;

-- name: DocumentsAfter :many
SELECT * FROM documents WHERE device = $1 AND (effective > $2 OR effective = $2 AND id > $3) ORDER BY effective, id LIMIT $4;

-- name: CoverageTouching :many
SELECT * FROM coverage WHERE device = sqlc.arg(device) AND covered_from <= sqlc.arg(until) AND covered_to >= sqlc.arg(since) ORDER BY covered_from;

-- name: Coverage :many
SELECT * FROM coverage WHERE device = $1 ORDER BY covered_from;

-- name: CoverageOfMany :many
SELECT * FROM coverage WHERE device >= $1 AND device <= $2 ORDER BY device, covered_from;

-- name: DeleteCoverage :exec
DELETE FROM coverage WHERE device = $1 AND covered_from = $2;
