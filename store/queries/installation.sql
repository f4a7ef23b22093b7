-- name: CurrentInstallations :many
SELECT * FROM installations WHERE device = $1 AND superseded IS NULL ORDER BY product, valid_from;

-- name: InstallationsOfMany :many
SELECT device, product, valid_from, valid_to FROM installations
WHERE device >= sqlc.arg(first) AND device <= sqlc.arg(last) AND recorded <= sqlc.arg(known_at) AND (superseded IS NULL OR superseded > sqlc.arg(known_at))
ORDER BY device, product, valid_from;

-- name: CurrentInstallationsOfMany :many
SELECT * FROM installations WHERE device >= sqlc.arg(first) AND device <= sqlc.arg(last) AND superseded IS NULL ORDER BY device, product, valid_from;

-- name: InsertInstallation :exec
INSERT INTO installations (device, product, valid_from, recorded, valid_to, publisher, name, version, edition, free, rule, evidence)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

-- name: SupersedeInstallation :exec
UPDATE installations SET superseded = sqlc.arg(superseded)
WHERE device = sqlc.arg(device) AND product = sqlc.arg(product) AND valid_from = sqlc.arg(valid_from) AND recorded = sqlc.arg(recorded);

-- name: DeleteAssignmentsOfDevice :exec
DELETE FROM assignments WHERE device = $1;

-- name: InsertAssignment :exec
INSERT INTO assignments (device, product, license, status, reason, run) VALUES ($1, $2, $3, $4, $5, $6);

-- name: AssignmentsOfDevice :many
SELECT * FROM assignments WHERE device = $1 ORDER BY product, license;

-- name: AssignmentsOfMany :many
SELECT * FROM assignments WHERE device >= $1 AND device <= $2 ORDER BY device, product, license;
