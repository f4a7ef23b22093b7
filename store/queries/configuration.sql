-- name: InsertConfiguration :execrows
INSERT INTO configuration (kind, key, revision, recorded, author, reason, body) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (kind, key, revision) DO NOTHING;

-- name: ConfigurationHead :one
SELECT revision, recorded FROM configuration WHERE kind = $1 AND key = $2 ORDER BY revision DESC LIMIT 1;

-- name: ConfigurationObject :one
SELECT * FROM configuration c WHERE c.kind = $1 AND c.key = $2 AND c.recorded <= $3 ORDER BY c.revision DESC LIMIT 1;

-- name: ConfigurationObjects :many
SELECT * FROM configuration c WHERE c.kind = sqlc.arg(kind) AND c.recorded <= sqlc.arg(known_at) AND NOT EXISTS (
    SELECT 1 FROM configuration n WHERE n.kind = c.kind AND n.key = c.key AND n.revision = c.revision + 1 AND n.recorded <= sqlc.arg(known_at))
ORDER BY c.key;

-- name: ConfigurationHistory :many
SELECT * FROM configuration WHERE kind = $1 AND key = $2 ORDER BY revision DESC;

-- name: SaveLocation :exec
INSERT INTO locations (id, parent, name, region, effective_region) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO UPDATE SET parent = excluded.parent, name = excluded.name, region = excluded.region, effective_region = excluded.effective_region;

-- name: DeleteLocation :exec
DELETE FROM locations WHERE id = $1;

-- name: SaveLicenseRow :exec
INSERT INTO licenses (id, name, publisher, metric, products, product_names, revision, recorded) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, publisher = excluded.publisher, metric = excluded.metric, products = excluded.products,
    product_names = excluded.product_names, revision = excluded.revision, recorded = excluded.recorded;

-- name: DeleteLicenseRow :exec
DELETE FROM licenses WHERE id = $1;

-- name: Locations :many
SELECT * FROM locations ORDER BY id;

-- name: CountDevicesAt :one
SELECT count(*) FROM devices WHERE location = $1;

-- name: LicenseRow :one
SELECT * FROM licenses WHERE id = $1;

-- name: Location :one
SELECT * FROM locations WHERE id = $1;
