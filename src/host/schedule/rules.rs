//! The rules of a tenant, compiled: one rule set for each user, the organisation's rules in all of them.

use crate::engine::{CheckOptions, RuleSet, RuleText, check, parse_provided_list};
use crate::event::ProvidedLists;
use crate::event::address::DomainPattern;
use crate::host::model::{RulesRow, Tenant};
use crate::value::words::{Layer, ListKind};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// What the decisions of one tenant are made with. `Debug` shows none of it.
#[derive(Clone)]
pub struct TenantRules {
    organisation: Arc<RuleSet>,
    users: BTreeMap<String, Arc<RuleSet>>,
    /// The provided lists that the rules name.
    pub lists: ProvidedLists,
    /// Names the versions that a decision was made with: `organisation` or the user, and the version of their rules.
    pub versions: BTreeMap<String, u64>,
}

impl fmt::Debug for TenantRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rules of {} users", self.users.len())
    }
}

/// Why stored rules cannot be used. They were checked when they were saved, so that this is a matter for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    /// They no longer pass the check.
    #[error("the rules of {whose}, version {version}, no longer pass the check: {why}")]
    Refused {
        /// `the organisation` or `a user`.
        whose: &'static str,
        /// Their version.
        version: u64,
        /// The first remark.
        why: String,
    },
    /// One of the tenant's own domains is none.
    #[error("own domain number {0} is no domain")]
    Domain(usize),
}

impl TenantRules {
    /// Compiles the newest rules of a tenant. Without any rules nothing is recorded, by the built-in default.
    ///
    /// A provided list that no rule set names is left out; one that cannot be read for its kind counts as not supplied.
    ///
    /// # Errors
    /// [`RulesError`].
    pub fn compile(tenant: &Tenant, rows: &[RulesRow], lists: &[(String, String)]) -> Result<Self, RulesError> {
        let options = CheckOptions { own_domains: own_domains(tenant)?, ..CheckOptions::default() };
        let organisation_row = rows.iter().find(|row| row.user.is_none());
        let organisation = Arc::new(compiled(&options, organisation_row, None)?);
        let mut users = BTreeMap::new();
        let mut versions = BTreeMap::new();
        if let Some(row) = organisation_row {
            versions.insert("organisation".to_owned(), row.version);
        }
        for row in rows {
            let Some(user) = &row.user else { continue };
            users.insert(user.clone(), Arc::new(compiled(&options, organisation_row, Some(row))?));
            versions.insert(format!("user:{user}"), row.version);
        }
        let mut provided = ProvidedLists::default();
        for (name, kind) in users.values().chain([&organisation]).flat_map(|rules| rules.provided_lists()) {
            let text = lists.iter().find(|(known, _)| known == name).map(|(_, text)| text);
            if let Some(Ok(list)) = text.map(|text| parse_provided_list(kind, text)) {
                provided.insert(name, list);
            }
        }
        Ok(Self { organisation, users, lists: provided, versions })
    }

    /// The kinds that rules want of a provided list of this name.
    #[must_use]
    pub fn kinds_of(&self, list: &str) -> Vec<ListKind> {
        let sets = self.users.values().chain([&self.organisation]);
        let wanted = sets.flat_map(|rules| rules.provided_lists()).filter(|(name, _)| *name == list);
        let mut kinds: Vec<ListKind> = Vec::new();
        for (_, kind) in wanted {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        kinds
    }

    /// The rules that hold where no user is concerned.
    #[must_use]
    pub fn organisation(&self) -> &RuleSet {
        &self.organisation
    }

    /// The rules that hold for a user: the organisation's, and the user's own where there are any.
    #[must_use]
    pub fn of(&self, user: &str) -> &RuleSet {
        self.users.get(user).unwrap_or(&self.organisation)
    }
}

fn own_domains(tenant: &Tenant) -> Result<Vec<DomainPattern>, RulesError> {
    let parsed = tenant.own_domains.iter().enumerate();
    parsed.map(|(number, domain)| DomainPattern::parse(domain).map_err(|_| RulesError::Domain(number))).collect()
}

fn compiled(options: &CheckOptions, organisation: Option<&RulesRow>, user: Option<&RulesRow>) -> Result<RuleSet, RulesError> {
    let text = |row: &RulesRow, name: &str, layer| RuleText { name: name.to_owned(), text: row.text.clone(), layer: Some(layer) };
    let texts: Vec<RuleText> = organisation
        .map(|row| text(row, "organisation", Layer::Organisation))
        .into_iter()
        .chain(user.map(|row| text(row, "user", Layer::User)))
        .collect();
    let checked = check(&texts, options);
    checked.rule_set.ok_or_else(|| {
        let why = checked.diagnostics.first().map_or_else(String::new, |remark| remark.message.clone());
        let (whose, row) = match user {
            Some(row) => ("a user", Some(row)),
            None => ("the organisation", organisation),
        };
        RulesError::Refused { whose, version: row.map_or(0, |row| row.version), why }
    })
}
