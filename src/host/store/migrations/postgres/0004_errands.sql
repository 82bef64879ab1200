-- Bots that people send by hand, and which dispatches are for them.

ALTER TABLE dispatches ADD COLUMN calendar bigint NOT NULL DEFAULT 1;
ALTER TABLE dispatches ADD COLUMN errand bigint;
CREATE INDEX dispatches_by_errand ON dispatches (tenant, errand) WHERE errand IS NOT NULL;

CREATE TABLE errands (
    tenant bigint NOT NULL,
    id bigint NOT NULL,
    name text COLLATE "C",
    room text COLLATE "C" NOT NULL,
    url text COLLATE "C" NOT NULL,
    title text COLLATE "C",
    at bigint NOT NULL,
    state text COLLATE "C" NOT NULL,
    made_at bigint NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX errands_open ON errands (tenant, id) WHERE state = 'open';
CREATE INDEX errands_by_time ON errands (tenant, at, id);
ALTER TABLE errands ENABLE ROW LEVEL SECURITY;
ALTER TABLE errands FORCE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON errands USING (tenant = nullif(current_setting('app.tenant', true), '')::bigint);
