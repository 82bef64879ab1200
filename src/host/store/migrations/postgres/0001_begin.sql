-- Instants are microseconds since 1970, lists are JSON arrays of text, flags are 0 and 1. Text is ordered by its bytes, as
-- everywhere else.

-- The last number that was given to a tenant, connection, calendar or endpoint.
CREATE TABLE numbers (
    last bigint NOT NULL
);
INSERT INTO numbers (last) VALUES (0);

CREATE TABLE tenants (
    tenant bigint PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    own_domains text COLLATE "C" NOT NULL,
    bots text COLLATE "C" NOT NULL,
    plan_version bigint NOT NULL
);

CREATE TABLE connections (
    tenant bigint NOT NULL,
    id bigint NOT NULL,
    user_name text COLLATE "C" NOT NULL,
    origin text COLLATE "C" NOT NULL,
    client text COLLATE "C" NOT NULL,
    addresses text COLLATE "C" NOT NULL,
    zone text COLLATE "C",
    state text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, id)
);

CREATE TABLE calendars (
    tenant bigint NOT NULL,
    id bigint NOT NULL,
    connection bigint NOT NULL,
    origin text COLLATE "C" NOT NULL,
    reference text COLLATE "C" NOT NULL,
    cursor text COLLATE "C",
    state text COLLATE "C" NOT NULL,
    synced_at bigint,
    expanded_to bigint,
    version bigint NOT NULL,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, connection) REFERENCES connections (tenant, id) ON DELETE CASCADE
);
CREATE INDEX calendars_of_connection ON calendars (tenant, connection);

CREATE TABLE entries (
    tenant bigint NOT NULL,
    calendar bigint NOT NULL,
    id text COLLATE "C" NOT NULL,
    body text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, calendar, id),
    FOREIGN KEY (tenant, calendar) REFERENCES calendars (tenant, id) ON DELETE CASCADE
);

-- place: start and room in one word, for those that have a room.
CREATE TABLE sightings (
    tenant bigint NOT NULL,
    calendar bigint NOT NULL,
    id text COLLATE "C" NOT NULL,
    uid text COLLATE "C",
    family text COLLATE "C",
    occurrence text COLLATE "C" NOT NULL,
    start_at bigint NOT NULL,
    room text COLLATE "C",
    entry text COLLATE "C",
    body text COLLATE "C" NOT NULL,
    place text COLLATE "C",
    PRIMARY KEY (tenant, calendar, id),
    FOREIGN KEY (tenant, calendar) REFERENCES calendars (tenant, id) ON DELETE CASCADE
);
CREATE INDEX sightings_by_uid ON sightings (tenant, uid) WHERE uid IS NOT NULL;
CREATE INDEX sightings_by_place ON sightings (tenant, place) WHERE place IS NOT NULL;

CREATE TABLE meetings (
    tenant bigint NOT NULL,
    id text COLLATE "C" NOT NULL,
    sightings text COLLATE "C" NOT NULL,
    start_at bigint NOT NULL,
    end_at bigint,
    outcome text COLLATE "C" NOT NULL,
    decided_by bigint NOT NULL,
    rule text COLLATE "C",
    reason text COLLATE "C" NOT NULL,
    record text COLLATE "C" NOT NULL,
    conflict bigint NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX meetings_by_start ON meetings (tenant, start_at, id);

-- The sightings of each meeting once more, to find it by them.
CREATE TABLE seen (
    tenant bigint NOT NULL,
    sighting text COLLATE "C" NOT NULL,
    meeting text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, sighting, meeting),
    FOREIGN KEY (tenant, meeting) REFERENCES meetings (tenant, id) ON DELETE CASCADE
);
CREATE INDEX seen_by_meeting ON seen (tenant, meeting);

-- acts_at: when a host may act, which is when it is due or when the claim on it ends.
CREATE TABLE dispatches (
    tenant bigint NOT NULL,
    meeting text COLLATE "C" NOT NULL,
    epoch bigint NOT NULL,
    bot_key text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    due_at bigint,
    fire_at bigint NOT NULL,
    start_at bigint NOT NULL,
    late_at bigint NOT NULL,
    spec text COLLATE "C" NOT NULL,
    fence bigint NOT NULL,
    owner text COLLATE "C",
    lease_until bigint,
    attempts bigint NOT NULL,
    verified bigint NOT NULL,
    reason text COLLATE "C",
    version bigint NOT NULL,
    acts_at bigint,
    PRIMARY KEY (tenant, meeting, epoch),
    FOREIGN KEY (tenant, meeting) REFERENCES meetings (tenant, id) ON DELETE CASCADE
);
CREATE INDEX dispatches_due ON dispatches (acts_at, bot_key, tenant, meeting, epoch) WHERE acts_at IS NOT NULL;
CREATE INDEX dispatches_live ON dispatches (start_at, tenant, meeting)
    WHERE state IN ('planned', 'claimed', 'unknown', 'accepted', 'joined');

-- user_key: empty for the organisation, else an equals sign and the user; occurrence_key likewise.
CREATE TABLE overrides (
    tenant bigint NOT NULL,
    uid text COLLATE "C" NOT NULL,
    user_key text COLLATE "C" NOT NULL,
    occurrence_key text COLLATE "C" NOT NULL,
    mark text COLLATE "C" NOT NULL,
    stop bigint NOT NULL,
    PRIMARY KEY (tenant, uid, user_key, occurrence_key)
);

CREATE TABLE rules (
    tenant bigint NOT NULL,
    user_key text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    body text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, user_key, version)
);

CREATE TABLE lists (
    tenant bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    body text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, name)
);

CREATE TABLE endpoints (
    tenant bigint NOT NULL,
    id bigint NOT NULL,
    url text COLLATE "C" NOT NULL,
    secrets text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    failing_since bigint,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX endpoints_active ON endpoints (tenant, id) WHERE state = 'active';

-- The number of each tenant's last event. The row is locked until the commit ends, so numbers ascend in the order of commits.
CREATE TABLE event_numbers (
    tenant bigint PRIMARY KEY,
    last bigint NOT NULL
);

CREATE TABLE events (
    tenant bigint NOT NULL,
    id bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    body text COLLATE "C" NOT NULL,
    happened_at bigint NOT NULL,
    PRIMARY KEY (tenant, id)
);

CREATE TABLE deliveries (
    tenant bigint NOT NULL,
    event bigint NOT NULL,
    endpoint bigint NOT NULL,
    state text COLLATE "C" NOT NULL,
    due_at bigint,
    attempts bigint NOT NULL,
    last_answer text COLLATE "C",
    PRIMARY KEY (tenant, event, endpoint),
    FOREIGN KEY (tenant, event) REFERENCES events (tenant, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant, endpoint) REFERENCES endpoints (tenant, id) ON DELETE CASCADE
);
CREATE INDEX deliveries_by_state ON deliveries (tenant, endpoint, state, due_at, event);

-- Each transaction names the tenant it works for; one that names none finds nothing. The host's role owns the tables, so the
-- policies are forced upon the owner. Foreign keys are checked outside of them.
DO $policies$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['tenants', 'connections', 'calendars', 'entries', 'sightings', 'meetings', 'seen', 'dispatches',
                                'overrides', 'rules', 'lists', 'endpoints', 'event_numbers', 'events', 'deliveries']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            $policy$CREATE POLICY of_tenant ON %I USING (tenant = nullif(current_setting('app.tenant', true), '')::bigint)$policy$, name);
    END LOOP;
    -- What the scheduler reads of all tenants: it says so, and can only read.
    FOREACH name IN ARRAY ARRAY['tenants', 'connections', 'calendars', 'seen', 'dispatches', 'endpoints', 'events', 'deliveries']
    LOOP
        EXECUTE format(
            $policy$CREATE POLICY of_scheduler ON %I FOR SELECT USING (current_setting('app.scope', true) = 'scheduler')$policy$, name);
    END LOOP;
END
$policies$;

-- The scheduler locks dispatches of all tenants to take them up, and changes none: their tenants do, in the same transaction.
CREATE POLICY of_scheduler_taking_up ON dispatches FOR UPDATE
    USING (current_setting('app.scope', true) = 'scheduler') WITH CHECK (false);
