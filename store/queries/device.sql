-- name: BumpDevice :execresult
UPDATE device_state SET version = version + 1, recorded = sqlc.arg(recorded)
WHERE device = sqlc.arg(device) AND version = sqlc.arg(version);

-- name: SeeDevice :execresult
UPDATE device_state SET version = version + 1, recorded = sqlc.arg(recorded),
    last_document = CASE WHEN last_inventory > sqlc.arg(last_inventory) THEN last_document ELSE sqlc.arg(last_document) END,
    last_inventory = CASE WHEN last_inventory > sqlc.arg(last_inventory) THEN last_inventory ELSE sqlc.arg(last_inventory) END,
    last_contact = CASE WHEN last_contact > sqlc.arg(last_contact) THEN last_contact ELSE sqlc.arg(last_contact) END
WHERE device = sqlc.arg(device) AND version = sqlc.arg(version);

-- name: SetDeviceKind :exec
UPDATE devices SET kind = $1, source = $2, hypervisor = $3, status = $4 WHERE id = $5;

-- name: ShowName :exec
UPDATE devices SET name = $1, domain = $2, name_from = sqlc.arg(valid_from) WHERE id = sqlc.arg(id) AND name_from <= sqlc.arg(valid_from);

-- name: ShowHardware :exec
UPDATE devices SET processors = $1, max_sockets = $2, cores = $3, threads = $4, memory_bytes = $5, processor = $6, manufacturer = $7,
    model = $8, serial = $9, uuid = $10, os = $11, os_name = $12, arch = $13, hardware_from = sqlc.arg(valid_from)
WHERE id = sqlc.arg(id) AND hardware_from <= sqlc.arg(valid_from);

-- name: ShowPlacement :exec
UPDATE devices SET host = $1, pool = $2, placement_from = sqlc.arg(valid_from) WHERE id = sqlc.arg(id) AND placement_from <= sqlc.arg(valid_from);

-- name: ShowCloud :exec
UPDATE devices SET provider = $1, account = $2, cloud_region = $3, zone = $4, instance = $5, instance_type = $6, image = $7,
    cloud_state = $8, cloud_from = sqlc.arg(valid_from)
WHERE id = sqlc.arg(id) AND cloud_from <= sqlc.arg(valid_from);

-- name: ShowEvidence :exec
UPDATE devices SET evidence = $1, titles = $2, evidence_from = sqlc.arg(valid_from) WHERE id = sqlc.arg(id) AND evidence_from <= sqlc.arg(valid_from);

-- name: SetDeviceSettings :execrows
UPDATE devices SET location = $1, role = $2, hosted_in = $3 WHERE id = sqlc.arg(id);

-- name: SetDeviceStatus :execrows
UPDATE devices SET status = $1 WHERE id = $2;

-- name: Device :one
SELECT * FROM devices WHERE id = $1;

-- name: DeviceState :one
SELECT s.device, s.version, s.recorded, s.last_inventory, s.last_document, s.last_contact, d.kind, d.source, d.status, d.hypervisor, d.evidence_from,
    CAST(coalesce((SELECT max(c.covered_from) FROM coverage c WHERE c.device = s.device), 0) AS BIGINT) AS covered_from,
    CAST(coalesce((SELECT max(c.covered_to) FROM coverage c WHERE c.device = s.device), 0) AS BIGINT) AS covered_to
FROM device_state s JOIN devices d ON d.id = s.device WHERE s.device = $1;

-- name: DeviceStates :many
SELECT s.device, s.version FROM device_state s WHERE s.device >= $1 AND s.device <= $2 ORDER BY s.device;

-- name: DeviceSource :one
SELECT * FROM device_sources WHERE device = $1 AND source = $2 AND connection = $3;

-- name: DeviceSources :many
SELECT * FROM device_sources WHERE device = $1 ORDER BY source, connection;

-- name: InsertKey :exec
INSERT INTO device_keys (kind, value, device, recorded) VALUES ($1, $2, $3, $4) ON CONFLICT (kind, value, device) DO NOTHING;

-- name: DeleteKey :execrows
DELETE FROM device_keys WHERE kind = $1 AND value = $2 AND device = $3;

-- name: KeysOfDevices :many
SELECT k.device, d.source, k.kind, k.value, k.recorded FROM device_keys k JOIN devices d ON d.id = k.device
WHERE k.device = $1 ORDER BY k.kind, k.recorded DESC, k.value;

-- name: DevicesWithKeys :many
SELECT kind, value, device FROM device_keys
WHERE (kind = sqlc.arg(kind1) AND value = sqlc.arg(value1)) OR (kind = sqlc.arg(kind2) AND value = sqlc.arg(value2))
    OR (kind = sqlc.arg(kind3) AND value = sqlc.arg(value3)) OR (kind = sqlc.arg(kind4) AND value = sqlc.arg(value4))
    OR (kind = sqlc.arg(kind5) AND value = sqlc.arg(value5)) OR (kind = sqlc.arg(kind6) AND value = sqlc.arg(value6))
    OR (kind = sqlc.arg(kind7) AND value = sqlc.arg(value7)) OR (kind = sqlc.arg(kind8) AND value = sqlc.arg(value8))
ORDER BY kind, value, device LIMIT 1000;

-- name: CountDevices :one
SELECT count(*) FROM devices;

-- name: InsertKeyIf :execresult
INSERT INTO device_keys (kind, value, device, recorded)
SELECT CAST(sqlc.arg(kind) AS text), CAST(sqlc.arg(value) AS text), CAST(sqlc.arg(device) AS bigint), CAST(sqlc.arg(recorded) AS bigint)
WHERE (SELECT count(*) FROM device_keys k WHERE k.kind = CAST(sqlc.arg(kind) AS text) AND k.value = CAST(sqlc.arg(value) AS text)) = CAST(sqlc.arg(holders) AS bigint);

-- name: ClearParts :exec
DELETE FROM device_parts WHERE device = $1;

-- name: PartsOfDevice :many
SELECT * FROM device_parts WHERE device = $1 ORDER BY part;

-- name: DevicesWithPart :many
SELECT device FROM device_parts WHERE hash = $1 ORDER BY device;

-- name: PartSpread :many
SELECT hash, count(*) AS devices FROM device_parts GROUP BY hash ORDER BY hash;
