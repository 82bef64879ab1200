-- Instants are microseconds since 1970, lists are JSON arrays of text, flags are 0 and 1.

-- The last number that was given to a tenant, connection, calendar or endpoint.
CREATE TABLE numbers (
    last INTEGER NOT NULL
) STRICT;
INSERT INTO numbers (last) VALUES (0);

CREATE TABLE tenants (
    tenant INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    own_domains TEXT NOT NULL,
    bots TEXT NOT NULL,
    plan_version INTEGER NOT NULL
) STRICT;

CREATE TABLE connections (
    tenant INTEGER NOT NULL,
    id INTEGER NOT NULL,
    user_name TEXT NOT NULL,
    origin TEXT NOT NULL,
    client TEXT NOT NULL,
    addresses TEXT NOT NULL,
    zone TEXT,
    state TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;

CREATE TABLE calendars (
    tenant INTEGER NOT NULL,
    id INTEGER NOT NULL,
    connection INTEGER NOT NULL,
    origin TEXT NOT NULL,
    reference TEXT NOT NULL,
    cursor TEXT,
    state TEXT NOT NULL,
    synced_at INTEGER,
    expanded_to INTEGER,
    version INTEGER NOT NULL,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, connection) REFERENCES connections (tenant, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX calendars_of_connection ON calendars (tenant, connection);

CREATE TABLE entries (
    tenant INTEGER NOT NULL,
    calendar INTEGER NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant, calendar, id),
    FOREIGN KEY (tenant, calendar) REFERENCES calendars (tenant, id) ON DELETE CASCADE
) STRICT;

-- place: start and room in one word, for those that have a room.
CREATE TABLE sightings (
    tenant INTEGER NOT NULL,
    calendar INTEGER NOT NULL,
    id TEXT NOT NULL,
    uid TEXT,
    family TEXT,
    occurrence TEXT NOT NULL,
    start_at INTEGER NOT NULL,
    room TEXT,
    entry TEXT,
    body TEXT NOT NULL,
    place TEXT,
    PRIMARY KEY (tenant, calendar, id),
    FOREIGN KEY (tenant, calendar) REFERENCES calendars (tenant, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX sightings_by_uid ON sightings (tenant, uid) WHERE uid IS NOT NULL;
CREATE INDEX sightings_by_place ON sightings (tenant, place) WHERE place IS NOT NULL;

CREATE TABLE meetings (
    tenant INTEGER NOT NULL,
    id TEXT NOT NULL,
    sightings TEXT NOT NULL,
    start_at INTEGER NOT NULL,
    end_at INTEGER,
    outcome TEXT NOT NULL,
    decided_by INTEGER NOT NULL,
    rule TEXT,
    reason TEXT NOT NULL,
    record TEXT NOT NULL,
    conflict INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX meetings_by_start ON meetings (tenant, start_at, id);

-- The sightings of each meeting once more, to find it by them.
CREATE TABLE seen (
    tenant INTEGER NOT NULL,
    sighting TEXT NOT NULL,
    meeting TEXT NOT NULL,
    PRIMARY KEY (tenant, sighting, meeting),
    FOREIGN KEY (tenant, meeting) REFERENCES meetings (tenant, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX seen_by_meeting ON seen (tenant, meeting);

-- acts_at: when a host may act, which is when it is due or when the claim on it ends.
CREATE TABLE dispatches (
    tenant INTEGER NOT NULL,
    meeting TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    bot_key TEXT NOT NULL,
    state TEXT NOT NULL,
    due_at INTEGER,
    fire_at INTEGER NOT NULL,
    start_at INTEGER NOT NULL,
    late_at INTEGER NOT NULL,
    spec TEXT NOT NULL,
    fence INTEGER NOT NULL,
    owner TEXT,
    lease_until INTEGER,
    attempts INTEGER NOT NULL,
    verified INTEGER NOT NULL,
    reason TEXT,
    version INTEGER NOT NULL,
    acts_at INTEGER,
    PRIMARY KEY (tenant, meeting, epoch),
    FOREIGN KEY (tenant, meeting) REFERENCES meetings (tenant, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX dispatches_due ON dispatches (acts_at, bot_key, tenant, meeting, epoch) WHERE acts_at IS NOT NULL;
CREATE INDEX dispatches_live ON dispatches (start_at, tenant, meeting)
    WHERE state IN ('planned', 'claimed', 'unknown', 'accepted', 'joined');

-- user_key: empty for the organisation, else an equals sign and the user; occurrence_key likewise.
CREATE TABLE overrides (
    tenant INTEGER NOT NULL,
    uid TEXT NOT NULL,
    user_key TEXT NOT NULL,
    occurrence_key TEXT NOT NULL,
    mark TEXT NOT NULL,
    stop INTEGER NOT NULL,
    PRIMARY KEY (tenant, uid, user_key, occurrence_key)
) STRICT;

CREATE TABLE rules (
    tenant INTEGER NOT NULL,
    user_key TEXT NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant, user_key, version)
) STRICT;

CREATE TABLE lists (
    tenant INTEGER NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant, name)
) STRICT;

CREATE TABLE endpoints (
    tenant INTEGER NOT NULL,
    id INTEGER NOT NULL,
    url TEXT NOT NULL,
    secrets TEXT NOT NULL,
    state TEXT NOT NULL,
    failing_since INTEGER,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX endpoints_active ON endpoints (tenant, id) WHERE state = 'active';

-- The number of each tenant's last event. The row is locked until the commit ends, so numbers ascend in the order of commits.
CREATE TABLE event_numbers (
    tenant INTEGER PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT;

CREATE TABLE events (
    tenant INTEGER NOT NULL,
    id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    happened_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;

CREATE TABLE deliveries (
    tenant INTEGER NOT NULL,
    event INTEGER NOT NULL,
    endpoint INTEGER NOT NULL,
    state TEXT NOT NULL,
    due_at INTEGER,
    attempts INTEGER NOT NULL,
    last_answer TEXT,
    PRIMARY KEY (tenant, event, endpoint),
    FOREIGN KEY (tenant, event) REFERENCES events (tenant, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant, endpoint) REFERENCES endpoints (tenant, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_by_state ON deliveries (tenant, endpoint, state, due_at, event);
