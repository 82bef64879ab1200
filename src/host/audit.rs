//! The audit of a tenant: lines that are added and never changed, each with a digest over itself and the line before, so that one
//! that was changed or taken out is found.
//!
//! It holds nothing about people: who acted is a key's number, and an end user is a pseudonym, so that it can outlive both.
//! Deliberately absent: an anchor outside. Who can write the table can write all of it anew; whoever wants to know keeps the last
//! digest elsewhere.

use super::context::Context;
use super::model::{AuditRow, ConnectionState, DeliveryState, ErrandState, TenantId};
use super::seal::{Purpose, SealError};
use super::store::Write;
use aws_lc_rs::digest::{SHA256, digest as hashed};
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use data_encoding::HEXLOWER;
use secrecy::ExposeSecret;
use std::fmt;

/// The line as it follows the last: with its number and digest.
#[must_use]
pub fn chained(last: Option<&AuditRow>, row: &AuditRow) -> AuditRow {
    let number = last.map_or(1, |last| last.number + 1);
    let next = AuditRow { number, ..row.clone() };
    let digest = digest(last.map_or("", |last| &last.digest), &next);
    AuditRow { digest, ..next }
}

/// The first line of a whole audit, in order, that does not follow the one before: it was changed, or one before it was taken out.
#[must_use]
pub fn broken_at(lines: &[AuditRow]) -> Option<u64> {
    let mut follower = Follower::default();
    let broken = lines.iter().any(|line| !follower.follows(line.clone()));
    broken.then(|| follower.lines() + 1)
}

/// The changes with what the audit says of them, where somebody is acted for.
///
/// # Errors
/// [`SealError`]: an end user is named, and the key for pseudonyms cannot be had.
pub async fn told(host: &Context, tenant: TenantId, writes: Vec<Write>) -> Result<Vec<Write>, SealError> {
    let names = match writes.iter().any(names_a_user) && host.actor.is_some() {
        true => Pseudonyms::of(host, tenant).await?,
        false => Pseudonyms::default(),
    };
    Ok(told_by(host, tenant, &names, writes))
}

/// The same for changes that concern no end user.
#[must_use]
pub fn told_of_none(host: &Context, tenant: TenantId, writes: Vec<Write>) -> Vec<Write> {
    told_by(host, tenant, &Pseudonyms::default(), writes)
}

fn told_by(host: &Context, tenant: TenantId, names: &Pseudonyms, mut writes: Vec<Write>) -> Vec<Write> {
    let Some(actor) = &host.actor else { return writes };
    let mut said: Vec<(&'static str, String)> = Vec::new();
    for line in writes.iter().filter_map(|write| line(tenant, names, write)) {
        if !said.contains(&line) {
            said.push(line);
        }
    }
    let at = host.now();
    let row = |(action, subject): (&str, String)| AuditRow {
        tenant,
        at,
        actor: actor.clone(),
        action: action.to_owned(),
        subject,
        ..AuditRow::default()
    };
    writes.extend(said.into_iter().map(row).map(Write::Audit));
    writes
}

/// What a change is to people, and what it is about; `None` for what only follows from others.
fn line(tenant: TenantId, names: &Pseudonyms, write: &Write) -> Option<(&'static str, String)> {
    let whose = |user: Option<&str>| user.map_or_else(|| "organisation".to_owned(), |user| names.of_user(tenant, user));
    Some(match write {
        Write::Tenant(_) => ("tenant.set", "tenant".to_owned()),
        Write::RemoveTenant => ("tenant.removed", "tenant".to_owned()),
        Write::Connection(row) if row.state == ConnectionState::Disconnected => {
            ("connection.disconnected", format!("connection/{}", row.id))
        }
        Write::Connection(row) => ("connection.set", format!("connection/{}", row.id)),
        Write::RemoveConnection(id) => ("connection.emptied", format!("connection/{id}")),
        Write::Calendar(row) => ("calendar.set", format!("calendar/{}", row.id)),
        Write::Errand(row) => match row.state {
            ErrandState::Open => ("bot.sent", format!("bot/{}", row.id)),
            ErrandState::Over => ("bot.over", format!("bot/{}", row.id)),
            ErrandState::Recalled => ("bot.recalled", format!("bot/{}", row.id)),
        },
        // A UID can hold an address.
        Write::Override(row) => (if row.stop { "override.stop" } else { "override.record" }, whose(row.user.as_deref())),
        Write::RemoveOverride(row) => ("override.cleared", whose(row.user.as_deref())),
        Write::Rules(row) => ("rules.set", format!("{} version {}", whose(row.user.as_deref()), row.version)),
        Write::RemoveRules(user) => ("rules.removed", names.of_user(tenant, user)),
        Write::List(..) => ("list.set", "list".to_owned()),
        Write::RemoveList(_) => ("list.removed", "list".to_owned()),
        Write::Endpoint(row) => ("endpoint.set", format!("endpoint/{}", row.id)),
        Write::RemoveEndpoint(id) => ("endpoint.removed", format!("endpoint/{id}")),
        Write::Delivery(row) if row.state == DeliveryState::Pending => {
            ("deliveries.replayed", format!("endpoint/{}", row.endpoint))
        }
        Write::Client(row) if !row.enabled => ("client.disabled", format!("client/{}", row.id)),
        Write::Client(row) => ("client.set", format!("client/{}", row.id)),
        Write::RemoveClient(id) => ("client.removed", format!("client/{id}")),
        // A URL can hold anything.
        Write::ReturnUrl(row) => (if row.bare { "return-url.bare" } else { "return-url.set" }, "return-url".to_owned()),
        Write::RemoveReturnUrl(_) => ("return-url.removed", "return-url".to_owned()),
        Write::ApiKey(row) if row.revoked_at.is_some() => ("key.revoked", format!("key/{}", row.id)),
        Write::ApiKey(row) if row.version == 0 => ("key.made", format!("key/{}", row.id)),
        _ => return None,
    })
}

/// Reads an audit from its first line on, as long as each line follows the one before.
#[derive(Clone, Debug, Default)]
pub struct Follower(Option<AuditRow>);

impl Follower {
    /// Whether the line follows those before; one that does not is left out.
    pub fn follows(&mut self, line: AuditRow) -> bool {
        let follows = chained(self.0.as_ref(), &line) == line;
        if follows {
            self.0 = Some(line);
        }
        follows
    }

    /// How many lines followed each other.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.0.as_ref().map_or(0, |last| last.number)
    }

    /// The digest of the last of them.
    #[must_use]
    pub fn digest(&self) -> Option<String> {
        self.0.as_ref().map(|last| last.digest.clone())
    }
}

/// Every part with its length before it, so that no two lines read alike.
fn digest(before: &str, row: &AuditRow) -> String {
    let (tenant, number, at) = (row.tenant.to_string(), row.number.to_string(), row.at.as_microsecond().to_string());
    let mut bytes = Vec::new();
    for part in [before, &tenant, &number, &at, &row.actor, &row.action, &row.subject] {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    HEXLOWER.encode(hashed(&SHA256, &bytes).as_ref())
}

/// What of a change names an end user.
fn names_a_user(write: &Write) -> bool {
    match write {
        Write::Override(row) | Write::RemoveOverride(row) => row.user.is_some(),
        Write::Rules(row) => row.user.is_some(),
        Write::RemoveRules(_) => true,
        _ => false,
    }
}

/// Makes what stands for end users in a tenant's audit. With a root key, nobody who has the audit alone can try names until one fits;
/// and with the tenant goes what made them. Without one, whoever knows a name can look it up.
#[derive(Clone, Default)]
pub struct Pseudonyms(Option<Key>);

/// Without the key.
impl fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("pseudonyms")
    }
}

impl Pseudonyms {
    /// Those of a tenant.
    ///
    /// # Errors
    /// [`SealError`]: there is a root key, and it cannot be used.
    pub async fn of(host: &Context, tenant: TenantId) -> Result<Self, SealError> {
        match host.vault.derived(&host.store, tenant, Purpose::Pseudonyms).await {
            Ok(bytes) => Ok(Self(Some(Key::new(HMAC_SHA256, bytes.expose_secret())))),
            Err(SealError::NoRootKey) => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// What stands for an end user.
    #[must_use]
    pub fn of_user(&self, tenant: TenantId, user: &str) -> String {
        let text = format!("callsheet user\0{tenant}\0{user}");
        let hex = match &self.0 {
            Some(key) => HEXLOWER.encode(sign(key, text.as_bytes()).as_ref()),
            None => HEXLOWER.encode(hashed(&SHA256, text.as_bytes()).as_ref()),
        };
        format!("user/{}", &hex[..24])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> Vec<AuditRow> {
        let mut lines: Vec<AuditRow> = Vec::new();
        for subject in ["rules", "endpoint/1", "endpoint/2", "key/3"] {
            let row = AuditRow { tenant: TenantId(1), subject: subject.to_owned(), ..AuditRow::default() };
            let next = chained(lines.last(), &row);
            lines.push(next);
        }
        lines
    }

    /// With a root key a pseudonym is the same on another host, after the tenant's key was renewed, and in no other tenant; and it is not
    /// what anybody makes of the name alone.
    #[tokio::test]
    async fn pseudonyms_hold_for_a_tenant_and_are_nobody_elses_to_make() {
        use crate::host::clock::SystemClock;
        use crate::host::model::Tenant;
        use crate::host::operations::Nowhere;
        use crate::host::seal::{RootKey, Roots, Vault};
        use crate::host::store::{Commit, Memory, Store};
        use std::sync::Arc;
        let store = Store::Memory(Memory::default());
        for tenant in [TenantId(1), TenantId(2)] {
            let row = Tenant { id: tenant, ..Tenant::default() };
            store.commit(Commit { tenant, writes: vec![Write::Tenant(row)] }).await.expect("it works");
        }
        let root: Arc<RootKey> = Arc::new(RootKey::random().expect("there are random bytes"));
        let host = |with_root: bool| {
            let host = Context::new(store.clone(), Arc::new(Nowhere), Arc::new(SystemClock), "test");
            let vault = Vault::new(Roots::new(root.clone(), Vec::new()), Arc::new(SystemClock));
            if with_root { host.with_vault(vault) } else { host }
        };
        let name = async |host: &Context, tenant| Pseudonyms::of(host, tenant).await.expect("it works").of_user(tenant, "ana");
        let first = name(&host(true), TenantId(1)).await;
        host(true).vault.renew(&store, TenantId(1)).await.expect("it works");
        assert_eq!(name(&host(true), TenantId(1)).await, first);
        let others = [name(&host(true), TenantId(2)).await, name(&host(false), TenantId(1)).await];
        assert!(!others.contains(&first), "{first} {others:?}");
    }

    #[test]
    fn a_line_that_was_changed_or_taken_out_is_found() {
        let whole = lines();
        assert_eq!(broken_at(&whole), None);
        for at in 0..whole.len() {
            for change in [
                |row: &mut AuditRow| row.actor.push('x'),
                |row: &mut AuditRow| row.action.push('x'),
                |row: &mut AuditRow| row.subject.push('x'),
                |row: &mut AuditRow| row.at += crate::time::Elapsed::from_secs(1),
                |row: &mut AuditRow| row.tenant = TenantId(2),
                |row: &mut AuditRow| row.number += 1,
                |row: &mut AuditRow| row.digest = row.digest.replace(|c: char| c.is_ascii_digit(), "f"),
            ] {
                let mut changed = whole.clone();
                change(&mut changed[at]);
                assert_eq!(broken_at(&changed), Some(at as u64 + 1));
            }
        }
        // One at the end is missed by nobody but who knows the last digest.
        for at in 0..whole.len() - 1 {
            let mut shorter = whole.clone();
            shorter.remove(at);
            assert_eq!(broken_at(&shorter), Some(at as u64 + 1));
        }
    }
}
