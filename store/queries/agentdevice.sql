-- name: AgentDevice :many
SELECT s.device, s.version, s.recorded, s.last_inventory, s.last_document, s.last_contact, d.kind, d.source, d.status, d.hypervisor, d.evidence_from,
    CAST(coalesce((SELECT max(c.covered_from) FROM coverage c WHERE c.device = s.device), 0) AS BIGINT) AS covered_from,
    CAST(coalesce((SELECT max(c.covered_to) FROM coverage c WHERE c.device = s.device), 0) AS BIGINT) AS covered_to,
    o.document, o.kind AS document_kind, o.collected, o.received, o.digests
FROM device_keys k
JOIN device_state s ON s.device = k.device
JOIN devices d ON d.id = k.device
JOIN device_sources o ON o.device = k.device AND o.source = sqlc.arg(source) AND o.connection = sqlc.arg(connection)
WHERE k.kind = 'agent' AND k.value = sqlc.arg(agent)
LIMIT 2;
