-- The programming interface: its keys, what was asked through it, and the audit.

-- How long and how far ahead, where the tenant has its own.
ALTER TABLE tenants ADD COLUMN keep_days bigint;
ALTER TABLE tenants ADD COLUMN horizon_days bigint;

-- The version of the plan with which the meeting last changed, so that a reader can follow changes.
ALTER TABLE meetings ADD COLUMN changed bigint NOT NULL DEFAULT 0;
CREATE INDEX meetings_by_change ON meetings (tenant, changed, id);
CREATE INDEX dispatches_by_plan ON dispatches (tenant, fire_at, bot_key);

-- hash: SHA-256 of the key in hexadecimal digits.
CREATE TABLE api_keys (
    tenant bigint NOT NULL,
    id bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    hash text COLLATE "C" NOT NULL,
    scopes text COLLATE "C" NOT NULL,
    made_at bigint NOT NULL,
    revoked_at bigint,
    version bigint NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX api_keys_by_hash ON api_keys (hash);

-- Outlives its tenant.
CREATE TABLE audit (
    tenant bigint NOT NULL,
    number bigint NOT NULL,
    happened_at bigint NOT NULL,
    actor text COLLATE "C" NOT NULL,
    action text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    digest text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, number)
);

-- status: absent while the request is worked on.
CREATE TABLE requests (
    tenant bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    hash text COLLATE "C" NOT NULL,
    made_at bigint NOT NULL,
    status bigint,
    body text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (tenant, name)
);
CREATE INDEX requests_by_time ON requests (tenant, made_at);

ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON api_keys USING (tenant = nullif(current_setting('app.tenant', true), '')::bigint);

ALTER TABLE audit ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit FORCE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON audit USING (tenant = nullif(current_setting('app.tenant', true), '')::bigint);

ALTER TABLE requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE requests FORCE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON requests USING (tenant = nullif(current_setting('app.tenant', true), '')::bigint);
-- Whose a key is, is what is asked.
CREATE POLICY of_scheduler ON api_keys FOR SELECT USING (current_setting('app.scope', true) = 'scheduler');
