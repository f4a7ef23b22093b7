-- name: InsertRun :exec
INSERT INTO runs (id, as_of, known_at, started, finished, cause, author, estate_digest, devices, remark)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: InsertMeasurement :exec
INSERT INTO measurements (run, body) VALUES ($1, $2);

-- name: InsertPosition :exec
INSERT INTO positions (run, license, place, metric, period, consumed, entitled, entitled_sort, position, position_sort, used, used_sort, status,
    peak_date, current, current_sort, remarks)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17);

-- name: InsertPeak :exec
INSERT INTO peaks (run, license, period, region, place, exact, exact_sort, peak, peak_date, peak_start)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: InsertRemark :exec
INSERT INTO remarks (run, place, license, code, device, valid_from, valid_to) VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: InsertSeries :exec
INSERT INTO series (run, license, region, body) VALUES ($1, $2, $3, $4);

-- name: LatestRun :one
SELECT * FROM runs WHERE known_at IS NULL ORDER BY id DESC LIMIT 1;

-- name: Run :one
SELECT * FROM runs WHERE id = $1;

-- name: Runs :many
SELECT * FROM runs ORDER BY id DESC LIMIT $1;

-- name: Measurement :one
SELECT body FROM measurements WHERE run = $1;

-- name: Series :many
SELECT * FROM series WHERE run = $1 AND license = $2 ORDER BY region;

-- name: DeleteSeriesBefore :exec
DELETE FROM series WHERE run < $1;

-- name: DeleteRemarksBefore :exec
DELETE FROM remarks WHERE run < $1;

-- name: NthRun :one
SELECT id FROM runs WHERE known_at IS NULL ORDER BY id DESC LIMIT 1 OFFSET $1;
