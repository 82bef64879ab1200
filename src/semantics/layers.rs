//! Files and their layers: what only the organisation may say, and what holds for one file or for all.

use crate::diagnostic::{Code, Diagnostic};
use crate::event::address::DomainPattern;
use crate::semantics::lists::read_domain;
use crate::semantics::public_mail::is_public_mail;
use crate::semantics::settings::{Limits, Partial, read_limits, read_settings};
use crate::semantics::times::read_zone;
use crate::semantics::{CheckInput, RuleFile};
use crate::source::Span;
use crate::syntax::ast::{Commented, RecordableEntry, RecordableValue, Tiered};
use crate::value::outline::{Recordable, ZoneRule};
use crate::value::words::{Layer, Verb};

/// What files say besides their pieces.
#[derive(Debug)]
pub(super) struct Layers {
    /// The zone rule of each file.
    pub zones: Vec<ZoneRule>,
    /// `defaults with { … }` of each file.
    pub defaults: Vec<Partial>,
    /// What happens when no rule decides.
    pub default: (Verb, Option<Layer>),
    /// What the organisation lets bots join.
    pub recordable: Recordable,
    /// What it lets users set.
    pub limits: Limits,
    /// Own domains, the tenant's and the organisation's.
    pub own_domains: Vec<DomainPattern>,
    /// Some file says `our domains`, rightly or wrongly.
    pub domains_written: bool,
}

impl Layers {
    /// Reads the heads of all files.
    pub fn read(input: &CheckInput<'_>, diagnostics: &mut Vec<Diagnostic>) -> Self {
        for file in input.files {
            check_layer(file, diagnostics);
        }
        let files = input.files;
        let zones = files.iter().map(|file| zone_of(file, diagnostics)).collect();
        let defaults = files.iter().map(|file| defaults_of(file, diagnostics)).collect();
        let mut own_domains = input.own_domains.to_vec();
        for file in files.iter().filter(|file| file.layer() == Layer::Organisation) {
            own_domains.extend(domains_of(file, diagnostics));
        }
        own_domains.sort_unstable();
        own_domains.dedup();
        let user = one_default(input, Layer::User, diagnostics);
        let organisation = one_default(input, Layer::Organisation, diagnostics);
        let default = match (user, organisation) {
            (Some(verb), _) => (verb, Some(Layer::User)),
            (None, Some(verb)) => (verb, Some(Layer::Organisation)),
            (None, None) => (Verb::Skip, None),
        };
        let recordable = recordable_of(input, diagnostics);
        let limits = limits_of(input, diagnostics);
        let domains_written = files.iter().any(|file| file.tree.our_domains.is_some());
        Self { zones, defaults, default, recordable, limits, own_domains, domains_written }
    }
}

/// The file's own word on its layer, and what only the organisation may say.
fn check_layer(file: &RuleFile, diagnostics: &mut Vec<Diagnostic>) {
    let word = |layer: Layer| match layer {
        Layer::Organisation => "organisation",
        Layer::User => "user",
    };
    if let (Some(written), Some(given)) = (&file.tree.layer, file.layer)
        && written.value != given
    {
        let message = format!("this file says `layer {}`, and was given as one of the {}", word(written.value), word(given));
        diagnostics.push(
            Diagnostic::new(Code::LayerConflict, written.at.0, message)
                .help("`--org` and `--user` must say what the file says, or be left out"),
        );
    }
    if file.layer() == Layer::Organisation {
        return;
    }
    let tree = &file.tree;
    let pieces = [
        ("our domains", tree.our_domains.as_ref().map(|piece| piece.at.0)),
        ("recordable", tree.recordable.as_ref().map(|piece| piece.at.0)),
        ("limits", tree.limits.as_ref().map(|piece| piece.at.0)),
    ];
    let said = pieces.into_iter().filter_map(|(word, at)| at.map(|at| (word, at)));
    let locked = tree
        .rules
        .iter()
        .filter(|rule| rule.value.action.value.verb == Tiered::AlwaysRecord { locked: true })
        .map(|rule| ("locked", rule.value.action.at.0));
    for (word, at) in said.chain(locked) {
        let message = format!("only the organisation's file may say `{word}`");
        diagnostics.push(Diagnostic::new(Code::LayerViolation, at, message).label("this is a user's file"));
    }
}

fn zone_of(file: &RuleFile, diagnostics: &mut Vec<Diagnostic>) -> ZoneRule {
    let named = file.tree.timezone.as_ref();
    let zone = named.and_then(|named| read_zone(&named.value, named.at.0, diagnostics));
    zone.map_or(ZoneRule::UserElseEvent, ZoneRule::Named)
}

fn defaults_of(file: &RuleFile, diagnostics: &mut Vec<Diagnostic>) -> Partial {
    file.tree.defaults.as_ref().map_or_else(Partial::default, |defaults| read_settings(&defaults.value, diagnostics))
}

fn domains_of(file: &RuleFile, diagnostics: &mut Vec<Diagnostic>) -> Vec<DomainPattern> {
    let mut domains = Vec::new();
    for item in file.tree.our_domains.iter().flat_map(|piece| &piece.value) {
        let Some(pattern) = read_domain(&item.value, item.at.0, diagnostics) else { continue };
        if is_public_mail(pattern.domain()) {
            let message = format!("everyone can have an address at `{}`: it is nobody's own domain", pattern.domain());
            diagnostics.push(Diagnostic::new(Code::PublicMailDomain, item.at.0, message).label("a public mail provider"));
        } else {
            domains.push(pattern);
        }
    }
    domains
}

/// The default of a layer; two files that differ are reported, the first one holds.
fn one_default(input: &CheckInput<'_>, layer: Layer, diagnostics: &mut Vec<Diagnostic>) -> Option<Verb> {
    let mut said = input.files.iter().filter(|file| file.layer() == layer).filter_map(|file| file.tree.default.as_ref());
    let first = said.next()?;
    for other in said.filter(|other| other.value != first.value) {
        diagnostics.push(said_twice("default", other.at.0, first.at.0));
    }
    Some(first.value)
}

/// The first piece of a kind in the organisation's files; a second one is reported.
fn only_one<'a, T: 'a>(
    word: &str,
    said: impl Iterator<Item = &'a Commented<T>>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<&'a Commented<T>> {
    let mut said = said;
    let first = said.next()?;
    for other in said {
        diagnostics.push(said_twice(word, other.at.0, first.at.0));
    }
    Some(first)
}

fn said_twice(word: &str, at: Span, first: Span) -> Diagnostic {
    let message = format!("two files of one layer say `{word}`, and only one can hold");
    Diagnostic::new(Code::DuplicateClause, at, message).also(first, "said here first")
}

fn recordable_of(input: &CheckInput<'_>, diagnostics: &mut Vec<Diagnostic>) -> Recordable {
    let mut recordable = Recordable::default();
    let said = organisation(input).filter_map(|file| file.tree.recordable.as_ref());
    let entries = only_one("recordable", said, diagnostics).map_or(&[][..], |said| said.value.as_slice());
    for RecordableEntry { value, at, .. } in entries {
        match value {
            RecordableValue::AllDay(widened) => recordable.all_day = *widened,
            RecordableValue::Declined(widened) => recordable.declined = *widened,
            RecordableValue::Kinds(kinds) if kinds.is_empty() => {
                diagnostics.push(Diagnostic::new(Code::EmptyList, at.0, "no kind at all is a meeting, so nothing is recordable"));
            }
            RecordableValue::Kinds(kinds) => {
                recordable.kinds.clear();
                for kind in kinds {
                    if !recordable.kinds.contains(&kind.value) {
                        recordable.kinds.push(kind.value);
                    }
                }
            }
        }
    }
    recordable
}

fn limits_of(input: &CheckInput<'_>, diagnostics: &mut Vec<Diagnostic>) -> Limits {
    let said = organisation(input).filter_map(|file| file.tree.limits.as_ref());
    only_one("limits", said, diagnostics).map_or_else(Limits::default, |said| read_limits(&said.value, diagnostics))
}

fn organisation<'a>(input: &'a CheckInput<'_>) -> impl Iterator<Item = &'a RuleFile> {
    input.files.iter().filter(|file| file.layer() == Layer::Organisation)
}
