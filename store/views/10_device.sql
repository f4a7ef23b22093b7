-- One view a grid; its columns are the grid's keys. Views are made anew when this text changes.
CREATE VIEW run_list AS
SELECT id, as_of, known_at, started, finished, finished - started AS took, cause, author, estate_digest, devices, remark FROM runs;
