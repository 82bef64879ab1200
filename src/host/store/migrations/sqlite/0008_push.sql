-- Channels through which providers tell of changes, and the calendars that are to be read because of it.

CREATE TABLE channels (
    tenant INTEGER NOT NULL,
    id TEXT NOT NULL,
    calendar INTEGER NOT NULL,
    kind TEXT NOT NULL,
    digest TEXT NOT NULL,
    nonce TEXT,
    resource TEXT,
    state TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    due_at INTEGER,
    tries INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    heard_at INTEGER,
    doubted_at INTEGER,
    version INTEGER NOT NULL,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, calendar) REFERENCES calendars (tenant, id) ON DELETE CASCADE
) STRICT;
-- Not unique: that would say whether another tenant has one.
CREATE INDEX channels_by_id ON channels (id);
CREATE INDEX channels_by_nonce ON channels (nonce) WHERE nonce IS NOT NULL;
CREATE INDEX channels_of_calendar ON channels (tenant, calendar);
CREATE INDEX channels_due ON channels (due_at, tenant, id) WHERE due_at IS NOT NULL;
CREATE UNIQUE INDEX channels_asked ON channels (tenant, calendar) WHERE state = 'asked';

-- whole: 1 where the whole calendar is to be read.
CREATE TABLE wakes (
    tenant INTEGER NOT NULL,
    calendar INTEGER NOT NULL,
    number INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    until_at INTEGER NOT NULL,
    whole INTEGER NOT NULL,
    PRIMARY KEY (tenant, calendar),
    FOREIGN KEY (tenant, calendar) REFERENCES calendars (tenant, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX wakes_due ON wakes (due_at, tenant, calendar);
