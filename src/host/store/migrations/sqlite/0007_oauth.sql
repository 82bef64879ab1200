-- Connecting calendars: registrations with providers, where browsers may go afterwards, flows under way, and what was granted.

-- secret: sealed. The word names the client among those of all tenants: it stands in the redirect URI.
CREATE TABLE oauth_clients (
    tenant INTEGER NOT NULL,
    id TEXT NOT NULL,
    provider TEXT NOT NULL,
    client_id TEXT NOT NULL,
    secret TEXT NOT NULL,
    authority TEXT NOT NULL,
    endpoints TEXT,
    enabled INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;

CREATE TABLE return_urls (
    tenant INTEGER NOT NULL,
    url TEXT NOT NULL,
    bare INTEGER NOT NULL,
    PRIMARY KEY (tenant, url)
) STRICT;

-- Hashes are SHA-256 in hexadecimal digits; verifier and code are sealed.
CREATE TABLE connect_flows (
    tenant INTEGER NOT NULL,
    id INTEGER NOT NULL,
    provider TEXT NOT NULL,
    client TEXT NOT NULL,
    user_name TEXT NOT NULL,
    return_url TEXT NOT NULL,
    bare INTEGER NOT NULL,
    state TEXT NOT NULL,
    ref_hash TEXT,
    state_hash TEXT,
    cookie_hash TEXT,
    nonce_hash TEXT,
    session_hash TEXT,
    verifier TEXT,
    code TEXT,
    reason TEXT,
    connection INTEGER,
    made_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX connect_flows_by_ref ON connect_flows (ref_hash) WHERE ref_hash IS NOT NULL;
CREATE INDEX connect_flows_by_state ON connect_flows (state_hash) WHERE state_hash IS NOT NULL;
CREATE INDEX connect_flows_by_session ON connect_flows (session_hash) WHERE session_hash IS NOT NULL;
CREATE INDEX connect_flows_by_end ON connect_flows (tenant, expires_at);

-- account: SHA-256 of what names the account at its provider.
CREATE TABLE grants (
    tenant INTEGER NOT NULL,
    connection INTEGER NOT NULL,
    client TEXT NOT NULL,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    bare INTEGER NOT NULL,
    reason TEXT,
    owner TEXT,
    lease_until INTEGER,
    version INTEGER NOT NULL,
    PRIMARY KEY (tenant, connection),
    FOREIGN KEY (tenant, connection) REFERENCES connections (tenant, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX grants_by_account ON grants (client, account);
