-- Bots that people send by hand, and which dispatches are for them.

ALTER TABLE dispatches ADD COLUMN calendar INTEGER NOT NULL DEFAULT 1;
ALTER TABLE dispatches ADD COLUMN errand INTEGER;
CREATE INDEX dispatches_by_errand ON dispatches (tenant, errand) WHERE errand IS NOT NULL;

CREATE TABLE errands (
    tenant INTEGER NOT NULL,
    id INTEGER NOT NULL,
    name TEXT,
    room TEXT NOT NULL,
    url TEXT NOT NULL,
    title TEXT,
    at INTEGER NOT NULL,
    state TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX errands_open ON errands (tenant, id) WHERE state = 'open';
CREATE INDEX errands_by_time ON errands (tenant, at, id);
