//! Gives every comment of a text its place in the tree.
//!
//! A comment behind something on its line belongs to what ends there, one on its own line to what comes next. Where what
//! comes next lies outside of the brackets that the comment stands in, it goes before their last element; where they hold
//! none, before whatever owns them. So nothing is lost, and printing and reading again changes nothing.

use super::scan::{Comment, Scan, TokenKind};
use crate::diagnostic::Diagnostic;
use crate::source::{SourceId, Span};
use crate::syntax::ast::*;
use crate::syntax::trivia::{is_directive, refuse_unattached, take_allow};
use std::collections::HashMap;

/// Puts all comments of a text into the tree.
pub(super) fn comments(source: SourceId, text: &str, scan: &Scan, file: &mut File, diagnostics: &mut Vec<Diagnostic>) {
    if !scan.comments.is_empty() {
        let mut tail = Vec::new();
        let mut slots = Slots::of(file, text, scan);
        for comment in &scan.comments {
            let span = Span::new(source, comment.range.start, comment.range.end);
            slots.take(comment, span, text, scan, &mut tail, diagnostics);
        }
        file.tail = tail;
    }
}

/// A comment as the tree holds it.
fn content(text: &str, comment: &Comment) -> String {
    let written = &text[comment.range.clone()];
    let content = written.strip_prefix('#').unwrap_or(written);
    content.strip_prefix(' ').unwrap_or(content).trim_end().to_owned()
}

/// A place that can hold comments.
struct Slot<'f> {
    start: usize,
    end: usize,
    /// Where the line ends that an end comment of it stands on.
    end_at: usize,
    trivia: &'f mut Trivia,
    /// The suppressions of a named piece.
    allow: Option<&'f mut Vec<Allow>>,
    /// The last element inside, among those that end before the present comment.
    last_inside: Option<usize>,
}

/// All slots of a file by where they start, the outer before the inner.
struct Slots<'f> {
    slots: Vec<Slot<'f>>,
    /// The outermost slot that ends at a place.
    ends: HashMap<usize, usize>,
    /// Slots that the present place lies in, the innermost last.
    around: Vec<usize>,
    /// The first slot that starts after the present place.
    next: usize,
}

impl<'f> Slots<'f> {
    fn of(file: &'f mut File, text: &str, scan: &Scan) -> Self {
        let mut finder = Finder { slots: Vec::new(), text, scan };
        finder.file(file);
        let mut slots = finder.slots;
        slots.sort_by_key(|slot| (slot.start, std::cmp::Reverse(slot.end)));
        let mut ends = HashMap::new();
        for (index, slot) in slots.iter().enumerate() {
            ends.entry(slot.end_at).or_insert(index);
        }
        Self { slots, ends, around: Vec::new(), next: 0 }
    }

    fn take(
        &mut self,
        comment: &Comment,
        span: Span,
        text: &str,
        scan: &Scan,
        tail: &mut Vec<String>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        self.advance(comment.range.start);
        let content = content(text, comment);
        if !comment.own_line
            && let Some(slot) = self.ending_before(comment, text, scan)
        {
            refuse_unattached(&content, span, diagnostics);
            self.slots[slot].trivia.end = Some(content);
            return;
        }
        let Some(slot) = self.following() else {
            refuse_unattached(&content, span, diagnostics);
            tail.push(content);
            return;
        };
        let slot = &mut self.slots[slot];
        match &mut slot.allow {
            Some(allow) if is_directive(&content) && comment.range.end <= slot.start => {
                allow.extend(take_allow(&mut vec![content], span, diagnostics));
            }
            _ => {
                refuse_unattached(&content, span, diagnostics);
                slot.trivia.before.push(content);
            }
        }
    }

    /// Moves the present place forward.
    fn advance(&mut self, place: usize) {
        loop {
            let entered = self.slots.get(self.next).filter(|slot| slot.start < place).map(|slot| slot.start);
            while let Some(innermost) = self.around.last().copied() {
                if self.slots[innermost].end > entered.unwrap_or(place) {
                    break;
                }
                self.around.pop();
                if let Some(outer) = self.around.last() {
                    self.slots[*outer].last_inside = Some(innermost);
                }
            }
            if entered.is_none() {
                return;
            }
            self.around.push(self.next);
            self.next += 1;
        }
    }

    /// The slot that ends right before a comment, a comma between them or not, and has no end comment yet.
    fn ending_before(&self, comment: &Comment, text: &str, scan: &Scan) -> Option<usize> {
        let last = scan.before(comment.range.start)?;
        let last = if &text[last.range.clone()] == "," { scan.before(last.range.start)? } else { last };
        let slot = *self.ends.get(&last.range.end)?;
        self.slots[slot].trivia.end.is_none().then_some(slot)
    }

    /// The slot that a comment on its own line stands before.
    fn following(&self) -> Option<usize> {
        let next = (self.next < self.slots.len()).then_some(self.next);
        let Some(around) = self.around.last().copied() else { return next };
        if let Some(next) = next.filter(|next| self.slots[*next].start < self.slots[around].end) {
            return Some(next);
        }
        Some(self.slots[around].last_inside.unwrap_or(around))
    }
}

/// Walks the tree for its slots.
struct Finder<'f, 't> {
    slots: Vec<Slot<'f>>,
    text: &'t str,
    scan: &'t Scan,
}

impl<'f> Finder<'f, '_> {
    fn slot(&mut self, at: At, trivia: &'f mut Trivia) {
        let range = at.0.range();
        self.slots.push(Slot { start: range.start, end: range.end, end_at: range.end, trivia, allow: None, last_inside: None });
    }

    fn commented<T>(&mut self, value: &'f mut Commented<T>) -> &'f mut T {
        self.slot(value.at, &mut value.trivia);
        &mut value.value
    }

    fn items<T>(&mut self, items: &'f mut [Item<T>]) {
        for item in items {
            self.commented(item);
        }
    }

    /// A named piece; with a head of its own (`rule`, `test`) its end comment stands behind that.
    fn piece<T>(&mut self, piece: &'f mut Piece<T>, headed: Headed) -> &'f mut T {
        let range = piece.at.0.range();
        let end_at = match headed {
            Headed::No => range.end,
            Headed::Yes => self.colon_after(piece.name.at.0.range().end).unwrap_or(range.end),
        };
        let allow = Some(&mut piece.allow);
        self.slots.push(Slot { start: range.start, end: range.end, end_at, trivia: &mut piece.trivia, allow, last_inside: None });
        &mut piece.value
    }

    /// The end of the colon that closes a head: the next one, behind a title at most.
    fn colon_after(&self, place: usize) -> Option<usize> {
        let tokens = &self.scan.tokens;
        let after = tokens.partition_point(|token| token.range.start < place);
        let heads = tokens[after..].iter().take(2);
        let mut colons = heads.filter(|token| token.kind == TokenKind::Symbol && &self.text[token.range.clone()] == ":");
        colons.next().map(|token| token.range.end)
    }

    fn file(&mut self, file: &'f mut File) {
        let File { header, layer, our_domains, timezone, default, defaults, recordable, limits, .. } = file;
        if let Some(header) = header {
            self.commented(header);
        }
        if let Some(layer) = layer {
            self.commented(layer);
        }
        if let Some(domains) = our_domains {
            let in_brackets = self.text[domains.at.0.range()].ends_with(']');
            let domains = self.commented(domains);
            if in_brackets {
                self.items(domains);
            }
        }
        if let Some(zone) = timezone {
            self.commented(zone);
        }
        if let Some(default) = default {
            self.commented(default);
        }
        if let Some(defaults) = defaults {
            let settings = self.commented(defaults);
            self.settings(settings);
        }
        if let Some(recordable) = recordable {
            for entry in self.commented(recordable) {
                self.slot(entry.at, &mut entry.trivia);
                if let RecordableValue::Kinds(kinds) = &mut entry.value {
                    self.items(kinds);
                }
            }
        }
        if let Some(limits) = limits {
            for limit in self.commented(limits) {
                self.slot(At(limit.key.at.0.to(limit.value.at.0)), &mut limit.trivia);
                let (LimitValue::AtMost(value) | LimitValue::Fixed(value)) = &mut limit.value.value;
                self.setting_value(value);
            }
        }
        for list in &mut file.lists {
            if let List::Items(items) = self.piece(list, Headed::No) {
                self.items(items);
            }
        }
        for person in &mut file.people {
            let person = self.piece(person, Headed::No);
            self.items(&mut person.addresses);
        }
        for define in &mut file.definitions {
            let define = self.piece(define, Headed::No);
            self.inside(&mut define.condition.kind);
        }
        for rule in &mut file.rules {
            let rule = self.piece(rule, Headed::Yes);
            self.rule(rule);
        }
        for test in &mut file.tests {
            let test = self.piece(test, Headed::Yes);
            self.test(test);
        }
    }

    fn rule(&mut self, rule: &'f mut Rule) {
        self.commented(&mut rule.action);
        for clause in [&mut rule.when, &mut rule.unless].into_iter().flatten() {
            let condition = self.commented(clause);
            self.inside(&mut condition.kind);
        }
        if let Some(with) = &mut rule.with {
            let settings = self.commented(with);
            self.settings(settings);
        }
        if let Some(because) = &mut rule.because {
            self.commented(because);
        }
    }

    fn test(&mut self, test: &'f mut Test) {
        for given in &mut test.given {
            let given = self.commented(given);
            self.items(&mut given.items);
        }
        for entry in self.commented(&mut test.event) {
            self.slot(At(entry.key.at.0.to(entry.value.at.0)), &mut entry.trivia);
            if let EventValue::Guests(guests) = &mut entry.value.value {
                self.items(guests);
            }
        }
        let expect = self.commented(&mut test.expect);
        self.settings(&mut expect.with);
    }

    fn settings(&mut self, settings: &'f mut [Setting]) {
        for setting in settings {
            self.slot(At(setting.key.at.0.to(setting.value.at.0)), &mut setting.trivia);
            self.setting_value(&mut setting.value.value);
        }
    }

    fn setting_value(&mut self, value: &'f mut SettingValue) {
        if let SettingValue::Texts(texts) = value {
            self.items(texts);
        }
    }

    fn inside(&mut self, kind: &'f mut ConditionKind) {
        match kind {
            ConditionKind::All(elements) | ConditionKind::Any(elements) | ConditionKind::None(elements) => {
                for element in elements {
                    self.slot(element.at, &mut element.trivia);
                    self.inside(&mut element.kind);
                }
            }
            ConditionKind::Not(operand) | ConditionKind::Surely(operand) | ConditionKind::Possibly(operand) => {
                self.inside(&mut operand.kind);
            }
            ConditionKind::Text { operand, .. } => self.operand(operand),
            ConditionKind::Clock { on: Some(Days::Dates(dates)), .. } => self.operand(dates),
            ConditionKind::Person { test, .. } | ConditionKind::Attendees { test, .. } => self.inside_test(&mut test.kind),
            _ => {}
        }
    }

    fn inside_test(&mut self, kind: &'f mut PersonTestKind) {
        match kind {
            PersonTestKind::All(elements) | PersonTestKind::Any(elements) | PersonTestKind::None(elements) => {
                for element in elements {
                    self.slot(element.at, &mut element.trivia);
                    self.inside_test(&mut element.kind);
                }
            }
            PersonTestKind::Not(operand) => self.inside_test(&mut operand.kind),
            PersonTestKind::From(domains) => self.operand(domains),
            _ => {}
        }
    }

    fn operand<T>(&mut self, operand: &'f mut Operand<T>) {
        if let Operand::Several(items) = operand {
            self.items(items);
        }
    }
}

/// Whether a piece has a line of its own for its name.
#[derive(Clone, Copy)]
enum Headed {
    Yes,
    No,
}
