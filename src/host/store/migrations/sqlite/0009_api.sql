-- The programming interface: its keys, what was asked through it, and the audit.

-- How long and how far ahead, where the tenant has its own.
ALTER TABLE tenants ADD COLUMN keep_days INTEGER;
ALTER TABLE tenants ADD COLUMN horizon_days INTEGER;

-- The version of the plan with which the meeting last changed, so that a reader can follow changes.
ALTER TABLE meetings ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX meetings_by_change ON meetings (tenant, changed, id);
CREATE INDEX dispatches_by_plan ON dispatches (tenant, fire_at, bot_key);

-- hash: SHA-256 of the key in hexadecimal digits.
CREATE TABLE api_keys (
    tenant INTEGER NOT NULL,
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    hash TEXT NOT NULL,
    scopes TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    revoked_at INTEGER,
    version INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX api_keys_by_hash ON api_keys (hash);

-- Outlives its tenant.
CREATE TABLE audit (
    tenant INTEGER NOT NULL,
    number INTEGER NOT NULL,
    happened_at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (tenant, number)
) STRICT;

-- status: absent while the request is worked on.
CREATE TABLE requests (
    tenant INTEGER NOT NULL,
    name TEXT NOT NULL,
    hash TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    status INTEGER,
    body TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (tenant, name)
) STRICT;
CREATE INDEX requests_by_time ON requests (tenant, made_at);
