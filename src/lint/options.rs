//! What lints are told: the level of each code, and where a team draws its lines.

use crate::analysis::STEPS;
use crate::diagnostic::{Code, Diagnostic, Level};
use crate::value::Provider;
use std::collections::BTreeMap;

/// Where the lines are drawn.
#[derive(Clone, Debug)]
pub struct Options {
    /// Levels that differ from those of [`Code::level`]. A code that stands for an error of the check keeps its level.
    pub levels: BTreeMap<Code, Level>,
    /// How names of rules, lists, people and definitions look, for `id-style`.
    pub id_style: regex::Regex,
    /// Most conditions that one rule may hold as written, for `long-condition`.
    pub conditions_max: usize,
    /// The providers whose calendars the rules are for, for `unknown-provider-fact`; nothing is known where there is none.
    pub providers: Vec<Provider>,
    /// Steps of all questions about whether rules ever decide, and as many of what is asked after that.
    pub steps: u64,
}

/// Steps of one set of rules where nobody says otherwise: a second or two, on whatever rules.
pub const SET_STEPS: u64 = 15 * STEPS;

impl Default for Options {
    fn default() -> Self {
        let id_style = regex::Regex::new("^[a-z][a-z0-9]*(-[a-z0-9]+)*$").expect("a pattern of our own");
        Self { levels: BTreeMap::new(), id_style, conditions_max: 12, providers: Vec::new(), steps: SET_STEPS }
    }
}

impl Options {
    /// The level at which remarks of a code are made.
    #[must_use]
    pub fn level(&self, code: Code) -> Level {
        if !can_change(code) {
            return code.level();
        }
        self.levels.get(&code).copied().unwrap_or_else(|| code.level())
    }

    /// Gives each remark its level; those that are off are left out.
    pub fn apply(&self, remarks: &mut Vec<Diagnostic>) {
        remarks.retain_mut(|remark| match self.level(remark.code).severity() {
            Some(severity) => {
                remark.severity = severity;
                true
            }
            None => false,
        });
    }
}

/// Whether configuration may say the level of a code: rules with an error of the check cannot be used, whatever anybody says.
#[must_use]
pub fn can_change(code: Code) -> bool {
    code.is_finding() || code.level() < Level::Error
}
