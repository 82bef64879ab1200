-- What operators change while hosts run, and how long things are kept.

ALTER TABLE connections ADD COLUMN token_file text COLLATE "C";

CREATE INDEX sightings_by_family ON sightings (tenant, family) WHERE family IS NOT NULL;

-- due_at: when a host next does something about the receiver itself. Receivers that were there before came from a configuration.
ALTER TABLE endpoints ADD COLUMN due_at bigint;
ALTER TABLE endpoints ADD COLUMN tries bigint NOT NULL DEFAULT 0;
ALTER TABLE endpoints ADD COLUMN last_answer text COLLATE "C";
ALTER TABLE endpoints ADD COLUMN configured bigint NOT NULL DEFAULT 1;
ALTER TABLE endpoints ADD COLUMN version bigint NOT NULL DEFAULT 1;
CREATE INDEX endpoints_due ON endpoints (due_at, tenant, id) WHERE due_at IS NOT NULL;

ALTER TABLE deliveries ADD COLUMN version bigint NOT NULL DEFAULT 1;

CREATE INDEX events_by_time ON events (tenant, happened_at, id);

-- uid_key: empty for all meetings of the tenant, else an equals sign and the UID.
CREATE TABLE undecided (
    tenant bigint NOT NULL,
    uid_key text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    PRIMARY KEY (tenant, uid_key)
);
ALTER TABLE undecided ENABLE ROW LEVEL SECURITY;
ALTER TABLE undecided FORCE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON undecided USING (tenant = nullif(current_setting('app.tenant', true), '')::bigint);
CREATE POLICY of_scheduler ON undecided FOR SELECT USING (current_setting('app.scope', true) = 'scheduler');
