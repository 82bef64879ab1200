//! The effective list: all files lowered, their rules brought into the order in which they decide.

use crate::builtins::Atom;
use crate::diagnostic::{Code, Diagnostic, suggestion};
use crate::event::Address;
use crate::event::address::DomainPattern;
use crate::semantics::conditions::{Defined, Scope};
use crate::semantics::hir::Hir;
use crate::semantics::layers::Layers;
use crate::semantics::lists::CheckedList;
use crate::semantics::names::{Kind, NameId, Names};
use crate::semantics::patterns::Patterns;
use crate::semantics::settings::{self, Partial};
use crate::semantics::test_event::Purpose;
use crate::semantics::{CheckInput, RuleFile};
use crate::syntax::ast::{Definition, ExpectedOutcome, Piece, Rule, Tiered};
use crate::syntax::printer;
use crate::value::RuleIdx;
use crate::value::outline::{AtomIdx, AtomOutline, Cond, Outline, RuleOutline, Tier};
use crate::value::words::{Layer, Verb};
use std::collections::{HashMap, HashSet};

/// What is known while files are lowered.
#[derive(Debug)]
pub(super) struct Lowering<'a> {
    pub input: &'a CheckInput<'a>,
    pub diagnostics: Vec<Diagnostic>,
    pub names: Names,
    pub layers: Layers,
    pub own_domains: Vec<DomainPattern>,
    pub lists: Vec<CheckedList>,
    pub people: Vec<Vec<Address>>,
    pub definitions: Vec<Defined>,
    pub patterns: Patterns,
    pub atoms: HashMap<Atom, AtomIdx>,
    pub atom_outlines: Vec<AtomOutline>,
    /// Conditions so far, with definitions put in for their names.
    pub conditions: usize,
    pub items_of_file: Vec<usize>,
    /// Files whose author was told that no own domain is known.
    pub told_no_domains: HashSet<usize>,
}

/// Lowers all files; see [`super::lower`].
pub(super) fn lower(input: &CheckInput<'_>, diagnostics: &mut Vec<Diagnostic>) -> Hir {
    let mut lowering = Lowering::new(input);
    lowering.pieces();
    let rules = lowering.rules();
    lowering.tests();
    lowering.names.report_unused(&mut lowering.diagnostics);
    let hir = lowering.assemble(rules);
    diagnostics.append(&mut lowering.diagnostics);
    hir
}

/// Reads as much as tests need: heads, names, lists and people.
pub(super) fn names_only<'a>(input: &'a CheckInput<'a>) -> Lowering<'a> {
    let mut lowering = Lowering::new(input);
    lowering.lists_and_people();
    lowering
}

/// The files with their places, the organisation's first: the order in which names count.
fn in_layer_order<'a>(input: &'a CheckInput<'a>) -> impl Iterator<Item = (usize, &'a RuleFile)> {
    [Layer::Organisation, Layer::User]
        .into_iter()
        .flat_map(move |layer| input.files.iter().enumerate().filter(move |(_, file)| file.layer() == layer))
}

impl<'a> Lowering<'a> {
    fn new(input: &'a CheckInput<'a>) -> Self {
        let mut diagnostics = Vec::new();
        let layers = Layers::read(input, &mut diagnostics);
        let names = Names::collect(input, &mut diagnostics);
        Self {
            input,
            diagnostics,
            names,
            own_domains: layers.own_domains.clone(),
            layers,
            lists: Vec::new(),
            people: Vec::new(),
            definitions: Vec::new(),
            patterns: Patterns::default(),
            atoms: HashMap::new(),
            atom_outlines: Vec::new(),
            conditions: 0,
            items_of_file: vec![0; input.files.len()],
            told_no_domains: HashSet::new(),
        }
    }

    fn pieces(&mut self) {
        self.lists_and_people();
        for (at, file) in in_layer_order(self.input) {
            for definition in &file.tree.definitions {
                self.define(at, file, definition);
            }
        }
    }

    fn lists_and_people(&mut self) {
        for (at, file) in in_layer_order(self.input) {
            let domains = file.tree.our_domains.as_ref().map_or(0, |domains| domains.value.len());
            if let Some(written) = &file.tree.our_domains {
                self.count_items(at, domains, written.at.0);
            }
            for list in &file.tree.lists {
                self.add_list(at, list);
            }
            for person in &file.tree.people {
                self.add_person(at, person);
            }
        }
    }

    fn scope(&self, at: usize, file: &RuleFile, definitions: usize) -> Scope {
        let zone = self.layers.zones[at].clone();
        Scope { file: at, layer: file.layer(), zone, definitions, uses: Vec::new(), deepest: 0 }
    }

    fn define(&mut self, at: usize, file: &RuleFile, definition: &Piece<Definition>) {
        let mut scope = self.scope(at, file, self.definitions.len());
        let before = self.conditions;
        let condition = self.condition(&mut scope, &definition.value.condition, 0);
        let size = self.conditions.saturating_sub(before);
        self.definitions.push(Defined { condition, size, depth: scope.deepest, uses: scope.uses });
    }

    /// The rules that are right, in effective order.
    fn rules(&mut self) -> Vec<RuleOutline> {
        let mut rules = Vec::new();
        let limit = self.input.limits.rules.min(usize::from(RuleIdx::MAX));
        let mut count = 0;
        for (at, file) in in_layer_order(self.input) {
            for rule in &file.tree.rules {
                count += 1;
                if count == limit + 1 {
                    let message = format!("more than {limit} rules in one set");
                    self.diagnostics.push(Diagnostic::new(Code::LimitExceeded, rule.name.at.0, message));
                }
                if count <= limit {
                    rules.extend(self.rule(at, file, rule));
                }
            }
        }
        // Stable: inside a tier the order of the files stays, organisation's before user's; tier 6 is the other way round.
        rules.sort_by_key(|rule| {
            let user_first = matches!(rule.tier, Tier::Ordered(_)) && rule.layer == Layer::Organisation;
            (rule.tier.rank(), user_first)
        });
        rules
    }

    fn rule(&mut self, at: usize, file: &RuleFile, piece: &Piece<Rule>) -> Option<RuleOutline> {
        let rule = &piece.value;
        let action = &rule.action.value;
        let mut scope = self.scope(at, file, usize::MAX);
        self.check_dates(action.from, action.until, rule.action.at.0);
        let tier = tier_of(action.verb, file.layer());
        if let (Some(Verb::Skip), Some(with)) = (tier.map(Tier::verb), &rule.with)
            && !with.value.is_empty()
        {
            self.diagnostics.push(
                Diagnostic::new(Code::SettingOnSkip, with.at.0, "settings on a rule that never lets a bot join")
                    .label("no effect"),
            );
        }
        let with =
            rule.with.as_ref().map_or_else(Partial::default, |with| settings::read_settings(&with.value, &mut self.diagnostics));
        let when = rule.when.as_ref().map(|when| self.condition(&mut scope, &when.value, 0));
        let unless = rule.unless.as_ref().map(|unless| self.condition(&mut scope, &unless.value, 0));
        self.mark_used(&scope.uses);
        let condition = match (when, unless) {
            (None, None) => Cond::And(Vec::new()),
            (Some(when), None) => when?,
            (None, Some(unless)) => Cond::Not(Box::new(unless?)),
            (Some(when), Some(unless)) => Cond::And(vec![when?, Cond::Not(Box::new(unless?))]),
        };
        Some(RuleOutline {
            id: piece.name.value.clone(),
            title: rule.title.clone(),
            layer: file.layer(),
            tier: tier?,
            shadow: action.shadow,
            from: action.from,
            until: action.until,
            zone: scope.zone,
            condition,
            because: rule.because.as_ref().map(|because| because.value.clone()),
            settings: self.settings(&with, at, file.layer()),
            span: piece.at.0,
            text: printer::rule_condition(rule),
        })
    }

    /// The rule's own settings, its file's, then the organisation's.
    fn settings(&self, with: &Partial, at: usize, layer: Layer) -> crate::value::Settings {
        let mut said = vec![(with, layer), (&self.layers.defaults[at], layer)];
        let organisation = in_layer_order(self.input).filter(|(_, file)| file.layer() == Layer::Organisation);
        said.extend(organisation.map(|(other, _)| (&self.layers.defaults[other], Layer::Organisation)));
        settings::merge(&said, layer, &self.layers.limits)
    }

    /// Settings of a decision that no rule made: the user's defaults, then the organisation's.
    fn default_settings(&self) -> crate::value::Settings {
        let mut said: Vec<_> = in_layer_order(self.input).map(|(at, file)| (&self.layers.defaults[at], file.layer())).collect();
        said.sort_by_key(|(_, layer)| *layer != Layer::User);
        settings::merge(&said, Layer::User, &self.layers.limits)
    }

    /// Marks names as used, and those that used definitions use.
    fn mark_used(&mut self, uses: &[NameId]) {
        let mut open = uses.to_vec();
        while let Some(id) = open.pop() {
            // What a used definition uses was marked with it.
            if self.names.mark_used(id) && id.kind == Kind::Definition {
                open.extend(self.definitions[id.index].uses.iter().copied());
            }
        }
    }

    /// Checks what tests say: their events, and that the rules they expect exist.
    fn tests(&mut self) {
        for (at, file) in in_layer_order(self.input) {
            for test in &file.tree.tests {
                let mut diagnostics = std::mem::take(&mut self.diagnostics);
                self.prepare_test(at, test, Purpose::Checking, &mut diagnostics);
                self.diagnostics = diagnostics;
                let ExpectedOutcome::Decided { by: Some(by), .. } = &test.value.expect.value.outcome else { continue };
                let seen_by_any = [Layer::User, Layer::Organisation].map(|layer| self.names.find(layer, Kind::Rule, &by.value));
                if seen_by_any.iter().all(Option::is_none) {
                    let message = format!("the test expects the rule `{}`, and no rule has this id", by.value);
                    let visible = self.names.visible(file.layer(), Kind::Rule);
                    let near = suggestion(&self.diagnostics, &by.value, visible).map(str::to_owned);
                    let diagnostic = Diagnostic::new(Code::TestStale, by.at.0, message).label("no such rule");
                    self.diagnostics.push(match near {
                        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                        None => diagnostic,
                    });
                }
            }
        }
    }

    fn assemble(&mut self, mut rules: Vec<RuleOutline>) -> Hir {
        let mut order = Numbering { numbers: vec![None; self.atom_outlines.len()], next: 0 };
        for rule in &mut rules {
            order.renumber(&mut rule.condition);
        }
        let mut atoms: Vec<(AtomIdx, Atom, AtomOutline)> = std::mem::take(&mut self.atoms)
            .into_iter()
            .filter_map(|(atom, old)| {
                let outline = self.atom_outlines[usize::from(old)].clone();
                order.numbers[usize::from(old)].map(|new| (new, atom, outline))
            })
            .collect();
        atoms.sort_unstable_by_key(|(new, ..)| *new);
        let outlines = atoms.iter().map(|(_, _, outline)| outline.clone()).collect();
        let outline = Outline {
            rules,
            atoms: outlines,
            recordable: self.layers.recordable.clone(),
            default: self.layers.default,
            default_settings: self.default_settings(),
        };
        Hir {
            outline,
            atoms: atoms.into_iter().map(|(_, atom, _)| atom).collect(),
            lists: std::mem::take(&mut self.lists).into_iter().map(|list| list.table).collect(),
            own_domains: self.own_domains.clone(),
            aliases: self.people.iter().filter(|addresses| !addresses.is_empty()).cloned().collect(),
        }
    }
}

/// The tier of a rule; `None` for a user's locked rule, which is reported with the layers.
fn tier_of(verb: Tiered, layer: Layer) -> Option<Tier> {
    Some(match (verb, layer) {
        (Tiered::NeverRecord, Layer::Organisation) => Tier::OrganisationNever,
        (Tiered::NeverRecord, Layer::User) => Tier::UserNever,
        (Tiered::AlwaysRecord { locked: true }, Layer::Organisation) => Tier::Locked,
        (Tiered::AlwaysRecord { locked: true }, Layer::User) => return None,
        (Tiered::AlwaysRecord { locked: false }, _) => Tier::Always,
        (Tiered::Record, _) => Tier::Ordered(Verb::Record),
        (Tiered::Skip, _) => Tier::Ordered(Verb::Skip),
    })
}

/// Numbers atoms by their first use, and leaves out those that no rule uses.
struct Numbering {
    numbers: Vec<Option<AtomIdx>>,
    next: AtomIdx,
}

impl Numbering {
    fn renumber(&mut self, condition: &mut Cond) {
        match condition {
            Cond::Atom(index) => {
                let next = self.next;
                let number = *self.numbers[usize::from(*index)].get_or_insert(next);
                // No overflow: there are as many new numbers as old ones at most.
                self.next = self.next.max(number.saturating_add(1));
                *index = number;
            }
            Cond::And(parts) | Cond::Or(parts) => parts.iter_mut().for_each(|part| self.renumber(part)),
            Cond::Not(part) | Cond::Surely(part) | Cond::Possibly(part) => self.renumber(part),
        }
    }
}
