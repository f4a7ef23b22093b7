-- One text for SQLite and PostgreSQL. Times are BIGINT microseconds UTC, yes/no is 1/0, ids are made by the application
-- in insertion order. For SQLite, migrate.go reads "BIGINT PRIMARY KEY" as INTEGER PRIMARY KEY (the row id itself) and
-- "); -- clustered" as WITHOUT ROWID (rows kept in the order of the key); PostgreSQL takes the text as it stands.

-- +goose Up

-- Ids: a process takes a block at a time.
CREATE TABLE id_blocks (
    name TEXT NOT NULL PRIMARY KEY,
    next BIGINT NOT NULL
);

-- Devices: identity and what lists show. Everything but id, created and merged_into can be rebuilt from points and
-- configuration. <aspect>_from is the validity of the point the columns were filled from: a late point never wins.
CREATE TABLE devices (
    id BIGINT PRIMARY KEY,
    created BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    status TEXT NOT NULL,
    hypervisor TEXT,
    name TEXT,
    domain TEXT,
    name_from BIGINT NOT NULL DEFAULT -9223372036854775807,
    processors BIGINT,
    max_sockets BIGINT,
    cores BIGINT,
    threads BIGINT,
    memory_bytes BIGINT,
    processor TEXT,
    manufacturer TEXT,
    model TEXT,
    serial TEXT,
    uuid TEXT,
    os TEXT,
    os_name TEXT,
    arch TEXT,
    hardware_from BIGINT NOT NULL DEFAULT -9223372036854775807,
    host BIGINT,
    pool TEXT,
    placement_from BIGINT NOT NULL DEFAULT -9223372036854775807,
    provider TEXT,
    account TEXT,
    cloud_region TEXT,
    zone TEXT,
    instance TEXT,
    instance_type TEXT,
    image TEXT,
    cloud_state TEXT,
    cloud_from BIGINT NOT NULL DEFAULT -9223372036854775807,
    evidence TEXT,
    titles BIGINT,
    evidence_from BIGINT NOT NULL DEFAULT -9223372036854775807,
    location TEXT,
    role TEXT,
    hosted_in TEXT
);
CREATE INDEX devices_by_name ON devices (name, id);
CREATE INDEX devices_by_host ON devices (host);
CREATE INDEX devices_by_location ON devices (location);

-- The parts of a device's current evidence, for "which devices show this title"; rebuildable from points.
CREATE TABLE device_parts (
    device BIGINT NOT NULL,
    part TEXT NOT NULL,
    hash TEXT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (device, part)
); -- clustered
CREATE INDEX device_parts_by_hash ON device_parts (hash, device);

-- What every document of a device changes, kept narrow. version guards decisions taken on what was read before.
CREATE TABLE device_state (
    device BIGINT PRIMARY KEY,
    version BIGINT NOT NULL,
    recorded BIGINT NOT NULL,
    last_inventory BIGINT,
    last_document TEXT,
    last_contact BIGINT
);

-- The newest document of each source of a device, with the fingerprints of its parts.
CREATE TABLE device_sources (
    device BIGINT NOT NULL,
    source TEXT NOT NULL,
    connection TEXT NOT NULL,
    document TEXT NOT NULL,
    kind TEXT NOT NULL,
    collected BIGINT NOT NULL,
    received BIGINT NOT NULL,
    digests TEXT NOT NULL,
    PRIMARY KEY (device, source, connection)
); -- clustered

CREATE TABLE device_keys (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    device BIGINT NOT NULL,
    recorded BIGINT NOT NULL,
    PRIMARY KEY (kind, value, device)
); -- clustered
CREATE INDEX device_keys_by_device ON device_keys (device);

-- History. Rows are only ever added (and purged by retention): of two with the same device, aspect and valid_from the
-- later recorded counts. value NULL: unknown from then on.
CREATE TABLE points (
    device BIGINT NOT NULL,
    aspect TEXT NOT NULL,
    valid_from BIGINT NOT NULL,
    recorded BIGINT NOT NULL,
    document TEXT NOT NULL,
    source TEXT NOT NULL,
    value TEXT,
    PRIMARY KEY (device, aspect, valid_from, recorded)
); -- clustered

-- The same hardware, placement and pools points as the engine reads them: narrow and typed. Rebuildable from points.
CREATE TABLE hardware_points (
    device BIGINT NOT NULL,
    valid_from BIGINT NOT NULL,
    recorded BIGINT NOT NULL,
    known BIGINT NOT NULL,
    processors BIGINT,
    max_sockets BIGINT,
    cores BIGINT,
    threads BIGINT,
    shape BIGINT NOT NULL,
    lpar TEXT,
    PRIMARY KEY (device, valid_from, recorded)
); -- clustered

CREATE TABLE placement_points (
    device BIGINT NOT NULL,
    valid_from BIGINT NOT NULL,
    recorded BIGINT NOT NULL,
    known BIGINT NOT NULL,
    host BIGINT NOT NULL,
    pool TEXT,
    PRIMARY KEY (device, valid_from, recorded)
); -- clustered
CREATE INDEX placement_points_by_host ON placement_points (host);

CREATE TABLE pools_points (
    device BIGINT NOT NULL,
    valid_from BIGINT NOT NULL,
    recorded BIGINT NOT NULL,
    pools TEXT,
    PRIMARY KEY (device, valid_from, recorded)
); -- clustered

-- Processor, model and operating system of many devices, said once.
CREATE TABLE shapes (
    id BIGINT PRIMARY KEY,
    processor TEXT NOT NULL,
    model TEXT NOT NULL,
    os TEXT NOT NULL
);
CREATE UNIQUE INDEX shapes_once ON shapes (processor, model, os);

-- Software evidence, shared by all devices; never written inside a device's transaction.
CREATE TABLE titles (
    id BIGINT PRIMARY KEY,
    hash BYTEA NOT NULL,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    arch TEXT NOT NULL,
    publisher TEXT NOT NULL,
    path TEXT NOT NULL,
    tag_id TEXT NOT NULL,
    edition TEXT NOT NULL,
    bytes BIGINT NOT NULL
);
CREATE UNIQUE INDEX titles_once ON titles (hash);

CREATE TABLE evidence_sets (
    hash BYTEA NOT NULL PRIMARY KEY,
    count BIGINT NOT NULL,
    body BYTEA NOT NULL
); -- clustered

-- The sets that devices show now, a row a title, for lists; rebuilt by reconciliation.
CREATE TABLE set_titles (
    hash TEXT NOT NULL,
    title BIGINT NOT NULL,
    PRIMARY KEY (hash, title)
); -- clustered
CREATE INDEX set_titles_by_title ON set_titles (title, hash);

-- Documents: what is asked of them often; the envelopes lie apart.
CREATE TABLE documents (
    id BIGINT PRIMARY KEY,
    document TEXT NOT NULL,
    device BIGINT NOT NULL,
    agent TEXT NOT NULL,
    source TEXT NOT NULL,
    connection TEXT NOT NULL,
    kind TEXT NOT NULL,
    collector TEXT NOT NULL,
    collected BIGINT NOT NULL,
    received BIGINT NOT NULL,
    effective BIGINT NOT NULL,
    recorded BIGINT NOT NULL,
    digests TEXT NOT NULL,
    size BIGINT NOT NULL,
    raw_size BIGINT NOT NULL,
    points BIGINT NOT NULL,
    remark TEXT NOT NULL
);
CREATE UNIQUE INDEX documents_once ON documents (document);
CREATE INDEX documents_by_device ON documents (device, effective);

CREATE TABLE document_bodies (
    id BIGINT PRIMARY KEY,
    body BYTEA NOT NULL
);

-- Measured time: spans in which a device was checked at its cadence.
CREATE TABLE coverage (
    device BIGINT NOT NULL,
    covered_from BIGINT NOT NULL,
    covered_to BIGINT NOT NULL,
    PRIMARY KEY (device, covered_from)
); -- clustered

-- Agents and the tokens they enrol with.
CREATE TABLE agents (
    agent TEXT NOT NULL PRIMARY KEY,
    public_key BYTEA NOT NULL,
    key_id TEXT NOT NULL,
    device BIGINT,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    token BIGINT,
    enrolled BIGINT NOT NULL,
    revoked BIGINT,
    revoked_by TEXT,
    last_contact BIGINT,
    clock_offset BIGINT,
    policy_revision TEXT NOT NULL
); -- clustered
CREATE INDEX agents_by_device ON agents (device);
CREATE INDEX agents_by_key ON agents (key_id);

CREATE TABLE enrolment_tokens (
    id BIGINT PRIMARY KEY,
    hash BYTEA NOT NULL,
    name TEXT NOT NULL,
    created BIGINT NOT NULL,
    author TEXT NOT NULL,
    expires BIGINT,
    max_uses BIGINT,
    uses BIGINT NOT NULL,
    revoked BIGINT,
    last_used BIGINT
);
CREATE UNIQUE INDEX enrolment_tokens_once ON enrolment_tokens (hash);

-- Configuration: every revision of every object. body NULL: the object is gone from then on.
CREATE TABLE configuration (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    revision BIGINT NOT NULL,
    recorded BIGINT NOT NULL,
    author TEXT NOT NULL,
    reason TEXT NOT NULL,
    body TEXT,
    PRIMARY KEY (kind, key, revision)
); -- clustered

-- Locations as lists and scopes need them; rebuildable from configuration.
CREATE TABLE locations (
    id TEXT NOT NULL PRIMARY KEY,
    parent TEXT,
    name TEXT NOT NULL,
    region BIGINT,
    effective_region BIGINT
); -- clustered
CREATE INDEX locations_by_parent ON locations (parent);

-- Licenses as lists need them; rebuildable from configuration.
CREATE TABLE licenses (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    publisher TEXT NOT NULL,
    metric TEXT NOT NULL,
    products BIGINT NOT NULL,
    product_names TEXT NOT NULL,
    revision BIGINT NOT NULL,
    recorded BIGINT NOT NULL
); -- clustered

-- What recognition found, as history: superseded rows tell what was believed before.
CREATE TABLE installations (
    device BIGINT NOT NULL,
    product TEXT NOT NULL,
    valid_from BIGINT NOT NULL,
    recorded BIGINT NOT NULL,
    valid_to BIGINT,
    superseded BIGINT,
    publisher TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    edition TEXT NOT NULL,
    free BIGINT NOT NULL,
    rule TEXT NOT NULL,
    evidence TEXT NOT NULL,
    PRIMARY KEY (device, product, valid_from, recorded)
); -- clustered
CREATE INDEX installations_by_product ON installations (product, device);

-- Which license each installation consumes, and why not the others; of the latest run.
CREATE TABLE assignments (
    device BIGINT NOT NULL,
    product TEXT NOT NULL,
    license TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    run BIGINT NOT NULL,
    PRIMARY KEY (device, product, license)
); -- clustered
CREATE INDEX assignments_by_license ON assignments (license, status);

-- Runs of reconciliation and what they measured.
CREATE TABLE runs (
    id BIGINT PRIMARY KEY,
    as_of BIGINT NOT NULL,
    known_at BIGINT,
    started BIGINT NOT NULL,
    finished BIGINT NOT NULL,
    cause TEXT NOT NULL,
    author TEXT NOT NULL,
    estate_digest TEXT NOT NULL,
    devices BIGINT NOT NULL,
    remark TEXT NOT NULL
);
CREATE TABLE measurements (
    run BIGINT PRIMARY KEY,
    body BYTEA NOT NULL
);
CREATE TABLE positions (
    run BIGINT NOT NULL,
    license TEXT NOT NULL,
    place BIGINT NOT NULL,
    metric TEXT NOT NULL,
    period TEXT NOT NULL,
    consumed BIGINT NOT NULL,
    entitled TEXT,
    entitled_sort DOUBLE PRECISION,
    position TEXT,
    position_sort DOUBLE PRECISION,
    used TEXT,
    used_sort DOUBLE PRECISION,
    status TEXT NOT NULL,
    peak_date BIGINT,
    current TEXT NOT NULL,
    current_sort DOUBLE PRECISION NOT NULL,
    remarks BIGINT NOT NULL,
    PRIMARY KEY (run, license)
); -- clustered
CREATE TABLE peaks (
    run BIGINT NOT NULL,
    license TEXT NOT NULL,
    period TEXT NOT NULL,
    region BIGINT NOT NULL,
    place BIGINT NOT NULL,
    exact TEXT NOT NULL,
    exact_sort DOUBLE PRECISION NOT NULL,
    peak BIGINT NOT NULL,
    peak_date BIGINT,
    peak_start BIGINT,
    PRIMARY KEY (run, license, period, region)
); -- clustered
CREATE TABLE remarks (
    run BIGINT NOT NULL,
    place BIGINT NOT NULL,
    license TEXT NOT NULL,
    code TEXT NOT NULL,
    device BIGINT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_to BIGINT,
    PRIMARY KEY (run, place)
); -- clustered
CREATE INDEX remarks_by_device ON remarks (device);
CREATE TABLE series (
    run BIGINT NOT NULL,
    license TEXT NOT NULL,
    region BIGINT NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY (run, license, region)
); -- clustered

-- People.
CREATE TABLE users (
    id BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    full_name TEXT NOT NULL,
    role TEXT NOT NULL,
    scope TEXT NOT NULL,
    password TEXT NOT NULL,
    theme TEXT NOT NULL,
    disabled BIGINT NOT NULL,
    created BIGINT NOT NULL,
    last_sign_in BIGINT
);
CREATE UNIQUE INDEX users_once ON users (name);
CREATE TABLE sessions (
    token BYTEA NOT NULL PRIMARY KEY,
    data BYTEA NOT NULL,
    expiry BIGINT NOT NULL
); -- clustered
CREATE INDEX sessions_by_expiry ON sessions (expiry);
CREATE TABLE audit (
    id BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    author TEXT NOT NULL,
    action TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    before TEXT,
    after TEXT,
    reason TEXT NOT NULL,
    remote TEXT NOT NULL
);
CREATE INDEX audit_by_at ON audit (at);

-- Work that one server does at a time: the newest claim of each job, and what became of every run.
CREATE TABLE jobs (
    name TEXT NOT NULL PRIMARY KEY,
    due BIGINT NOT NULL,
    holder TEXT NOT NULL,
    claimed BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    finished BIGINT
); -- clustered
CREATE TABLE job_runs (
    name TEXT NOT NULL,
    claimed BIGINT NOT NULL,
    holder TEXT NOT NULL,
    due BIGINT NOT NULL,
    finished BIGINT,
    outcome TEXT,
    PRIMARY KEY (name, claimed, holder)
); -- clustered

-- Small facts about the database itself, e.g. which text the views were made from.
CREATE TABLE facts (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
); -- clustered
