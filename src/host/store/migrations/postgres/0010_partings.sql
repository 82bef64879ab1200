-- What is left to do at a provider for a connection that is gone. token: sealed, as the connection's was.

CREATE TABLE partings (
    tenant bigint NOT NULL,
    connection bigint NOT NULL,
    provider text COLLATE "C" NOT NULL,
    client text COLLATE "C" NOT NULL,
    account text COLLATE "C" NOT NULL,
    token text COLLATE "C",
    token_file text COLLATE "C",
    channels text COLLATE "C" NOT NULL,
    due_at bigint NOT NULL,
    until_at bigint NOT NULL,
    tries bigint NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (tenant, connection)
);
CREATE INDEX partings_due ON partings (due_at, tenant, connection);

ALTER TABLE partings ENABLE ROW LEVEL SECURITY;
ALTER TABLE partings FORCE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON partings USING (tenant = nullif(current_setting('app.tenant', true), '')::bigint);
CREATE POLICY of_scheduler ON partings FOR SELECT USING (current_setting('app.scope', true) = 'scheduler');
