//! The people of a simulated company as connections of the host: what connecting them would have stored.

use super::calendar::Account;
use super::script::Plan;
use crate::host::credentials::Credentials;
use crate::host::model::{
    Calendar, CalendarId, Connection, ConnectionId, ConnectionState, Endpoint, EndpointId, EndpointState, Origin, RulesRow,
    Tenant, TenantId,
};
use crate::host::store::Write;
use crate::time::Instant;

/// Signs the webhooks of simulated companies: 32 bytes that everybody may know.
pub const SECRET: &str = "whsec_c2FuZGJveC1zYW5kYm94LXNhbmRib3gtc2FuZGI=";

/// The company with its people, calendars, rules and one webhook receiver. `feeds` is where feeds lie, `hook` the receiver.
///
/// Connections and calendars are numbered from 1 in the order of the accounts.
#[must_use]
pub fn rows(tenant: TenantId, name: &str, plan: &Plan, feeds: &str, hook: &str) -> Vec<Write> {
    let company =
        Tenant { id: tenant, name: name.to_owned(), own_domains: vec![], bots: vec![], plan_version: 0, ..Tenant::default() };
    let rules = RulesRow { tenant, user: None, version: 1, text: plan.rules.clone() };
    let endpoint = Endpoint {
        state: EndpointState::Active,
        due_at: None,
        ..Endpoint::unproven(tenant, EndpointId(1), hook.to_owned(), SECRET.to_owned(), Instant::UNIX_EPOCH)
    };
    let mut writes = vec![Write::Tenant(company), Write::Rules(rules), Write::Endpoint(endpoint)];
    for (place, account) in plan.accounts.iter().enumerate() {
        let id = connection_id(place);
        writes.push(Write::Connection(connection(tenant, id, account)));
        let reference = match account.origin {
            Origin::Google => "primary".to_owned(),
            Origin::Graph => String::new(),
            Origin::Feed => format!("{feeds}/{}.ics", account.token),
        };
        writes.push(Write::Calendar(Calendar::unread(tenant, CalendarId(id.0), id, account.origin, reference)));
    }
    writes
}

/// The tokens that open the accounts; feeds need none.
#[must_use]
pub fn credentials(accounts: &[Account]) -> Credentials {
    let with_token = accounts.iter().enumerate().filter(|(_, account)| account.origin != Origin::Feed);
    Credentials::new(with_token.map(|(place, account)| (connection_id(place), account.token.clone())))
}

fn connection_id(place: usize) -> ConnectionId {
    ConnectionId(place as u64 + 1)
}

fn connection(tenant: TenantId, id: ConnectionId, account: &Account) -> Connection {
    Connection {
        tenant,
        id,
        user: account.name.clone(),
        origin: account.origin,
        client: account.client.clone(),
        addresses: vec![account.address.clone()],
        zone: Some(account.zone.name().to_owned()),
        state: ConnectionState::Active,
        token_file: None,
    }
}
