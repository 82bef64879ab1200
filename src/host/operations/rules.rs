//! Rules: checked before they count, every version kept.

use super::{OperationError, TRIES_MAX, commit, follow, tenant};
use crate::engine::{CheckOptions, Checked, RuleText, check};
use crate::event::address::DomainPattern;
use crate::host::context::Context;
use crate::host::model::{RulesRow, Tenant, TenantId};
use crate::host::schedule::TenantRules;
use crate::host::store::Write;
use crate::value::words::Layer;

/// What came of new rules.
#[derive(Debug)]
pub enum Set {
    /// They hold under this version; how many rows followed.
    Version(u64, usize),
    /// They are what holds already.
    Same(u64),
    /// They do not pass the check; its remarks say why.
    Refused(Box<Checked>),
}

/// Makes `text` the rules of the organisation, or of `user`. `name` is what its author calls it.
///
/// # Errors
/// [`OperationError::Refused`] where the rules of some user would no longer pass the check beside them.
pub async fn set(host: &Context, id: TenantId, user: Option<&str>, name: &str, text: &str) -> Result<Set, OperationError> {
    for _ in 0..TRIES_MAX {
        let row = tenant(host, id).await?;
        let mut rows = host.store.rules(id).await?;
        let checked = check(&texts(&rows, user, name, text), &options(&row));
        if checked.rule_set.is_none() {
            return Ok(Set::Refused(Box::new(checked)));
        }
        let last = rows.iter().find(|row| row.user.as_deref() == user);
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
