//! An explanation as sentences, for the person who asks why a bot did or did not come.

use crate::explain::conditions::{ConditionTold, Shape};
use crate::explain::unknowns::UnknownTold;
use crate::explain::words;
use crate::explain::{By, ChangeTold, Explanation, Flip, OtherRule, RuleTold, STEPS_MAX, Standing};
use crate::value::words::{Layer, Verb};
use crate::value::{NotRecordable, Truth, UnknownReason, shown};

/// Most characters of [`Explanation::reason`].
pub const REASON_CHARS_MAX: usize = 100;
/// Most conditions that the first sentence cites.
const GROUNDS_SHOWN: usize = 3;
/// Most lines about the deciding rule's condition.
const CONDITION_LINES_MAX: usize = 60;
/// Most parts of one `any of` or `all of` that get a line.
const PARTS_SHOWN: usize = 10;
/// Most other rules and unknowns listed.
const LISTED_MAX: usize = 10;
/// Most characters of an author's reason or title.
const AUTHOR_CHARS_MAX: usize = 200;

impl Explanation {
    /// The reason on one line of at most [`REASON_CHARS_MAX`] characters, for tables: `by customer-calls`.
    #[must_use]
    pub fn reason(&self) -> String {
        reason(&self.by, self.why.as_ref())
    }

    /// The first sentence: what was decided, by whom and why.
    #[must_use]
    pub fn headline(&self) -> String {
        let done = self.verb.map_or("not recordable", words::done);
        match &self.by {
            By::Rule(rule) => capital(&format!("{done}, because {}.", rule_speaks(rule, self.why.as_ref()))),
            By::Person { word, on, .. } => capital(&format!("{done}, because {}.", words::said(*word, *on))),
            By::Default { verb, layer } => {
                let whose = match layer {
                    Some(layer) => format!("the {}'s default", words::layer(*layer)),
                    None => "the built-in default".to_owned(),
                };
                capital(&format!("{done}, because no rule matched and {whose} is to {} it.", words::verb(*verb)))
            }
            By::NotRecordable { why, .. } => format!("Not recordable: {}.", why.words()),
            By::AnotherCopy { .. } => {
                capital(&format!("{done}, because that was decided about another connected user's copy of this meeting."))
            }
        }
    }

    /// All of it, as lines of text; ends with a line break.
    #[must_use]
    pub fn sentences(&self) -> String {
        let mut out = self.headline();
        out.push('\n');
        self.follow_up(&mut out);
        if let Some(settings) = &self.settings {
            out.push_str(&format!("{}\n", words::settings(settings)));
        }
        if let Some(why) = &self.why {
            condition_lines(why, &mut out);
        }
        self.others(&mut out);
        self.unknown(&mut out);
        self.flip(&mut out);
        out
    }

    /// What follows from who decided: the rule's place and reason, what would be otherwise.
    fn follow_up(&self, out: &mut String) {
        match &self.by {
            By::Rule(rule) => {
                out.push_str(&format!("{}\n", rule_line(rule)));
                if let Some(sentence) = &rule.sentence {
                    out.push_str(&format!("It says: {sentence}\n"));
                }
                if let Some(because) = &rule.because {
                    out.push_str(&format!("The rule's reason: {}.\n", shown(because, AUTHOR_CHARS_MAX).trim_end_matches('.')));
                }
            }
            By::Person { otherwise, .. } => out.push_str(&format!("Without that word it would be {}.\n", otherwise.words())),
            By::Default { .. } => {}
            By::NotRecordable { why, otherwise } => {
                out.push_str(&format!("{}\n", words::remedy(*why)));
                if *why != NotRecordable::Cancelled {
                    out.push_str(&format!("It would then be {}.\n", otherwise.words()));
                }
            }
            By::AnotherCopy { alone } => {
                out.push_str(&format!("By what this copy shows, it would be {}.\n", alone.words()));
            }
        }
    }

    fn others(&self, out: &mut String) {
        if self.also.is_empty() {
            return;
        }
        out.push_str("\nAlso matched:\n");
        for other in self.also.iter().take(LISTED_MAX) {
            out.push_str(&format!("  {}\n", self.other(other)));
        }
        more(out, self.also.len(), "rules");
    }

    fn other(&self, other: &OtherRule) -> String {
        let rule = format!("{}{}", words::id(&other.rule.id), title(&other.rule));
        let does = words::rule_verb(other.rule.tier);
        let maybe = if other.truth == Truth::Unknown { ", as far as can be seen," } else { "" };
        match other.standing {
            Standing::Later => format!("{rule}{maybe} says {does}, but comes after the deciding rule."),
            Standing::LowerTier if matches!(self.by, By::Person { .. }) => {
                format!("{rule}{maybe} says {does}, but a person's word outranks it.")
            }
            Standing::LowerTier => format!("{rule}{maybe} says {does}, but stands in a lower tier than the deciding rule."),
            Standing::ShadowWouldDecide => format!("{rule} is a shadow rule: in effect, it would have decided to {}.", {
                words::verb(other.rule.tier.verb())
            }),
            Standing::ShadowLate => format!("{rule} is a shadow rule ({does}), and would have come too late."),
            Standing::OutOfDates => format!("{rule} says {does}, but only for meetings that start {}.", dates(&other.rule)),
        }
    }

    fn unknown(&self, out: &mut String) {
        let mattered = &self.unknowns;
        if mattered.unknown == 0 {
            return;
        }
        if mattered.list.is_empty() {
            let conditions = if mattered.unknown == 1 { "One condition was" } else { "Some conditions were" };
            let found = if mattered.unfinished { "none was found to matter" } else { "it did not matter" };
            let limit = if mattered.unfinished { format!(" (the search ended after {STEPS_MAX} steps)") } else { String::new() };
            out.push_str(&format!("\n{conditions} unknown; {found}{limit}.\n"));
            return;
        }
        out.push_str("\nUnknown, and it mattered:\n");
        for unknown in mattered.list.iter().take(LISTED_MAX) {
            out.push_str(&format!("  {}\n", told_unknown(unknown, self.verb)));
        }
        more(out, mattered.list.len(), "conditions");
        if mattered.unfinished {
            out.push_str(&format!("  The search for more ended after {STEPS_MAX} steps.\n"));
        }
    }

    fn flip(&self, out: &mut String) {
        match &self.flip {
            Flip::NotAsked => {}
            Flip::Nothing => out.push_str("\nNo change of what the conditions found would give the other decision.\n"),
            Flip::NotFound => {
                out.push_str(&format!("\nWhat would give the other decision was not found within {STEPS_MAX} steps.\n"));
            }
            Flip::By { sets, more } => {
                out.push('\n');
                for (index, set) in sets.iter().enumerate() {
                    let start = if index == 0 { "It would be" } else { "Or it would be" };
                    out.push_str(&format!("{start} {} if {}.\n", set.to.words(), changes(&set.changes)));
                }
                if *more {
                    out.push_str("There are further ways.\n");
                }
            }
        }
    }
}

/// The reason of a decision on one line.
pub(super) fn reason(by: &By, why: Option<&ConditionTold>) -> String {
    let line = match by {
        By::Rule(rule) => {
            let id = words::id(&rule.id);
            match why.filter(|why| why.truth == Truth::Unknown) {
                None => format!("by {id}"),
                Some(why) => {
                    let verb = words::verb(rule.tier.verb());
                    format!("{verb} by {id} ({}, so it counts as a match)", hidden(why))
                }
            }
        }
        By::Person { word, on, .. } => words::said(*word, *on),
        By::Default { verb, .. } => format!("no rule matched; default {}", words::verb(*verb)),
        By::NotRecordable { why, .. } => format!("not recordable: {}", why.words()),
        By::AnotherCopy { .. } => "decided about another copy of the meeting".to_owned(),
    };
    shown(&line, REASON_CHARS_MAX - 1)
}

/// The first reason why a condition is unknown.
fn hidden(why: &ConditionTold) -> &'static str {
    let grounds = why.grounds();
    let reason = grounds.iter().find_map(|ground| ground.atom.unknown.first());
    reason.map_or("a fact is unknown", |reason| reason.words())
}

/// `rule customer-calls ("Customer calls") says to always record it: any attendee in customers — pat@customer.com is`
fn rule_speaks(rule: &RuleTold, why: Option<&ConditionTold>) -> String {
    let mut out = format!("rule {}{} says {}", words::id(&rule.id), title(rule), words::says(rule.tier));
    let Some(why) = why else { return out };
    let mut grounds = why.grounds();
    if grounds.is_empty() {
        out.push_str(", whatever the meeting");
        return out;
    }
    // What holds says more than what does not: `unless` is cited where nothing else is.
    if grounds.iter().any(|ground| !ground.negated) {
        grounds.retain(|ground| !ground.negated);
    }
    let unknown = why.truth == Truth::Unknown;
    out.push_str(if unknown { ", and its condition may hold: " } else { ": " });
    let cited = grounds.iter().take(GROUNDS_SHOWN).map(|ground| {
        let not = if ground.negated { "not " } else { "" };
        let read = if unknown { words::reasons(&ground.atom.unknown) } else { ground.atom.words.clone() };
        let asked = words::condition(&ground.atom.text);
        let asked = ground.settled_by.map_or(asked.clone(), |word| format!("{word} ({asked})"));
        format!("{not}{asked}{}", dash(&asked, &read))
    });
    out.push_str(&cited.collect::<Vec<_>>().join("; "));
    if grounds.len() > GROUNDS_SHOWN {
        out.push_str(&format!("; and {} more", grounds.len() - GROUNDS_SHOWN));
    }
    if unknown {
        out.push_str(", so it counts as a match");
    }
    out
}

fn title(rule: &RuleTold) -> String {
    rule.title.as_ref().map_or_else(String::new, |title| format!(" (\"{}\")", shown(title, AUTHOR_CHARS_MAX)))
}

/// `It is a rule of the organisation (always record, tier 5), at acme.rules:21:1.`
fn rule_line(rule: &RuleTold) -> String {
    let place = rule.place.as_ref().map_or_else(String::new, |place| {
        format!(", at {}:{}:{}", shown(&place.file, AUTHOR_CHARS_MAX), place.line, place.column)
    });
    let whose = match rule.layer {
        Layer::Organisation => "the organisation",
        Layer::User => "the user",
    };
    format!("It is a rule of {whose} ({}, tier {}){place}.", words::rule_verb(rule.tier), rule.tier.rank())
}

fn dates(rule: &RuleTold) -> String {
    match rule.dates {
        (Some(from), Some(until)) => format!("from {from} until {until}"),
        (Some(from), None) => format!("from {from} on"),
        (None, Some(until)) => format!("until {until}"),
        (None, None) => "on other dates".to_owned(),
    }
}

/// A line for each part of a condition that bears on its truth, with what it read.
fn condition_lines(why: &ConditionTold, out: &mut String) {
    let mut lines = Vec::new();
    match &why.shape {
        Shape::All(parts) => part_lines(parts, why.truth, 1, &mut lines),
        _ => part_line(why, 1, &mut lines),
    }
    if lines.is_empty() {
        return;
    }
    let left_out = lines.len().saturating_sub(CONDITION_LINES_MAX);
    lines.truncate(CONDITION_LINES_MAX);
    if left_out > 0 {
        lines.push(format!("  … and {left_out} more lines"));
    }
    out.push_str(&format!("\nIts conditions:\n{}\n", lines.join("\n")));
}

fn part_lines(parts: &[ConditionTold], truth: Truth, depth: usize, lines: &mut Vec<String>) {
    // Of a long list, the parts that make it what it is.
    let (bearing, others): (Vec<_>, Vec<_>) = parts.iter().partition(|part| parts.len() <= PARTS_SHOWN || part.truth == truth);
    for part in bearing.iter().take(PARTS_SHOWN) {
        if lines.len() > CONDITION_LINES_MAX {
            return;
        }
        part_line(part, depth, lines);
    }
    let left_out = bearing.len().saturating_sub(PARTS_SHOWN) + others.len();
    if left_out > 0 {
        lines.push(format!("{}… and {left_out} more", "  ".repeat(depth)));
    }
}

fn part_line(part: &ConditionTold, depth: usize, lines: &mut Vec<String>) {
    let start = format!("{}{:<8} ", "  ".repeat(depth), words::truth(part.truth));
    let (wrap, inner) = unwrapped(part);
    match &inner.shape {
        Shape::Atom(atom) => {
            let asked = words::condition(&atom.text);
            let question = wrap.replace("{}", &asked);
            lines.push(format!("{start}{question}{}", dash(&asked, &read(&atom.words, &atom.unknown))));
        }
        Shape::All(parts) | Shape::Any(parts) => {
            let group = if matches!(inner.shape, Shape::All(_)) { "all of:" } else { "any of:" };
            lines.push(format!("{start}{}", wrap.replace("{}", group)));
            part_lines(parts, inner.truth, depth + 1, lines);
        }
        // `unwrapped` leaves none of these.
        Shape::Not(part) | Shape::Surely(part) | Shape::Possibly(part) => part_line(part, depth, lines),
    }
}

/// The words around a part (`not {}`, `surely ({})`), and the part inside of them.
fn unwrapped(part: &ConditionTold) -> (String, &ConditionTold) {
    let (template, inner) = match &part.shape {
        Shape::Not(inner) => ("not {}", inner),
        Shape::Surely(inner) => ("surely ({})", inner),
        Shape::Possibly(inner) => ("possibly ({})", inner),
        _ => return ("{}".to_owned(), part),
    };
    let (wrap, inner) = unwrapped(inner);
    (template.replace("{}", &wrap), inner)
}

/// What a condition read, with the reasons that its words do not name already.
fn read(said: &str, unknown: &[UnknownReason]) -> String {
    let missing: Vec<_> = unknown.iter().copied().filter(|reason| !said.contains(reason.words())).collect();
    match (said.is_empty(), missing.is_empty()) {
        (_, true) => said.to_owned(),
        (true, false) => words::reasons(&missing),
        (false, false) => format!("{said} ({})", words::reasons(&missing)),
    }
}

/// What was read, behind what was asked; nothing where that says the same.
fn dash(asked: &str, read: &str) -> String {
    if read.is_empty() || read == asked { String::new() } else { format!(" — {read}") }
}

/// `any attendee is external — the guest list is hidden. If it were false, it would be recorded by internal-meetings.`
fn told_unknown(unknown: &UnknownTold, present: Option<Verb>) -> String {
    let mut also = String::new();
    for (atom, truth) in &unknown.together_with {
        also.push_str(&format!(" and `{}` were {}", words::condition(&atom.text), words::truth(*truth)));
    }
    let what = dash("", &words::reasons(&unknown.atom.unknown));
    let to = unknown.to.words();
    let still = if unknown.to.verb() == present { "still " } else { "" };
    let asked = words::condition(&unknown.atom.text);
    format!("{asked}{what}. If it were {}{also}, the meeting would {still}be {to}.", words::truth(unknown.if_it_were))
}

/// `` `title contains "x"` were true and `has link` were false ``
fn changes(changes: &[ChangeTold]) -> String {
    let told = |change: &ChangeTold| format!("`{}` were {}", words::condition(&change.text), words::truth(change.to));
    changes.iter().map(told).collect::<Vec<_>>().join(" and ")
}

fn more(out: &mut String, total: usize, what: &str) {
    if total > LISTED_MAX {
        out.push_str(&format!("  … and {} more {what}\n", total - LISTED_MAX));
    }
}

/// The sentence with a capital letter.
fn capital(sentence: &str) -> String {
    let mut rest = sentence.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}
