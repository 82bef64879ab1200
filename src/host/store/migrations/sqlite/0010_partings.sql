-- What is left to do at a provider for a connection that is gone. token: sealed, as the connection's was.

CREATE TABLE partings (
    tenant INTEGER NOT NULL,
    connection INTEGER NOT NULL,
    provider TEXT NOT NULL,
    client TEXT NOT NULL,
    account TEXT NOT NULL,
    token TEXT,
    token_file TEXT,
    channels TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    until_at INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (tenant, connection)
) STRICT;
CREATE INDEX partings_due ON partings (due_at, tenant, connection);
