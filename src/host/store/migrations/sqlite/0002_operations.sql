-- What operators change while hosts run, and how long things are kept.

ALTER TABLE connections ADD COLUMN token_file TEXT;

CREATE INDEX sightings_by_family ON sightings (tenant, family) WHERE family IS NOT NULL;

-- due_at: when a host next does something about the receiver itself. Receivers that were there before came from a configuration.
ALTER TABLE endpoints ADD COLUMN due_at INTEGER;
ALTER TABLE endpoints ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE endpoints ADD COLUMN last_answer TEXT;
ALTER TABLE endpoints ADD COLUMN configured INTEGER NOT NULL DEFAULT 1;
ALTER TABLE endpoints ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
CREATE INDEX endpoints_due ON endpoints (due_at, tenant, id) WHERE due_at IS NOT NULL;

ALTER TABLE deliveries ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

CREATE INDEX events_by_time ON events (tenant, happened_at, id);

-- uid_key: empty for all meetings of the tenant, else an equals sign and the UID.
CREATE TABLE undecided (
    tenant INTEGER NOT NULL,
    uid_key TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (tenant, uid_key)
) STRICT;
