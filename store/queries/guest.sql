-- name: DevicesEverOn :many
-- Devices that were ever placed on a host up to an instant.
SELECT DISTINCT device FROM placement_points WHERE host = $1 AND valid_from <= sqlc.arg(at) ORDER BY device;
