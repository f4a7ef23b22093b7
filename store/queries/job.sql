-- name: ClaimJob :one
INSERT INTO jobs (name, due, holder, claimed, expires)
VALUES (sqlc.arg(name), sqlc.arg(due), sqlc.arg(holder), sqlc.arg(now), sqlc.arg(expires))
ON CONFLICT (name) DO UPDATE SET due = excluded.due, holder = excluded.holder, claimed = excluded.claimed, expires = excluded.expires, finished = NULL
WHERE (jobs.finished IS NOT NULL AND jobs.due < excluded.due) OR (jobs.finished IS NULL AND jobs.expires <= excluded.claimed AND jobs.due <= excluded.due)
RETURNING claimed;

-- name: InsertJobRun :exec
INSERT INTO job_runs (name, claimed, holder, due) VALUES ($1, $2, $3, $4);

-- name: ExtendJob :execrows
UPDATE jobs SET expires = sqlc.arg(expires)
WHERE name = sqlc.arg(name) AND due = sqlc.arg(due) AND holder = sqlc.arg(holder) AND finished IS NULL AND expires > sqlc.arg(now);

-- name: FinishJob :execrows
UPDATE jobs SET finished = sqlc.arg(finished)
WHERE name = sqlc.arg(name) AND due = sqlc.arg(due) AND holder = sqlc.arg(holder) AND claimed = sqlc.arg(claimed) AND finished IS NULL;

-- name: FinishJobRun :exec
UPDATE job_runs SET finished = sqlc.arg(finished), outcome = sqlc.arg(outcome)
WHERE name = sqlc.arg(name) AND claimed = sqlc.arg(claimed) AND holder = sqlc.arg(holder);

-- name: JobRuns :many
SELECT * FROM job_runs WHERE name = $1 ORDER BY claimed DESC, holder LIMIT $2;

-- name: DeleteJobRunsBefore :exec
DELETE FROM job_runs WHERE claimed < $1 AND finished IS NOT NULL;
