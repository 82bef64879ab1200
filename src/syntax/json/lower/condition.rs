//! Conditions.

use super::{Lower, absorb, literal, located, member, members, name_of, text_of};
use crate::syntax::ast::*;
use crate::syntax::json::value::{Kind, Node};

impl Lower<'_> {
    /// A condition. Its own comments, and those of parts that cannot carry any, go to `around`.
    pub(super) fn condition(&mut self, node: &Node<'_>, around: &mut Trivia) -> Condition {
        // Directives are judged by whoever carries the comments.
        absorb(around, self.trivia(node, super::Directives::Kept));
        let kind = self.condition_kind(node, around).unwrap_or(ConditionKind::Error);
        Condition { kind, at: At(node.span), trivia: Trivia::default() }
    }

    fn condition_kind(&mut self, node: &Node<'_>, around: &mut Trivia) -> Option<ConditionKind> {
        let entry = members(node).next()?;
        let value = &entry.value;
        match entry.key.as_ref() {
            "all" => self.group(value, around, ConditionKind::All),
            "any" => self.group(value, around, ConditionKind::Any),
            "none" => Some(ConditionKind::None(self.elements(value)?)),
            "not" => Some(ConditionKind::Not(Box::new(self.condition(value, around)))),
            "surely" => Some(ConditionKind::Surely(Box::new(self.condition(value, around)))),
            "possibly" => Some(ConditionKind::Possibly(Box::new(self.condition(value, around)))),
            "use" => Some(ConditionKind::Use(name_of(value)?)),
            "title" => self.text_test(TextField::Title, value),
            "description" => self.text_test(TextField::Description, value),
            "location" => self.text_test(TextField::Location, value),
            "calendar" => self.text_test(TextField::Calendar, value),
            "organizer" => self.role_test(PersonRole::Organizer, value, around),
            "creator" => self.role_test(PersonRole::Creator, value, around),
            "attendees" => self.attendees(value, around),
            "count" => Some(ConditionKind::Count(comparison(value, literal::number)?)),
            "duration" => Some(ConditionKind::Duration(comparison(value, literal::length_of)?)),
            "starts" => self.edge_test(Edge::Starts, value),
            "ends" => self.edge_test(Edge::Ends, value),
            "repeats" => Some(ConditionKind::Repeats(repeats(value)?)),
            "occurrence" => Some(ConditionKind::Occurrence(literal::occurrence(value)?)),
            "flag" => Some(ConditionKind::Flag(literal::flag(value)?)),
            field => Some(ConditionKind::Is(closed_set(field, value)?)),
        }
    }

    /// A group of one element is that element.
    fn group(
        &mut self,
        node: &Node<'_>,
        around: &mut Trivia,
        kind: fn(Vec<Condition>) -> ConditionKind,
    ) -> Option<ConditionKind> {
        let mut elements = self.elements(node)?;
        if elements.len() > 1 {
            return Some(kind(elements));
        }
        let only = elements.pop()?;
        absorb(around, only.trivia);
        Some(only.kind)
    }

    fn elements(&mut self, node: &Node<'_>) -> Option<Vec<Condition>> {
        let elements: Vec<Condition> = node.items().iter().map(|item| self.element(item)).collect();
        (!elements.is_empty()).then_some(elements)
    }

    fn element(&mut self, node: &Node<'_>) -> Condition {
        let mut trivia = Trivia::default();
        let condition = self.condition(node, &mut trivia);
        self.refuse_directives(&trivia, node.opening());
        Condition { trivia, ..condition }
    }

    fn text_test(&mut self, field: TextField, node: &Node<'_>) -> Option<ConditionKind> {
        if let Some(pattern) = member(node, "matches") {
            return self.matches(field, pattern, member(node, "flags"));
        }
        let entry = members(node).next()?;
        let op = match entry.key.as_ref() {
            "is" => TextOp::Is,
            "contains" => TextOp::Contains,
            "starts_with" => TextOp::StartsWith,
            "ends_with" => TextOp::EndsWith,
            _ => return None,
        };
        let operand = self.operand(&entry.value, |_, node| Some(node.text()?.to_owned()))?;
        Some(ConditionKind::Text { field, op, operand })
    }

    fn matches(&mut self, field: TextField, node: &Node<'_>, flags: Option<&Node<'_>>) -> Option<ConditionKind> {
        let pattern = without_escaped_slashes(node.text()?);
        let written = flags.and_then(Node::text).unwrap_or_default();
        let flags = ["i", "s", "x"].into_iter().filter(|flag| written.contains(flag)).collect();
        Some(ConditionKind::Matches { field, pattern: located(pattern, node.span), flags })
    }

    /// A value, several, or the name of a list. One item without comments and a plain value are the same.
    pub(super) fn operand<T>(
        &mut self,
        node: &Node<'_>,
        mut read: impl FnMut(&mut Self, &Node<'_>) -> Option<T>,
    ) -> Option<Operand<T>> {
        match &node.kind {
            Kind::Object(_) => Some(Operand::List(name_of(member(node, "list")?)?)),
            Kind::Array(_) => {
                let mut items = self.items(node, read)?;
                match items.as_slice() {
                    [only] if only.trivia == Trivia::default() => {
                        let only = items.pop()?;
                        Some(Operand::One(Located { value: only.value, at: only.at }))
                    }
                    _ => Some(Operand::Several(items)),
                }
            }
            _ => Some(Operand::One(located(read(self, node)?, node.span))),
        }
    }

    fn edge_test(&mut self, edge: Edge, node: &Node<'_>) -> Option<ConditionKind> {
        let zone = member(node, "in").and_then(text_of);
        if let Some(rule) = member(node, "rrule") {
            let counting_from = member(node, "counting_from").and_then(|date| self.date(date));
            return Some(ConditionKind::DateRule { edge, rule: text_of(rule)?, counting_from, zone });
        }
        let window = window(node);
        let on = member(node, "on").and_then(|days| self.days(days));
        (window.is_some() || on.is_some()).then_some(ConditionKind::Clock { edge, window, on, zone })
    }

    fn days(&mut self, node: &Node<'_>) -> Option<Days> {
        if let Some(days) = literal::weekdays(node) {
            return Some(Days::Weekdays(days));
        }
        Some(Days::Dates(self.operand(node, |lower, node| lower.date(node))?))
    }
}

/// `\/` is a slash, as in the text form, where a bare slash would end the pattern.
fn without_escaped_slashes(pattern: &str) -> String {
    let mut plain = String::with_capacity(pattern.len());
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            plain.push(character);
            continue;
        }
        match characters.next() {
            Some('/') => plain.push('/'),
            escaped => {
                plain.push('\\');
                plain.extend(escaped);
            }
        }
    }
    plain
}

/// A comparison whose operands `read` understands.
fn comparison(node: &Node<'_>, read: fn(&Node<'_>) -> Option<u64>) -> Option<Comparison> {
    let entry = members(node).next()?;
    let one = || read(&entry.value);
    match entry.key.as_ref() {
        "eq" => one().map(Comparison::Eq),
        "ne" => one().map(Comparison::Ne),
        "lt" => one().map(Comparison::Lt),
        "le" => one().map(Comparison::Le),
        "gt" => one().map(Comparison::Gt),
        "ge" => one().map(Comparison::Ge),
        "between" => match entry.value.items() {
            [from, to] => Some(Comparison::Between(read(from)?, read(to)?)),
            _ => None,
        },
        _ => None,
    }
}

fn window(node: &Node<'_>) -> Option<ClockWindow> {
    let clock = |key| member(node, key).and_then(literal::clock);
    if let Some([from, to]) = member(node, "between").map(Node::items) {
        let overnight = matches!(node.get("overnight").map(|flag| &flag.kind), Some(Kind::Flag(true)));
        return Some(ClockWindow::Between { from: literal::clock(from)?, to: literal::clock(to)?, overnight });
    }
    let before = clock("before").map(ClockWindow::Before);
    before.or_else(|| clock("after").map(ClockWindow::After)).or_else(|| clock("at").map(ClockWindow::At))
}

fn repeats(node: &Node<'_>) -> Option<Repeats> {
    let every = member(node, "every").and_then(literal::number::<u32>);
    let unit = member(node, "unit").and_then(literal::cycle);
    let freq = member(node, "freq").and_then(literal::cycle).map(Rate::Freq);
    let repeats = Repeats {
        rate: freq.or_else(|| Some(Rate::Every(every?, unit?))),
        on: member(node, "on").and_then(literal::weekdays),
        at_least: member(node, "at_least").and_then(literal::number),
        at_most: member(node, "at_most").and_then(literal::number),
        forever: matches!(node.get("forever").map(|flag| &flag.kind), Some(Kind::Flag(true))),
    };
    let alone = matches!(node.kind, Kind::Flag(true));
    (alone || repeats != Repeats::default()).then_some(repeats)
}

fn closed_set(field: &str, node: &Node<'_>) -> Option<ClosedSet> {
    use crate::value::Closed;
    /// One word or several, those that were remarked on left out, each once.
    fn words<T: Closed>(node: &Node<'_>) -> Option<Vec<T>> {
        let nodes = if node.text().is_some() { std::slice::from_ref(node) } else { node.items() };
        let mut values: Vec<T> = Vec::new();
        for value in nodes.iter().filter_map(literal::closed) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        (!values.is_empty()).then_some(values)
    }
    match field {
        "my_response" => words(node).map(ClosedSet::MyResponse),
        "status" => words(node).map(ClosedSet::Status),
        "visibility" => words(node).map(ClosedSet::Visibility),
        "shows_as" => words(node).map(ClosedSet::ShowsAs),
        "kind" => words(node).map(ClosedSet::Kind),
        "provider" => words(node).map(ClosedSet::Provider),
        "conference" => words(node).map(ClosedSet::Conference),
        "source" => words(node).map(ClosedSet::Source),
        _ => None,
    }
}
