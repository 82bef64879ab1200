-- Secrets at rest: the tenants' keys, wrapped by a root key that is not here, and the refresh tokens that they seal.

-- A key goes with its tenant, in the same commit: what it sealed is lost then, in copies of other tables as well.
CREATE TABLE tenant_keys (
    tenant INTEGER NOT NULL,
    version INTEGER NOT NULL,
    wrapped TEXT NOT NULL,
    root TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, version),
    FOREIGN KEY (tenant) REFERENCES tenants (tenant) ON DELETE CASCADE
) STRICT;

ALTER TABLE connections ADD COLUMN token TEXT;
