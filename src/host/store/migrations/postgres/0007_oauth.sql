-- Connecting calendars: registrations with providers, where browsers may go afterwards, flows under way, and what was granted.

-- secret: sealed. The word names the client among those of all tenants: it stands in the redirect URI.
CREATE TABLE oauth_clients (
    tenant bigint NOT NULL,
    id text COLLATE "C" NOT NULL,
    provider text COLLATE "C" NOT NULL,
    client_id text COLLATE "C" NOT NULL,
    secret text COLLATE "C" NOT NULL,
    authority text COLLATE "C" NOT NULL,
    endpoints text COLLATE "C",
    enabled bigint NOT NULL,
    PRIMARY KEY (tenant, id)
);

CREATE TABLE return_urls (
    tenant bigint NOT NULL,
    url text COLLATE "C" NOT NULL,
    bare bigint NOT NULL,
    PRIMARY KEY (tenant, url)
);

-- Hashes are SHA-256 in hexadecimal digits; verifier and code are sealed.
CREATE TABLE connect_flows (
    tenant bigint NOT NULL,
    id bigint NOT NULL,
    provider text COLLATE "C" NOT NULL,
    client text COLLATE "C" NOT NULL,
    user_name text COLLATE "C" NOT NULL,
    return_url text COLLATE "C" NOT NULL,
    bare bigint NOT NULL,
    state text COLLATE "C" NOT NULL,
    ref_hash text COLLATE "C",
    state_hash text COLLATE "C",
    cookie_hash text COLLATE "C",
    nonce_hash text COLLATE "C",
    session_hash text COLLATE "C",
    verifier text COLLATE "C",
    code text COLLATE "C",
    reason text COLLATE "C",
    connection bigint,
    made_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX connect_flows_by_ref ON connect_flows (ref_hash) WHERE ref_hash IS NOT NULL;
CREATE INDEX connect_flows_by_state ON connect_flows (state_hash) WHERE state_hash IS NOT NULL;
CREATE INDEX connect_flows_by_session ON connect_flows (session_hash) WHERE session_hash IS NOT NULL;
CREATE INDEX connect_flows_by_end ON connect_flows (tenant, expires_at);

-- account: SHA-256 of what names the account at its provider.
CREATE TABLE grants (
    tenant bigint NOT NULL,
    connection bigint NOT NULL,
    client text COLLATE "C" NOT NULL,
    account text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    bare bigint NOT NULL,
    reason text COLLATE "C",
    owner text COLLATE "C",
    lease_until bigint,
    version bigint NOT NULL,
    PRIMARY KEY (tenant, connection),
    FOREIGN KEY (tenant, connection) REFERENCES connections (tenant, id) ON DELETE CASCADE
);
CREATE INDEX grants_by_account ON grants (client, account);

DO $policies$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['oauth_clients', 'return_urls', 'connect_flows', 'grants']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            $policy$CREATE POLICY of_tenant ON %I USING (tenant = nullif(current_setting('app.tenant', true), '')::bigint)$policy$, name);
    END LOOP;
    -- A browser comes back with a word of ours and nothing else; and a grant is not revoked that another tenant holds.
    FOREACH name IN ARRAY ARRAY['connect_flows', 'grants']
    LOOP
        EXECUTE format(
            $policy$CREATE POLICY of_scheduler ON %I FOR SELECT USING (current_setting('app.scope', true) = 'scheduler')$policy$, name);
    END LOOP;
END
$policies$;
