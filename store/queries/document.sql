-- name: DocumentKnown :one
SELECT device FROM documents WHERE document = $1;

-- name: InsertDocument :exec
INSERT INTO documents (id, document, device, agent, source, connection, kind, collector, collected, received, effective, recorded, digests, size, raw_size, points,
    remark)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17);

-- name: InsertDocumentBody :exec
INSERT INTO document_bodies (id, body) VALUES ($1, $2);

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

-- name: SetCoverage :exec
INSERT INTO coverage (device, covered_from, covered_to) VALUES ($1, $2, $3)
ON CONFLICT (device, covered_from) DO UPDATE SET covered_to = excluded.covered_to WHERE coverage.covered_to < excluded.covered_to;

-- name: DeleteCoverage :exec
DELETE FROM coverage WHERE device = $1 AND covered_from = $2;
