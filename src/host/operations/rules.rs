//! Rules: checked before they count, every version kept.

use super::{OperationError, TRIES_MAX, commit, follow, tenant};
use crate::engine::{CheckOptions, Checked, RuleText, check};
use crate::event::address::DomainPattern;
use crate::host::context::Context;
use crate::host::model::{Meeting, Outcome, RulesRow, Tenant, TenantId};
use crate::host::planning::considered;
use crate::host::schedule::TenantRules;
use crate::host::store::Write;
use crate::value::words::Layer;
use std::collections::BTreeMap;

/// What came of new rules.
#[derive(Debug)]
pub enum Set {
    /// They hold under this version; how many rows followed.
    Version(u64, usize),
    /// They are what holds already.
    Same(u64),
    /// They do not pass the check; its remarks say why.
    Refused(Box<Checked>),
    /// The newest version is not the one that was expected, but this one; 0 where there is none.
    Stale(u64),
}

/// A meeting that rules would decide otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// As it is; `None` where it is not yet known.
    pub before: Option<Meeting>,
    /// As it would be.
    pub after: Meeting,
}

impl Decided {
    /// Whether it would get a bot.
    #[must_use]
    pub fn gains(&self) -> bool {
        self.after.outcome == Outcome::Record && self.before.as_ref().is_none_or(|row| row.outcome != Outcome::Record)
    }

    /// Whether it would lose its bot.
    #[must_use]
    pub fn loses(&self) -> bool {
        self.after.outcome != Outcome::Record && self.before.as_ref().is_some_and(|row| row.outcome == Outcome::Record)
    }
}

/// Rules that were looked at and not stored.
#[derive(Debug)]
pub struct Considered {
    /// What the check remarks.
    pub checked: Box<Checked>,
    /// The version that holds; 0 where there is none.
    pub last: u64,
    /// The meetings that would be decided otherwise, by start; `None` where the rules do not pass the check.
    pub decided: Option<Vec<Decided>>,
}

/// Says what would become of the meetings that are known if `text` were the rules of the organisation, or of `user`. Nothing is stored.
///
/// # Errors
/// As for [`set`].
pub async fn consider(
    host: &Context,
    id: TenantId,
    user: Option<&str>,
    name: &str,
    text: &str,
) -> Result<Considered, OperationError> {
    let row = tenant(host, id).await?;
    let mut rows = host.store.rules(id).await?;
    let checked = Box::new(check(&texts(&rows, user, name, text), &options(&row)));
    let last = rows.iter().find(|row| row.user.as_deref() == user).map_or(0, |row| row.version);
    if checked.rule_set.is_none() {
        return Ok(Considered { checked, last, decided: None });
    }
    rows.retain(|row| row.user.as_deref() != user);
    rows.push(RulesRow { tenant: id, user: user.map(str::to_owned), version: last + 1, text: text.to_owned() });
    let rules = TenantRules::compile(&row, &rows, &host.store.lists(id).await?)
        .map_err(|error| OperationError::Refused(error.to_string()))?;
    let now = host.now();
    let writes = considered(host, &row, &rules).await?;
    let after: Vec<Meeting> = writes
        .into_iter()
        .filter_map(|write| match write {
            Write::Meeting(meeting) if meeting.end.unwrap_or(meeting.start) > now => Some(meeting),
            _ => None,
        })
        .collect();
    let names: Vec<String> = after.iter().map(|row| row.id.clone()).collect();
    let mut before: BTreeMap<String, Meeting> =
        host.store.meetings_named(id, &names).await?.into_iter().map(|row| (row.id.clone(), row)).collect();
    let mut decided: Vec<Decided> = after.into_iter().map(|after| Decided { before: before.remove(&after.id), after }).collect();
    // That another version of the rules decided the same is no change to people.
    decided.retain(|one| one.before.as_ref().is_none_or(|row| !is_same(row, &one.after)));
    decided.sort_by(|a, b| (a.after.start, &a.after.id).cmp(&(b.after.start, &b.after.id)));
    Ok(Considered { checked, last, decided: Some(decided) })
}

fn is_same(before: &Meeting, after: &Meeting) -> bool {
    let settings = |row: &Meeting| {
        let record: serde_json::Value = serde_json::from_str(&row.record).unwrap_or_default();
        record["settings"].clone()
    };
    (before.outcome, &before.rule, &before.reason) == (after.outcome, &after.rule, &after.reason)
        && settings(before) == settings(after)
}

/// Makes `text` the rules of the organisation, or of `user`. `name` is what its author calls it.
///
/// # Errors
/// [`OperationError::Refused`] where the rules of some user would no longer pass the check beside them.
pub async fn set(host: &Context, id: TenantId, user: Option<&str>, name: &str, text: &str) -> Result<Set, OperationError> {
    set_over(host, id, user, name, text, None).await
}

/// The same, where the newest version is the expected one.
///
/// # Errors
/// As for [`set`].
pub async fn set_over(
    host: &Context,
    id: TenantId,
    user: Option<&str>,
    name: &str,
    text: &str,
    expected: Option<u64>,
) -> Result<Set, OperationError> {
    for _ in 0..TRIES_MAX {
        let row = tenant(host, id).await?;
        let mut rows = host.store.rules(id).await?;
        let checked = check(&texts(&rows, user, name, text), &options(&row));
        if checked.rule_set.is_none() {
            return Ok(Set::Refused(Box::new(checked)));
        }
        let last = rows.iter().find(|row| row.user.as_deref() == user);
        let newest = last.map_or(0, |last| last.version);
        if expected.is_some_and(|expected| expected != newest) {
            return Ok(Set::Stale(newest));
        }
        if let Some(last) = last.filter(|last| last.text == text) {
            return Ok(Set::Same(last.version));
        }
        let version = last.map_or(0, |last| last.version) + 1;
        let fresh = RulesRow { tenant: id, user: user.map(str::to_owned), version, text: text.to_owned() };
        rows.retain(|row| row.user.as_deref() != user);
        rows.push(fresh.clone());
        // Rules of users are checked beside those of the organisation: none of them must break.
        TenantRules::compile(&row, &rows, &host.store.lists(id).await?)
            .map_err(|error| OperationError::Refused(error.to_string()))?;
        if commit(host, id, vec![Write::Rules(fresh), Write::Undecided(None)]).await? {
            return Ok(Set::Version(version, follow(host, id).await?));
        }
    }
    Err(OperationError::Contended)
}

fn texts(rows: &[RulesRow], user: Option<&str>, name: &str, text: &str) -> Vec<RuleText> {
    let of = |name: &str, text: &str, layer| RuleText { name: name.to_owned(), text: text.to_owned(), layer: Some(layer) };
    if user.is_none() {
        return vec![of(name, text, Layer::Organisation)];
    }
    let organisation = rows.iter().find(|row| row.user.is_none()).map(|row| of("organisation", &row.text, Layer::Organisation));
    organisation.into_iter().chain([of(name, text, Layer::User)]).collect()
}

fn options(tenant: &Tenant) -> CheckOptions {
    let own_domains = tenant.own_domains.iter().filter_map(|domain| DomainPattern::parse(domain).ok()).collect();
    CheckOptions { own_domains, ..CheckOptions::default() }
}
