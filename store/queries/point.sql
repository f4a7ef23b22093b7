-- name: PointsInForce :many
SELECT * FROM (SELECT * FROM points p1 WHERE p1.device = sqlc.arg(device) AND p1.aspect = 'hardware' AND p1.valid_from <= sqlc.arg(at) ORDER BY p1.valid_from DESC, p1.recorded DESC LIMIT 1) a1
UNION ALL
SELECT * FROM (SELECT * FROM points p2 WHERE p2.device = sqlc.arg(device) AND p2.aspect = 'placement' AND p2.valid_from <= sqlc.arg(at) ORDER BY p2.valid_from DESC, p2.recorded DESC LIMIT 1) a2
UNION ALL
SELECT * FROM (SELECT * FROM points p3 WHERE p3.device = sqlc.arg(device) AND p3.aspect = 'pools' AND p3.valid_from <= sqlc.arg(at) ORDER BY p3.valid_from DESC, p3.recorded DESC LIMIT 1) a3
UNION ALL
SELECT * FROM (SELECT * FROM points p4 WHERE p4.device = sqlc.arg(device) AND p4.aspect = 'evidence' AND p4.valid_from <= sqlc.arg(at) ORDER BY p4.valid_from DESC, p4.recorded DESC LIMIT 1) a4
UNION ALL
SELECT * FROM (SELECT * FROM points p5 WHERE p5.device = sqlc.arg(device) AND p5.aspect = 'name' AND p5.valid_from <= sqlc.arg(at) ORDER BY p5.valid_from DESC, p5.recorded DESC LIMIT 1) a5
UNION ALL
SELECT * FROM (SELECT * FROM points p6 WHERE p6.device = sqlc.arg(device) AND p6.aspect = 'cloud' AND p6.valid_from <= sqlc.arg(at) ORDER BY p6.valid_from DESC, p6.recorded DESC LIMIT 1) a6;

-- name: PointsLater :many
SELECT * FROM points WHERE device = $1 AND valid_from > $2 ORDER BY valid_from, recorded, aspect;

-- name: PointAt :one
SELECT * FROM points WHERE device = $1 AND aspect = $2 AND valid_from <= $3 ORDER BY valid_from DESC, recorded DESC LIMIT 1;

-- name: PointAfter :one
SELECT * FROM points WHERE device = $1 AND aspect = $2 AND valid_from > $3 ORDER BY valid_from, recorded DESC LIMIT 1;

-- name: DeviceHistory :many
SELECT * FROM points WHERE device = $1 AND recorded <= $2 ORDER BY aspect, valid_from, recorded;

-- name: AspectHistory :many
SELECT * FROM points WHERE aspect = sqlc.arg(aspect) AND recorded <= sqlc.arg(known_at) AND device >= sqlc.arg(first) AND device <= sqlc.arg(last)
ORDER BY device, valid_from, recorded;

-- name: InsertShape :exec
INSERT INTO shapes (id, processor, model, os) VALUES ($1, $2, $3, $4) ON CONFLICT (processor, model, os) DO NOTHING;

-- name: ShapeID :one
SELECT id FROM shapes WHERE processor = $1 AND model = $2 AND os = $3;

-- name: Shapes :many
SELECT * FROM shapes;
