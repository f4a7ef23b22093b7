-- One view a list (report.Lists): the same name, a column a key, id, and <key>_sort beside an exact decimal. Where a
-- list is restricted to locations, the view has the column scope_location. Views are made anew when this text changes.

CREATE VIEW latest_run AS
SELECT id, as_of FROM runs WHERE id = (SELECT max(r.id) FROM runs r WHERE r.known_at IS NULL);

CREATE VIEW license_list AS
SELECT l.id, l.name, l.metric, p.consumed, p.entitled, p.entitled_sort, p.position, p.position_sort,
    coalesce(p.status, 'not measured') AS status, p.used, p.used_sort, p.peak_date, p.current, p.current_sort, p.period, l.publisher,
    CASE WHEN p.run IS NULL THEN NULL ELSE r.as_of END AS measured_to, p.remarks, l.products, l.product_names, l.revision
FROM licenses l
LEFT JOIN latest_run r ON 1 = 1
LEFT JOIN positions p ON p.run = r.id AND p.license = l.id;

CREATE VIEW peak_list AS
SELECT p.license || '/' || p.period || '/' || CAST(p.region AS TEXT) AS id, coalesce(l.name, p.license) AS license, p.license AS license_id, l.metric, p.period,
    nullif(p.region, 0) AS region, p.peak, p.exact, p.exact_sort, p.peak_date, p.peak_start
FROM latest_run r
JOIN peaks p ON p.run = r.id
LEFT JOIN licenses l ON l.id = p.license;

CREATE VIEW device_list AS
SELECT d.id, d.name, d.domain, d.kind, d.status, d.os, d.os_name, d.arch, d.processors, d.max_sockets, d.cores, d.threads,
    d.memory_bytes / 1048576 AS memory, d.processor, d.manufacturer, d.model, d.serial, d.uuid, d.hypervisor,
    h.name AS host, d.host AS host_id, d.pool, d.location, d.location AS scope_location,
    coalesce(d.role, 'production') AS role, coalesce(d.hosted_in, d.provider, 'on-premises') AS hosted_in,
    d.provider, d.account, d.cloud_region, d.zone, d.instance AS instance_id, d.instance_type, d.image, d.cloud_state,
    (SELECT count(*) FROM installations i WHERE i.device = d.id AND i.superseded IS NULL AND i.valid_to IS NULL) AS installations,
    d.titles, s.last_inventory AS last_document,
    (SELECT max(c.covered_to) FROM coverage c WHERE c.device = d.id) AS last_check,
    d.source, d.first_seen, s.last_contact
FROM devices d
JOIN device_state s ON s.device = d.id
LEFT JOIN devices h ON h.id = d.host;

CREATE VIEW installation_list AS
SELECT CAST(i.device AS TEXT) || '/' || i.product || '/' || CAST(i.valid_from AS TEXT) AS id, i.name AS product, i.product AS product_id, i.version, i.edition,
    i.publisher, d.name AS device, i.device AS device_id, l.name AS license, a.license AS license_id, a.reason, i.rule, i.free,
    i.valid_from AS since, i.valid_to AS until, d.location AS scope_location
FROM installations i
JOIN devices d ON d.id = i.device
LEFT JOIN assignments a ON a.device = i.device AND a.product = i.product AND a.status = 'consumes' AND i.valid_to IS NULL
LEFT JOIN licenses l ON l.id = a.license
WHERE i.superseded IS NULL;

CREATE VIEW evidence_list AS
SELECT CAST(p.device AS TEXT) || '/' || p.part || '/' || CAST(t.id AS TEXT) AS id, t.name, t.version, t.arch, t.kind, t.source, t.publisher, t.path,
    p.part, d.name AS device, p.device AS device_id, d.location AS scope_location
FROM device_parts p
JOIN set_titles s ON s.hash = p.hash
JOIN titles t ON t.id = s.title
JOIN devices d ON d.id = p.device;

CREATE VIEW document_list AS
SELECT m.document AS id, m.document, d.name AS device, m.device AS device_id, m.kind, m.source, m.connection, m.collected, m.received, m.effective,
    m.size AS bytes, m.collector, m.points, m.remark, d.location AS scope_location
FROM documents m
JOIN devices d ON d.id = m.device;

CREATE VIEW remark_list AS
SELECT m.place AS id, coalesce(l.name, m.license) AS license, m.license AS license_id, m.code, d.name AS device, m.device AS device_id, m.valid_from AS since,
    m.valid_to AS until, d.location AS scope_location
FROM latest_run r
JOIN remarks m ON m.run = r.id
LEFT JOIN licenses l ON l.id = m.license
LEFT JOIN devices d ON d.id = m.device;

CREATE VIEW agent_list AS
SELECT a.agent AS id, a.name, a.version, a.device AS device_id, d.name AS device, a.enrolled, a.last_contact, a.clock_offset, a.policy_revision, a.revoked,
    CASE WHEN a.revoked IS NULL THEN 'enrolled' ELSE 'revoked' END AS status, t.name AS token, d.location AS scope_location
FROM agents a
LEFT JOIN devices d ON d.id = a.device
LEFT JOIN enrolment_tokens t ON t.id = a.token;

CREATE VIEW token_list AS
SELECT id, name, created, author, expires, max_uses, uses, revoked, last_used FROM enrolment_tokens;

CREATE VIEW run_list AS
SELECT id, as_of, known_at, started, finished, finished - started AS took, cause, author, estate_digest, devices, remark FROM runs;

CREATE VIEW job_list AS
SELECT name || '/' || CAST(claimed AS TEXT) AS id, name, due, claimed, finished, holder, outcome,
    CASE WHEN finished IS NULL THEN 'running' WHEN outcome = '' THEN 'done' ELSE 'failed' END AS status
FROM job_runs;

CREATE VIEW user_list AS
SELECT id, name, full_name, role, disabled, created, last_sign_in FROM users;

CREATE VIEW audit_list AS
SELECT id, at, author, action, kind, key, reason, remote FROM audit;

CREATE VIEW change_list AS
SELECT kind || '/' || key || '/' || CAST(revision AS TEXT) AS id, kind, key, revision, recorded, author, reason, CASE WHEN body IS NULL THEN 1 ELSE 0 END AS removed
FROM configuration;

CREATE VIEW location_list AS
SELECT l.id, l.name, l.parent, l.region, l.effective_region, (SELECT count(*) FROM devices d WHERE d.location = l.id) AS devices, l.id AS scope_location
FROM locations l;
