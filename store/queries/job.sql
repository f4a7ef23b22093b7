-- name: ClaimJob :one
INSERT INTO jobs (name, due, holder, started, expires)
VALUES (sqlc.arg(name), sqlc.arg(due), sqlc.arg(holder), sqlc.arg(now), sqlc.arg(expires))
ON CONFLICT (name, due) DO UPDATE SET holder = excluded.holder, started = excluded.started, expires = excluded.expires
WHERE jobs.finished IS NULL AND jobs.expires <= excluded.started
RETURNING holder;

-- name: JobRunning :one
SELECT count(*) FROM jobs WHERE name = $1 AND due <> $2 AND finished IS NULL AND expires > $3;

-- name: ExtendJob :execrows
UPDATE jobs SET expires = sqlc.arg(expires)
WHERE name = sqlc.arg(name) AND due = sqlc.arg(due) AND holder = sqlc.arg(holder) AND finished IS NULL AND expires > sqlc.arg(now);

-- name: FinishJob :execrows
UPDATE jobs SET finished = sqlc.arg(finished), outcome = sqlc.arg(outcome)
WHERE name = sqlc.arg(name) AND due = sqlc.arg(due) AND holder = sqlc.arg(holder) AND finished IS NULL;

-- name: JobRuns :many
SELECT * FROM jobs WHERE name = $1 ORDER BY due DESC LIMIT $2;

-- name: DeleteJobsBefore :exec
DELETE FROM jobs WHERE due < $1 AND finished IS NOT NULL;
