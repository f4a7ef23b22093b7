-- name: InsertUser :execrows
INSERT INTO users (id, name, full_name, role, scope, password, theme, disabled, created) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (name) DO NOTHING;

-- name: UpdateUser :execrows
UPDATE users SET full_name = $1, role = $2, scope = $3, password = $4, theme = $5, disabled = $6 WHERE id = $7;

-- name: SignedIn :exec
UPDATE users SET last_sign_in = $1 WHERE id = $2;

-- name: User :one
SELECT * FROM users WHERE id = $1;

-- name: UserByName :one
SELECT * FROM users WHERE name = $1;

-- name: Users :many
SELECT * FROM users ORDER BY name;

-- name: CountUsers :one
SELECT count(*) FROM users;

-- name: FindSession :one
SELECT data FROM sessions WHERE token = $1 AND expiry > $2;

-- name: SaveSession :exec
INSERT INTO sessions (token, data, expiry) VALUES ($1, $2, $3)
ON CONFLICT (token) DO UPDATE SET data = excluded.data, expiry = excluded.expiry;

-- name: DeleteSession :exec
DELETE FROM sessions WHERE token = $1;

-- name: DeleteExpiredSessions :execrows
DELETE FROM sessions WHERE expiry <= $1;

-- name: InsertAudit :exec
INSERT INTO audit (id, at, author, action, kind, key, before, after, reason, remote) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: AuditEntries :many
SELECT * FROM audit ORDER BY id DESC LIMIT $1;
