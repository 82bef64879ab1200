//! From the tree as written to what it means: names, types, layers, limits.
//!
//! [`lower`] reads the files of an organisation and of one user together and makes the effective list of rules
//! ([`hir::Hir`]). It goes on after every mistake and reports them all; a rule with a mistake in it is left out. [`suppress`]
//! then takes away the findings that an author allowed. [`prepare`] turns the tests of rule files into questions.
//!
//! Deliberately absent: what a condition answers ([`crate::builtins`]), and anything that needs to know whether two conditions
//! can hold together (`analysis`).

mod conditions;
mod effective;
pub mod hir;
mod language_tag;
mod layers;
mod lists;
mod names;
mod patterns;
mod persons;
mod prepare;
mod public_mail;
mod settings;
mod suppress;
mod test_event;
mod times;

pub use patterns::{CLASSES_MAX as PATTERN_CLASSES_MAX, SET_SIZE_MAX as PATTERNS_SIZE_MAX};
pub use prepare::{PreparedTest, prepare};
pub use public_mail::is_public_mail;
pub use settings::KEYS as SETTING_KEYS;
pub use suppress::{suppress, suppress_findings};
pub use test_event::KEYS as TEST_EVENT_KEYS;

use crate::diagnostic::{Code, Diagnostic};
use crate::event::address::DomainPattern;
use crate::source::{SourceId, Span};
use crate::syntax::{Limits, ast};
use crate::time::Date;
use crate::value::words::Layer;
use hir::Hir;

/// Everything that the meaning of a rule set depends on.
#[derive(Clone, Debug)]
pub struct CheckInput<'a> {
    /// The files of both layers. Inside a layer their order is that of the rules.
    pub files: &'a [RuleFile],
    /// The tenant's own domains, besides those of `our domains`.
    pub own_domains: &'a [DomainPattern],
    /// How much the files may hold.
    pub limits: Limits,
    /// The day on which suppressions are looked at; none expires without it.
    pub today: Option<Date>,
}

/// One file that was read.
#[derive(Clone, Debug)]
pub struct RuleFile {
    /// Its text.
    pub source: SourceId,
    /// Its tree.
    pub tree: ast::File,
    /// The layer that the command line or the host says; `None`: what the file says, else the organisation's.
    pub layer: Option<Layer>,
}

impl RuleFile {
    /// Whose rules the file holds.
    #[must_use]
    pub fn layer(&self) -> Layer {
        let written = self.tree.layer.as_ref().map(|layer| layer.value);
        self.layer.or(written).unwrap_or(Layer::Organisation)
    }
}

/// Resolves and checks the files, and reports every mistake in them, in the order of their places.
///
/// The result holds what is right: rules with a mistake are not in it. Whoever runs it looks at the diagnostics first.
/// What regular expressions may cost is bounded on its own ([`PATTERNS_SIZE_MAX`], [`PATTERN_CLASSES_MAX`]), the rest by
/// [`Limits`].
#[must_use]
pub fn lower(input: &CheckInput<'_>, diagnostics: &mut Vec<Diagnostic>) -> Hir {
    let mut own = Vec::new();
    let hir = effective::lower(input, &mut own);
    // Readers keep what they remarked on in the tree; the same remark about the same place is not made twice.
    let mut places: Vec<(Code, Span)> = diagnostics.iter().map(|earlier| (earlier.code, earlier.primary.span)).collect();
    places.sort_unstable();
    own.retain(|remark| !is_said(&places, remark));
    own.sort_by(|a, b| (a.primary.span, a.code, &a.message).cmp(&(b.primary.span, b.code, &b.message)));
    diagnostics.append(&mut own);
    hir
}

/// Whether an earlier remark of the same code stands inside the place of this one. `earlier` is sorted.
fn is_said(earlier: &[(Code, Span)], remark: &Diagnostic) -> bool {
    let outer = remark.primary.span;
    let first = earlier.partition_point(|place| *place < (remark.code, Span { end: outer.start, ..outer }));
    let inside = earlier[first..]
        .iter()
        .take_while(|(code, inner)| *code == remark.code && inner.source == outer.source && inner.start <= outer.end);
    inside.into_iter().any(|(_, inner)| inner.end <= outer.end)
}
