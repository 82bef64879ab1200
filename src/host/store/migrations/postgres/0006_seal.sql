-- Secrets at rest: the tenants' keys, wrapped by a root key that is not here, and the refresh tokens that they seal.

-- A key goes with its tenant, in the same commit: what it sealed is lost then, in copies of other tables as well.
CREATE TABLE tenant_keys (
    tenant bigint NOT NULL,
    version bigint NOT NULL,
    wrapped text COLLATE "C" NOT NULL,
    root text COLLATE "C" NOT NULL,
    made_at bigint NOT NULL,
    PRIMARY KEY (tenant, version),
    FOREIGN KEY (tenant) REFERENCES tenants (tenant) ON DELETE CASCADE
);
ALTER TABLE tenant_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON tenant_keys USING (tenant = nullif(current_setting('app.tenant', true), '')::bigint);
CREATE POLICY of_scheduler ON tenant_keys FOR SELECT USING (current_setting('app.scope', true) = 'scheduler');

ALTER TABLE connections ADD COLUMN token text COLLATE "C";
