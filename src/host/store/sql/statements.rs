//! Every statement, once for both databases. Where they differ, the difference is one part of the text, and stands here.
//!
//! No statement is put together at run time: what varies goes in as an argument. A test prepares each on both databases.

/// One statement, as each database wants it.
#[derive(Clone, Copy, Debug)]
pub(in crate::host::store) struct Sql {
    pub(in crate::host::store) sqlite: &'static str,
    pub(in crate::host::store) postgres: &'static str,
}

/// The columns of a table, in the order in which `rows` reads them.
#[rustfmt::skip]
macro_rules! columns {
    (tenants) => { "tenant, name, own_domains, bots, plan_version, keep_days, horizon_days" };
    (connections) => { "tenant, id, user_name, origin, client, addresses, zone, state, token_file, token" };
    (calendars) => { "tenant, id, connection, origin, reference, cursor, state, synced_at, expanded_to, version" };
    (sightings) => { "calendar, id, uid, family, occurrence, start_at, room, entry, body" };
    (meetings) => { "tenant, id, sightings, start_at, end_at, outcome, decided_by, rule, reason, record, conflict, version" };
    (dispatches) => { "tenant, meeting, epoch, bot_key, state, due_at, fire_at, start_at, late_at, spec, fence, owner, lease_until, \
                       attempts, verified, reason, calendar, errand, version" };
    (errands) => { "tenant, id, name, room, url, title, at, state, made_at, version" };
    (endpoints) => { "tenant, id, url, secrets, state, failing_since, due_at, tries, last_answer, configured, version" };
    (tenant_keys) => { "tenant, version, wrapped, root, made_at, lent" };
    (events) => { "tenant, id, kind, subject, body, happened_at" };
    (clients) => { "tenant, id, provider, client_id, secret, authority, endpoints, enabled" };
    (flows) => { "tenant, id, provider, client, user_name, return_url, bare, state, ref_hash, state_hash, cookie_hash, nonce_hash, \
                  session_hash, verifier, code, reason, connection, made_at, expires_at, version" };
    (grants) => { "tenant, connection, client, account, name, bare, reason, owner, lease_until, version" };
    (partings) => { "tenant, connection, provider, client, account, token, token_file, channels, due_at, until_at, tries, version" };
    (api_keys) => { "tenant, id, name, hash, scopes, made_at, revoked_at, version" };
    (audit) => { "tenant, number, happened_at, actor, action, subject, digest" };
    (requests) => { "tenant, name, hash, made_at, status, body, version" };
    (channels) => { "tenant, id, calendar, kind, digest, nonce, resource, state, expires_at, made_at, due_at, tries, seen, heard_at, \
                     doubted_at, version" };
    (wakes) => { "tenant, calendar, number, due_at, until_at, whole" };
    (deliveries) => { "tenant, event, endpoint, state, due_at, attempts, last_answer, version" };
}

/// A part of a statement: text; `[n]` for the texts of the list in argument n; `(table)` for its columns; `{one other}` where
/// SQLite wants one and PostgreSQL the other.
#[rustfmt::skip]
macro_rules! part {
    (sqlite [$list:literal]) => { concat!("SELECT value FROM json_each($", $list, ")") };
    (postgres [$list:literal]) => { concat!("SELECT value FROM json_array_elements_text($", $list, "::json)") };
    (sqlite {$one:literal $other:literal}) => { $one };
    (postgres {$one:literal $other:literal}) => { $other };
    ($database:ident ($table:ident)) => { columns!($table) };
    ($database:ident $text:literal) => { $text };
}

macro_rules! statements {
    ($($name:ident { $($part:tt)+ })*) => {
        $(pub(super) const $name: Sql = Sql {
            sqlite: concat!($(part!(sqlite $part)),+),
            postgres: concat!($(part!(postgres $part)),+),
        };)*

        /// Every statement, with its name.
        #[cfg(test)]
        pub(in crate::host::store) const ALL: &[(&str, Sql)] = &[$((stringify!($name), $name)),*];
    };
}

statements! {
    TENANTS { "SELECT " (tenants) " FROM tenants ORDER BY tenant" }
    TENANT { "SELECT " (tenants) " FROM tenants WHERE tenant = $1" }
    WATCHED { "SELECT c.tenant, c.id, c.connection, c.origin, k.client, (SELECT max(h.expires_at) FROM channels h WHERE h.tenant = c.tenant
            AND h.calendar = c.id AND h.state = 'live' AND h.heard_at IS NOT NULL
            AND (h.doubted_at IS NULL OR h.doubted_at < h.heard_at)) FROM calendars c JOIN connections k ON k.tenant = c.tenant AND k.id = c.connection
        WHERE (c.tenant, c.id) > ($1, $2) AND k.state = 'active' AND c.state <> 'gone' ORDER BY c.tenant, c.id LIMIT $3" }
    NEAR { "SELECT s.tenant, s.sighting, d.start_at FROM dispatches d JOIN seen s ON s.tenant = d.tenant AND s.meeting = d.meeting
        WHERE d.state IN ('planned', 'claimed', 'unknown', 'accepted', 'joined') AND d.start_at >= $1 AND d.start_at < $2" }
    CONNECTIONS { "SELECT " (connections) " FROM connections WHERE tenant = $1 ORDER BY id" }
    CONNECTION { "SELECT " (connections) " FROM connections WHERE tenant = $1 AND id = $2" }
    CALENDARS { "SELECT " (calendars) " FROM calendars WHERE tenant = $1 ORDER BY id" }
    CALENDAR { "SELECT " (calendars) " FROM calendars WHERE tenant = $1 AND id = $2" }
    ENTRIES { "SELECT id, body FROM entries WHERE tenant = $1 AND calendar = $2 ORDER BY id" }
    SIGHTINGS { "SELECT " (sightings) " FROM sightings WHERE tenant = $1 AND calendar = $2 ORDER BY id" }
    // Two index look-ups, then the rows: one condition with `or`, or with `in`, reads all rows of the tenant.
    SIGHTINGS_LIKE { "SELECT " (sightings) " FROM (
            SELECT calendar, id FROM sightings WHERE tenant = $1 AND uid IN (" [2] ")
            UNION SELECT calendar, id FROM sightings WHERE tenant = $1 AND place IN (" [3] ")) AS found
        JOIN sightings USING (calendar, id) WHERE tenant = $1 ORDER BY calendar, id" }
    SIGHTINGS_IN { "SELECT " (sightings) " FROM sightings WHERE tenant = $1 AND place >= $2 AND place < $3 AND room = $4
        ORDER BY calendar, id" }
    SIGHTINGS_AT { "SELECT " (sightings) " FROM sightings WHERE tenant = $1 AND (calendar, id) IN (" {"SELECT
            CAST(substr(value, 1, instr(value, '/') - 1) AS INTEGER), substr(value, instr(value, '/') + 1) FROM json_each($2)"
        "SELECT split_part(value, '/', 1)::bigint, substr(value, strpos(value, '/') + 1) FROM json_array_elements_text($2::json)"}
        ") ORDER BY calendar, id" }
    ALL_SIGHTINGS { "SELECT " (sightings) " FROM sightings WHERE tenant = $1 ORDER BY calendar, id" }
    MEETINGS_OF { "SELECT " (meetings) " FROM meetings WHERE tenant = $1 AND id IN (
            SELECT meeting FROM seen WHERE tenant = $1 AND sighting IN (" [2] ")) ORDER BY id" }
    MEETINGS_NAMED { "SELECT " (meetings) " FROM meetings WHERE tenant = $1 AND id IN (" [2] ") ORDER BY id" }
    MEETINGS { "SELECT " (meetings) " FROM meetings WHERE tenant = $1 AND start_at >= $2 AND start_at < $3 ORDER BY start_at, id LIMIT $4" }
    PLACES_OF { "SELECT DISTINCT sighting FROM seen WHERE tenant = $1 AND meeting IN (" [2] ") ORDER BY sighting" }
    DISPATCHES_OF { "SELECT " (dispatches) " FROM dispatches WHERE tenant = $1 AND meeting IN (" [2] ") ORDER BY meeting, epoch" }
    // The states that the index has, all of them: SQLite does not see by itself that fewer are among them.
    DISPATCHES_UNDER_WAY { "SELECT " (dispatches) " FROM dispatches
        WHERE state IN ('planned', 'claimed', 'unknown', 'accepted', 'joined') AND state <> 'planned' AND start_at = $2 AND tenant = $1
        ORDER BY meeting, epoch" }
    DISPATCHES_ON { "SELECT " (dispatches) " FROM dispatches WHERE tenant = $1 AND errand = $2 ORDER BY meeting, epoch" }
    DUE_DISPATCHES { "SELECT " (dispatches) " FROM dispatches WHERE acts_at < $1
        ORDER BY acts_at, bot_key, tenant, meeting, epoch LIMIT $2" }
    // What another host is taking up is left to it; SQLite has one writer.
    TAKE_UP { "SELECT " (dispatches) " FROM dispatches WHERE acts_at < $1
        ORDER BY acts_at, bot_key, tenant, meeting, epoch LIMIT $2" {"" " FOR UPDATE SKIP LOCKED"} }
    SIGHTINGS_OF_FAMILY { "SELECT " (sightings) " FROM sightings WHERE tenant = $1 AND family = $2 ORDER BY calendar, id" }
    PAST_MEETINGS { "SELECT m.id FROM meetings m WHERE m.tenant = $1 AND m.start_at < $2 AND NOT EXISTS (
            SELECT 1 FROM dispatches d WHERE d.tenant = $1 AND d.meeting = m.id AND d.acts_at IS NOT NULL)
        ORDER BY m.start_at, m.id LIMIT $3" }
    OPEN_ERRANDS { "SELECT " (errands) " FROM errands WHERE tenant = $1 AND state = 'open' ORDER BY id" }
    ERRANDS { "SELECT " (errands) " FROM errands WHERE tenant = $1 AND at >= $2 AND at < $3 ORDER BY at, id LIMIT $4" }
    ALL_OVERRIDES { "SELECT tenant, user_key, uid, occurrence_key, mark, stop FROM overrides WHERE tenant = $1
        ORDER BY uid, user_key, occurrence_key, mark" }
    UNDECIDED { "SELECT tenant, uid_key, number FROM undecided ORDER BY tenant, uid_key LIMIT $1" }
    OVERRIDES { "SELECT tenant, user_key, uid, occurrence_key, mark, stop FROM overrides WHERE tenant = $1 AND uid IN (" [2] ")
        ORDER BY uid, user_key, occurrence_key, mark" }
    RULES { "SELECT tenant, user_key, version, body FROM rules r WHERE tenant = $1
        AND version = (SELECT max(n.version) FROM rules n WHERE n.tenant = r.tenant AND n.user_key = r.user_key) ORDER BY user_key" }
    TENANT_KEYS { "SELECT " (tenant_keys) " FROM tenant_keys WHERE tenant = $1 ORDER BY version" }
    KEY_ROOTS { "SELECT DISTINCT root FROM tenant_keys ORDER BY root" }
    TOKENS_NOT_UNDER { "SELECT id, origin, token FROM connections WHERE tenant = $1 AND id > $3 AND token IS NOT NULL
            AND substr(token, 1, length($2)) <> $2 ORDER BY id LIMIT $4" }
    UNSEALED { "SELECT DISTINCT tenant FROM endpoints WHERE secrets <> '[]' AND substr(secrets, 1, 5) NOT IN ('[\"v1.', '[\"h1.')
        ORDER BY tenant" }
    UNLENT { "SELECT t.tenant FROM tenants t WHERE (SELECT substr(k.lent, 1, length($1)) FROM tenant_keys k
            WHERE k.tenant = t.tenant ORDER BY k.version DESC LIMIT 1) IS DISTINCT FROM $1 ORDER BY t.tenant" }
    LISTS { "SELECT name, body FROM lists WHERE tenant = $1 ORDER BY name" }
    ENDPOINTS { "SELECT " (endpoints) " FROM endpoints WHERE tenant = $1 ORDER BY id" }
    DUE_ENDPOINTS { "SELECT " (endpoints) " FROM endpoints WHERE due_at < $1 AND CAST(tenant AS text) NOT IN (" [3] ")
            AND tenant || '/' || id NOT IN (" [3] ") ORDER BY due_at, tenant, id LIMIT $2" }
    PAST_EVENTS { "SELECT v.id FROM events v WHERE v.tenant = $1 AND v.happened_at < $2 AND NOT EXISTS (
            SELECT 1 FROM deliveries d JOIN endpoints e ON e.tenant = d.tenant AND e.id = d.endpoint
            WHERE d.tenant = $1 AND d.event = v.id AND d.state = 'pending' AND e.state = 'active')
        ORDER BY v.happened_at, v.id LIMIT $3" }
    EVENTS { "SELECT " (events) " FROM events WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3" }
    // Receiver by receiver, so that one with a long queue costs no more than its share.
    DUE_DELIVERIES { "SELECT d.tenant, d.event, d.endpoint, d.state, d.due_at, d.attempts, d.last_answer, d.version,
            v.tenant, v.id, v.kind, v.subject, v.body, v.happened_at, e.tenant, e.id, e.url, e.secrets, e.state, e.failing_since,
            e.due_at, e.tries, e.last_answer, e.configured, e.version
        FROM endpoints e CROSS JOIN " {"deliveries d" "LATERAL (SELECT * FROM deliveries x WHERE x.tenant = e.tenant AND
            x.endpoint = e.id AND x.state = 'pending' AND x.due_at < $1 ORDER BY x.due_at, x.event LIMIT $3) d"} "
        JOIN events v ON v.tenant = d.tenant AND v.id = d.event
        WHERE e.state = 'active' AND CAST(e.tenant AS text) NOT IN (" [4] ") AND e.tenant || '/' || e.id NOT IN (" [4] ")" {" AND d.tenant = e.tenant AND d.endpoint = e.id AND d.event IN (SELECT x.event FROM deliveries x
            WHERE x.tenant = e.tenant AND x.endpoint = e.id AND x.state = 'pending' AND x.due_at < $1
            ORDER BY x.due_at, x.event LIMIT $3)" ""} "
        ORDER BY d.due_at, d.tenant, d.event, d.endpoint LIMIT $2" }
    DEAD_DELIVERIES { "SELECT " (deliveries) " FROM deliveries WHERE tenant = $1 AND endpoint = $2 AND state = 'dead'
        ORDER BY event LIMIT $3" }
    DELIVERIES { "SELECT " (deliveries) " FROM deliveries WHERE tenant = $1 AND endpoint = $2 AND event > $3 AND ($4 = '' OR state = $4)
        ORDER BY event LIMIT $5" }
    RULE_VERSIONS { "SELECT tenant, user_key, version, body FROM rules WHERE tenant = $1 AND user_key = $2 AND version < $3
        ORDER BY version DESC LIMIT $4" }
    MEETINGS_CHANGED { "SELECT changed, " (meetings) " FROM meetings WHERE tenant = $1 AND (changed, id) > ($2, $3)
        ORDER BY changed, id LIMIT $4" }
    DISPATCHES_AHEAD { "SELECT " (dispatches) " FROM dispatches WHERE tenant = $1 AND (fire_at, bot_key) > ($2, $3) AND fire_at < $4
        ORDER BY fire_at, bot_key LIMIT $5" }
    ERRAND { "SELECT " (errands) " FROM errands WHERE tenant = $1 AND id = $2" }
    API_KEY { "SELECT " (api_keys) " FROM api_keys WHERE hash = $1" }
    API_KEYS { "SELECT " (api_keys) " FROM api_keys WHERE tenant = $1 ORDER BY id" }
    AUDIT { "SELECT " (audit) " FROM audit WHERE tenant = $1 AND number > $2 ORDER BY number LIMIT $3" }
    LAST_AUDIT { "SELECT " (audit) " FROM audit WHERE tenant = $1 ORDER BY number DESC LIMIT 1" }
    REQUEST { "SELECT " (requests) " FROM requests WHERE tenant = $1 AND name = $2" }
    DELIVERY_COUNTS { "SELECT state, count(*) FROM deliveries WHERE tenant = $1 AND endpoint = $2 GROUP BY state ORDER BY state" }

    CLIENTS { "SELECT " (clients) " FROM oauth_clients WHERE tenant = $1 ORDER BY id" }
    RETURN_URLS { "SELECT tenant, url, bare FROM return_urls WHERE tenant = $1 ORDER BY url" }
    FLOW { "SELECT " (flows) " FROM connect_flows WHERE tenant = $1 AND id = $2" }
    // As the index says it.
    HANDED_FLOWS { "SELECT " (flows) " FROM connect_flows WHERE state = 'handed' ORDER BY expires_at, tenant, id LIMIT $1" }
    FLOW_BY_REF { "SELECT " (flows) " FROM connect_flows WHERE ref_hash = $1" }
    FLOW_BY_STATE { "SELECT " (flows) " FROM connect_flows WHERE state_hash = $1" }
    FLOW_BY_SESSION { "SELECT " (flows) " FROM connect_flows WHERE session_hash = $1" }
    GRANT { "SELECT " (grants) " FROM grants WHERE tenant = $1 AND connection = $2" }
    GRANTS { "SELECT " (grants) " FROM grants WHERE tenant = $1 ORDER BY connection" }
    GRANTS_ALIKE { "SELECT " (grants) " FROM grants WHERE client = $1 AND account = $2 ORDER BY tenant, connection" }
    PARTINGS { "SELECT " (partings) " FROM partings WHERE tenant = $1 ORDER BY connection" }
    DUE_PARTINGS { "SELECT " (partings) " FROM partings WHERE due_at < $1 ORDER BY due_at, tenant, connection LIMIT $2" }
    CHANNELS_NAMED { "SELECT " (channels) " FROM channels WHERE id = $1 ORDER BY tenant" }
    CHANNELS_AT { "SELECT " (channels) " FROM channels WHERE nonce = $1 ORDER BY tenant" }
    CHANNELS_OF { "SELECT " (channels) " FROM channels WHERE tenant = $1 AND calendar = $2 ORDER BY id" }
    DUE_CHANNELS { "SELECT " (channels) " FROM channels WHERE due_at < $1 ORDER BY due_at, tenant, id LIMIT $2" }
    UNWATCHED { "SELECT c.tenant, c.id, c.connection FROM calendars c JOIN connections k ON k.tenant = c.tenant AND k.id = c.connection
        WHERE (c.tenant, c.id) > ($1, $2) AND k.state = 'active' AND c.state <> 'gone' AND c.origin <> 'feed' AND NOT EXISTS (
            SELECT 1 FROM channels h WHERE h.tenant = c.tenant AND h.calendar = c.id AND h.state IN ('asked', 'live', 'refused'))
        ORDER BY c.tenant, c.id LIMIT $3" }
    WAKES { "SELECT " (wakes) " FROM wakes WHERE due_at < $1 ORDER BY due_at, tenant, calendar LIMIT $2" }

    // What time it is for all who share the store; of SQLite that is the machine's, and nobody asks.
    TIME { {"SELECT unixepoch() * 1000000" "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"} }

    // Who shares the store, by its own time: of a file, nobody but its host, and nobody asks. Microseconds, as everywhere.
    FORGET_HOSTS { {"SELECT $1" "DELETE FROM hosts WHERE renewed_at < (extract(epoch FROM clock_timestamp()) * 1000000)::bigint - $1"} }
    ATTEND { {"SELECT $1, $2" "INSERT INTO hosts (host, joined_at, renewed_at, renewals)
        SELECT $1, told.now, told.now, 1 FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now) AS told
        ON CONFLICT (host) DO UPDATE SET renewed_at = excluded.renewed_at,
            joined_at = CASE WHEN hosts.renewed_at < excluded.renewed_at - $2 THEN excluded.joined_at ELSE hosts.joined_at END,
            renewals = hosts.renewals + 1"} }
    MEMBERS { {"SELECT 1" "SELECT host, joined_at, renewals FROM hosts ORDER BY host"} }
    LEAVE { {"SELECT $1" "DELETE FROM hosts WHERE host = $1"} }

    // Whose rows a transaction is for; SQLite has nothing of the kind.
    ENTER_TENANT { {"SELECT $1" "SELECT set_config('app.tenant', $1::bigint::text, true), set_config('app.scope', '', true)"} }
    ENTER_SCHEDULER { {"SELECT 1" "SELECT set_config('app.scope', 'scheduler', true), set_config('app.tenant', '', true)"} }

    NEXT_NUMBER { "UPDATE numbers SET last = last + 1 RETURNING last" }
    TAKE_NUMBER { "UPDATE numbers SET last = $1 WHERE last < $1" }
    PUT_TENANT { "INSERT INTO tenants (" (tenants) ") VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant) DO UPDATE
        SET name = excluded.name, own_domains = excluded.own_domains, bots = excluded.bots, keep_days = excluded.keep_days,
            horizon_days = excluded.horizon_days" }
    GROW_PLAN { "UPDATE tenants SET plan_version = plan_version + 1 WHERE tenant = $1 AND plan_version = $2" }
    // The row of the tenant first: who plans for it changes that one, and then waits for us, or we for them. Its keys go with it.
    REMOVE_TENANT { "DELETE FROM tenants WHERE tenant = $1" }
    COUNT_ACTING { "SELECT count(*) FROM dispatches WHERE tenant = $1 AND acts_at IS NOT NULL" }
    REMOVE_CONNECTIONS { "DELETE FROM connections WHERE tenant = $1" }
    REMOVE_MEETINGS { "DELETE FROM meetings WHERE tenant = $1" }
    REMOVE_ERRANDS { "DELETE FROM errands WHERE tenant = $1" }
    REMOVE_OVERRIDES { "DELETE FROM overrides WHERE tenant = $1" }
    REMOVE_RULES { "DELETE FROM rules WHERE tenant = $1" }
    REMOVE_LISTS { "DELETE FROM lists WHERE tenant = $1" }
    REMOVE_ENDPOINTS { "DELETE FROM endpoints WHERE tenant = $1" }
    REMOVE_EVENTS { "DELETE FROM events WHERE tenant = $1" }
    REMOVE_EVENT_NUMBERS { "DELETE FROM event_numbers WHERE tenant = $1" }
    REMOVE_API_KEYS { "DELETE FROM api_keys WHERE tenant = $1" }
    REMOVE_REQUESTS { "DELETE FROM requests WHERE tenant = $1" }
    REMOVE_UNDECIDED { "DELETE FROM undecided WHERE tenant = $1" }
    PUT_CONNECTION { "INSERT INTO connections (" (connections) ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (tenant, id) DO UPDATE
        SET user_name = excluded.user_name, origin = excluded.origin, client = excluded.client, addresses = excluded.addresses,
            zone = excluded.zone, state = excluded.state, token_file = excluded.token_file" }
    CHANGE_TOKEN { "UPDATE connections SET token = $4 WHERE tenant = $1 AND id = $2 AND token IS NOT DISTINCT FROM $3" }
    REMOVE_TOKEN { "UPDATE connections SET token = NULL WHERE tenant = $1 AND id = $2" }
    ADD_TENANT_KEY { "INSERT INTO tenant_keys (" (tenant_keys) ") SELECT $1, $2, $3, $4, $5, $6
        WHERE (SELECT coalesce(max(version), 0) + 1 FROM tenant_keys WHERE tenant = $1) = $2 ON CONFLICT DO NOTHING" }
    REWRAP_KEY { "UPDATE tenant_keys SET wrapped = $4, root = $5 WHERE tenant = $1 AND version = $2 AND root = $3" }
    LEND { "UPDATE tenant_keys SET lent = $3 WHERE tenant = $1 AND version = $2" }
    REMOVE_CONNECTION { "DELETE FROM connections WHERE tenant = $1 AND id = $2" }
    ADD_CALENDAR { "INSERT INTO calendars (" (calendars) ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10 + 1) ON CONFLICT DO NOTHING" }
    CHANGE_CALENDAR { "UPDATE calendars SET connection = $3, origin = $4, reference = $5, cursor = $6, state = $7, synced_at = $8,
            expanded_to = $9, version = $10 + 1 WHERE tenant = $1 AND id = $2 AND version = $10" }
    GROW_CALENDAR { "UPDATE calendars SET version = version + 1 WHERE tenant = $1 AND id = $2" }
    PUT_ENTRY { "INSERT INTO entries (tenant, calendar, id, body) VALUES ($1, $2, $3, $4)
        ON CONFLICT (tenant, calendar, id) DO UPDATE SET body = excluded.body" }
    REMOVE_ENTRY { "DELETE FROM entries WHERE tenant = $1 AND calendar = $2 AND id = $3" }
    PUT_SIGHTING { "INSERT INTO sightings (tenant, " (sightings) ", place) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (tenant, calendar, id) DO UPDATE
        SET uid = excluded.uid, family = excluded.family, occurrence = excluded.occurrence, start_at = excluded.start_at,
            room = excluded.room, entry = excluded.entry, body = excluded.body, place = excluded.place" }
    REMOVE_SIGHTING { "DELETE FROM sightings WHERE tenant = $1 AND calendar = $2 AND id = $3" }
    // What changed together has the version of the plan that the change made.
    ADD_MEETING { "INSERT INTO meetings (" (meetings) ", changed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 + 1,
        (SELECT coalesce(max(plan_version), 0) FROM tenants WHERE tenant = $1)) ON CONFLICT DO NOTHING" }
    CHANGE_MEETING { "UPDATE meetings SET sightings = $3, start_at = $4, end_at = $5, outcome = $6, decided_by = $7, rule = $8,
            reason = $9, record = $10, conflict = $11, version = $12 + 1,
            changed = (SELECT coalesce(max(plan_version), 0) FROM tenants WHERE tenant = $1)
        WHERE tenant = $1 AND id = $2 AND version = $12" }
    REMOVE_MEETING { "DELETE FROM meetings WHERE tenant = $1 AND id = $2" }
    FORGET_SEEN { "DELETE FROM seen WHERE tenant = $1 AND meeting = $2 AND sighting NOT IN (" [3] ")" }
    PUT_SEEN { "INSERT INTO seen (tenant, meeting, sighting) SELECT $1, $2, value FROM (" [3] ") AS listed WHERE true
        ON CONFLICT DO NOTHING" }
    ADD_DISPATCH { "INSERT INTO dispatches (" (dispatches) ", acts_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19 + 1, $20) ON CONFLICT DO NOTHING" }
    CHANGE_DISPATCH { "UPDATE dispatches SET bot_key = $4, state = $5, due_at = $6, fire_at = $7, start_at = $8, late_at = $9, spec = $10,
            fence = $11, owner = $12, lease_until = $13, attempts = $14, verified = $15, reason = $16, calendar = $17, errand = $18,
            version = $19 + 1, acts_at = $20
        WHERE tenant = $1 AND meeting = $2 AND epoch = $3 AND version = $19 AND fence <= $11" }
    ADD_ERRAND { "INSERT INTO errands (" (errands) ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10 + 1) ON CONFLICT DO NOTHING" }
    CHANGE_ERRAND { "UPDATE errands SET name = $3, room = $4, url = $5, title = $6, at = $7, state = $8, made_at = $9, version = $10 + 1
        WHERE tenant = $1 AND id = $2 AND version = $10" }
    END_ERRAND { "UPDATE errands SET state = 'over', version = version + 1 WHERE tenant = $1 AND id = $2 AND state = 'open'" }
    REMOVE_ERRAND { "DELETE FROM errands WHERE tenant = $1 AND id = $2" }
    PUT_OVERRIDE { "INSERT INTO overrides (tenant, user_key, uid, occurrence_key, mark, stop) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (tenant, uid, user_key, occurrence_key, mark) DO UPDATE SET stop = excluded.stop" }
    REMOVE_OVERRIDE { "DELETE FROM overrides WHERE tenant = $1 AND user_key = $2 AND uid = $3 AND occurrence_key = $4
        AND mark = $5" }
    ADD_RULES { "INSERT INTO rules (tenant, user_key, version, body) SELECT $1, $2, $3, $4
        WHERE (SELECT coalesce(max(version), 0) + 1 FROM rules WHERE tenant = $1 AND user_key = $2) = $3 ON CONFLICT DO NOTHING" }
    REMOVE_USER_RULES { "DELETE FROM rules WHERE tenant = $1 AND user_key = $2" }
    REMOVE_LIST { "DELETE FROM lists WHERE tenant = $1 AND name = $2" }
    ADD_API_KEY { "INSERT INTO api_keys (" (api_keys) ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8 + 1) ON CONFLICT DO NOTHING" }
    CHANGE_API_KEY { "UPDATE api_keys SET name = $3, hash = $4, scopes = $5, made_at = $6, revoked_at = $7, version = $8 + 1
        WHERE tenant = $1 AND id = $2 AND version = $8" }
    ADD_AUDIT { "INSERT INTO audit (" (audit) ") VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING" }
    ADD_REQUEST { "INSERT INTO requests (" (requests) ") VALUES ($1, $2, $3, $4, $5, $6, $7 + 1) ON CONFLICT DO NOTHING" }
    CHANGE_REQUEST { "UPDATE requests SET hash = $3, made_at = $4, status = $5, body = $6, version = $7 + 1
        WHERE tenant = $1 AND name = $2 AND version = $7" }
    REMOVE_REQUEST { "DELETE FROM requests WHERE tenant = $1 AND name = $2" }
    REMOVE_OLD_REQUESTS { "DELETE FROM requests WHERE tenant = $1 AND made_at < $2" }
    PUT_LIST { "INSERT INTO lists (tenant, name, body) VALUES ($1, $2, $3) ON CONFLICT (tenant, name) DO UPDATE SET body = excluded.body" }
    ADD_ENDPOINT { "INSERT INTO endpoints (" (endpoints) ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 + 1) ON CONFLICT DO NOTHING" }
    CHANGE_ENDPOINT { "UPDATE endpoints SET url = $3, secrets = $4, state = $5, failing_since = $6, due_at = $7, tries = $8,
            last_answer = $9, configured = $10, version = $11 + 1 WHERE tenant = $1 AND id = $2 AND version = $11" }
    REMOVE_ENDPOINT { "DELETE FROM endpoints WHERE tenant = $1 AND id = $2" }
    // Its number and the event at once. SQLite goes through the two one after the other, with the same arguments.
    ADD_EVENT { {"" "WITH given AS ("} "INSERT INTO event_numbers (tenant, last) VALUES ($1, 1)
        ON CONFLICT (tenant) DO UPDATE SET last = event_numbers.last + 1" {"; " " RETURNING last) "}
        "INSERT INTO events (" (events) ") SELECT $1, last, $2, $3, $4, $5 FROM "
        {"event_numbers WHERE tenant = $1" "given"} " RETURNING id" }
    ADD_DELIVERIES { "INSERT INTO deliveries (tenant, event, endpoint, state, due_at, attempts, version)
        SELECT tenant, $2, id, 'pending', $3, 0, 1 FROM endpoints WHERE tenant = $1 AND state = 'active'" }
    REMOVE_EVENT { "DELETE FROM events WHERE tenant = $1 AND id = $2" }
    CHANGE_DELIVERY { "UPDATE deliveries SET state = $4, due_at = $5, attempts = $6, last_answer = $7, version = $8 + 1
        WHERE tenant = $1 AND event = $2 AND endpoint = $3 AND version = $8" }
    PUT_CLIENT { "INSERT INTO oauth_clients (" (clients) ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (tenant, id) DO UPDATE
        SET provider = excluded.provider, client_id = excluded.client_id, secret = excluded.secret, authority = excluded.authority,
            endpoints = excluded.endpoints, enabled = excluded.enabled" }
    REMOVE_CLIENT { "DELETE FROM oauth_clients WHERE tenant = $1 AND id = $2" }
    REMOVE_CLIENTS { "DELETE FROM oauth_clients WHERE tenant = $1" }
    PUT_RETURN_URL { "INSERT INTO return_urls (tenant, url, bare) VALUES ($1, $2, $3)
        ON CONFLICT (tenant, url) DO UPDATE SET bare = excluded.bare" }
    REMOVE_RETURN_URL { "DELETE FROM return_urls WHERE tenant = $1 AND url = $2" }
    REMOVE_RETURN_URLS { "DELETE FROM return_urls WHERE tenant = $1" }
    ADD_FLOW { "INSERT INTO connect_flows (" (flows) ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
            $17, $18, $19, $20 + 1) ON CONFLICT DO NOTHING" }
    CHANGE_FLOW { "UPDATE connect_flows SET provider = $3, client = $4, user_name = $5, return_url = $6, bare = $7, state = $8,
            ref_hash = $9, state_hash = $10, cookie_hash = $11, nonce_hash = $12, session_hash = $13, verifier = $14, code = $15,
            reason = $16, connection = $17, made_at = $18, expires_at = $19, version = $20 + 1
        WHERE tenant = $1 AND id = $2 AND version = $20" }
    REMOVE_FLOWS { "DELETE FROM connect_flows WHERE tenant = $1" }
    REMOVE_FLOWS_BEFORE { "DELETE FROM connect_flows WHERE tenant = $1 AND expires_at < $2" }
    REMOVE_FLOWS_OF { "DELETE FROM connect_flows WHERE tenant = $1 AND user_name = $2" }
    ADD_GRANT { "INSERT INTO grants (" (grants) ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10 + 1) ON CONFLICT DO NOTHING" }
    CHANGE_GRANT { "UPDATE grants SET client = $3, account = $4, name = $5, bare = $6, reason = $7, owner = $8, lease_until = $9,
            version = $10 + 1 WHERE tenant = $1 AND connection = $2 AND version = $10" }
    ADD_PARTING { "INSERT INTO partings (" (partings) ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 + 1)
        ON CONFLICT DO NOTHING" }
    CHANGE_PARTING { "UPDATE partings SET provider = $3, client = $4, account = $5, token = $6, token_file = $7, channels = $8,
            due_at = $9, until_at = $10, tries = $11, version = $12 + 1 WHERE tenant = $1 AND connection = $2 AND version = $12" }
    REMOVE_PARTING { "DELETE FROM partings WHERE tenant = $1 AND connection = $2" }
    REMOVE_PARTINGS { "DELETE FROM partings WHERE tenant = $1" }
    PUT_UNDECIDED { "INSERT INTO undecided (tenant, uid_key, number) VALUES ($1, $2, $3)
        ON CONFLICT (tenant, uid_key) DO UPDATE SET number = excluded.number" }
    FORGET_UNDECIDED { "DELETE FROM undecided WHERE tenant = $1 AND uid_key = $2 AND number = $3" }
    // Of two that are being asked for, an index takes one.
    ADD_CHANNEL { "INSERT INTO channels (" (channels) ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16 + 1)
        ON CONFLICT DO NOTHING" }
    CHANGE_CHANNEL { "UPDATE channels SET calendar = $3, kind = $4, digest = $5, nonce = $6, resource = $7, state = $8, expires_at = $9,
            made_at = $10, due_at = $11, tries = $12, seen = $13, heard_at = $14, doubted_at = $15, version = $16 + 1
        WHERE tenant = $1 AND id = $2 AND version = $16" }
    REMOVE_CHANNEL { "DELETE FROM channels WHERE tenant = $1 AND id = $2" }
    PUT_WAKE { "INSERT INTO wakes (" (wakes) ") VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant, calendar) DO UPDATE
        SET number = excluded.number,
            due_at = CASE WHEN excluded.due_at < wakes.due_at THEN excluded.due_at ELSE wakes.due_at END,
            until_at = CASE WHEN excluded.until_at > wakes.until_at THEN excluded.until_at ELSE wakes.until_at END,
            whole = CASE WHEN excluded.whole > wakes.whole THEN excluded.whole ELSE wakes.whole END" }
    END_WAKE { "DELETE FROM wakes WHERE tenant = $1 AND calendar = $2 AND number = $3 AND until_at <= $4" }
    PUT_OFF_WAKE { "UPDATE wakes SET due_at = until_at, whole = 0 WHERE tenant = $1 AND calendar = $2 AND number = $3 AND until_at > $4" }
}
