-- name: InsertToken :exec
INSERT INTO enrolment_tokens (id, hash, name, created, author, expires, max_uses, uses) VALUES ($1, $2, $3, $4, $5, $6, $7, 0);

-- name: UseToken :one
UPDATE enrolment_tokens SET uses = uses + 1, last_used = sqlc.arg(now)
WHERE hash = sqlc.arg(hash) AND revoked IS NULL AND (expires IS NULL OR expires > sqlc.arg(now)) AND (max_uses IS NULL OR uses < max_uses)
RETURNING id;

-- name: TokenByHash :one
SELECT * FROM enrolment_tokens WHERE hash = $1;

-- name: Tokens :many
SELECT * FROM enrolment_tokens ORDER BY id;

-- name: RevokeToken :execrows
UPDATE enrolment_tokens SET revoked = $1 WHERE id = $2 AND revoked IS NULL;

-- name: InsertAgent :execrows
INSERT INTO agents (agent, public_key, key_id, device, name, version, token, enrolled, last_contact, policy_revision)
VALUES (sqlc.arg(agent), sqlc.arg(public_key), sqlc.arg(key_id), NULL, sqlc.arg(name), sqlc.arg(version), sqlc.arg(token), sqlc.arg(enrolled), sqlc.arg(enrolled), '')
ON CONFLICT (agent) DO NOTHING;

-- name: AgentByID :one
SELECT * FROM agents WHERE agent = $1;

-- name: RekeyAgent :execrows
UPDATE agents SET public_key = sqlc.arg(public_key), key_id = sqlc.arg(key_id), name = sqlc.arg(name), version = sqlc.arg(version), token = sqlc.arg(token), enrolled = sqlc.arg(enrolled)
WHERE agent = sqlc.arg(agent) AND revoked IS NULL;

-- name: RevokeAgent :execrows
UPDATE agents SET revoked = $1, revoked_by = $2 WHERE agent = $3 AND revoked IS NULL;

-- name: ContactAgent :exec
UPDATE agents SET last_contact = sqlc.arg(last_contact), clock_offset = sqlc.arg(clock_offset), version = sqlc.arg(version)
WHERE agent = sqlc.arg(agent) AND (last_contact IS NULL OR last_contact <= sqlc.arg(last_contact));

-- name: BindAgent :exec
UPDATE agents SET device = sqlc.arg(device) WHERE agent = sqlc.arg(agent) AND (device IS NULL OR device <> sqlc.arg(device));

-- name: SetAgentPolicy :exec
UPDATE agents SET policy_revision = $1 WHERE agent = $2;

-- name: AgentByKey :many
SELECT * FROM agents WHERE key_id = $1 ORDER BY agent;

-- name: DeviceOfAgent :one
SELECT device FROM agents WHERE agent = $1;
