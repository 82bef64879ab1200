-- Channels through which providers tell of changes, and the calendars that are to be read because of it.

CREATE TABLE channels (
    tenant bigint NOT NULL,
    id text COLLATE "C" NOT NULL,
    calendar bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    digest text COLLATE "C" NOT NULL,
    nonce text COLLATE "C",
    resource text COLLATE "C",
    state text COLLATE "C" NOT NULL,
    expires_at bigint NOT NULL,
    made_at bigint NOT NULL,
    due_at bigint,
    tries bigint NOT NULL,
    seen bigint NOT NULL,
    heard_at bigint,
    doubted_at bigint,
    version bigint NOT NULL,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, calendar) REFERENCES calendars (tenant, id) ON DELETE CASCADE
);
-- Not unique: that would say whether another tenant has one.
CREATE INDEX channels_by_id ON channels (id);
CREATE INDEX channels_by_nonce ON channels (nonce) WHERE nonce IS NOT NULL;
CREATE INDEX channels_of_calendar ON channels (tenant, calendar);
CREATE INDEX channels_due ON channels (due_at, tenant, id) WHERE due_at IS NOT NULL;
CREATE UNIQUE INDEX channels_asked ON channels (tenant, calendar) WHERE state = 'asked';

-- whole: 1 where the whole calendar is to be read.
CREATE TABLE wakes (
    tenant bigint NOT NULL,
    calendar bigint NOT NULL,
    number bigint NOT NULL,
    due_at bigint NOT NULL,
    until_at bigint NOT NULL,
    whole bigint NOT NULL,
    PRIMARY KEY (tenant, calendar),
    FOREIGN KEY (tenant, calendar) REFERENCES calendars (tenant, id) ON DELETE CASCADE
);
CREATE INDEX wakes_due ON wakes (due_at, tenant, calendar);

ALTER TABLE channels ENABLE ROW LEVEL SECURITY;
ALTER TABLE channels FORCE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON channels USING (tenant = nullif(current_setting('app.tenant', true), '')::bigint);
CREATE POLICY of_scheduler ON channels FOR SELECT USING (current_setting('app.scope', true) = 'scheduler');

ALTER TABLE wakes ENABLE ROW LEVEL SECURITY;
ALTER TABLE wakes FORCE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON wakes USING (tenant = nullif(current_setting('app.tenant', true), '')::bigint);
CREATE POLICY of_scheduler ON wakes FOR SELECT USING (current_setting('app.scope', true) = 'scheduler');
