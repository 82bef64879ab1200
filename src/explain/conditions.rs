//! A rule's condition with the truth of each part and what it read.

use crate::explain::Case;
use crate::value::outline::{AtomIdx, Cond};
use crate::value::{Reading, Truth, UnknownReason};

/// A part of a condition with its truth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionTold {
    /// What it is.
    pub shape: Shape,
    /// Its truth.
    pub truth: Truth,
}

/// The shape of a part of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One question.
    Atom(AtomTold),
    /// True where all parts are.
    All(Vec<ConditionTold>),
    /// True where one part is.
    Any(Vec<ConditionTold>),
    /// True where the part is false.
    Not(Box<ConditionTold>),
    /// True only where the part certainly is.
    Surely(Box<ConditionTold>),
    /// True also where the part is unknown.
    Possibly(Box<ConditionTold>),
}

/// One question and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtomTold {
    /// Its place in the outline.
    pub atom: AtomIdx,
    /// The question as text, as its author wrote it.
    pub text: String,
    /// What it read.
    pub words: String,
    /// Why it could not be read, or not wholly.
    pub unknown: Vec<UnknownReason>,
}

/// `condition` with everything that the trace and the readings tell of it.
pub(super) fn told(case: &Case, condition: &Cond) -> ConditionTold {
    let all = |parts: &[Cond]| parts.iter().map(|part| told(case, part)).collect();
    let shape = match condition {
        Cond::Atom(atom) => Shape::Atom(case.atom(*atom)),
        Cond::And(parts) => Shape::All(all(parts)),
        Cond::Or(parts) => Shape::Any(all(parts)),
        Cond::Not(part) => Shape::Not(Box::new(told(case, part))),
        Cond::Surely(part) => Shape::Surely(Box::new(told(case, part))),
        Cond::Possibly(part) => Shape::Possibly(Box::new(told(case, part))),
    };
    ConditionTold { truth: truth(case, &shape), shape }
}

/// The truth of a part from that of its own parts, so that a tree is read once.
fn truth(case: &Case, shape: &Shape) -> Truth {
    match shape {
        Shape::Atom(atom) => case.trace.atoms.get(usize::from(atom.atom)).copied().unwrap_or(Truth::Unknown),
        Shape::All(parts) => parts.iter().fold(Truth::True, |truth, part| truth.and(part.truth)),
        Shape::Any(parts) => parts.iter().fold(Truth::False, |truth, part| truth.or(part.truth)),
        Shape::Not(part) => part.truth.not(),
        Shape::Surely(part) => part.truth.surely(),
        Shape::Possibly(part) => part.truth.possibly(),
    }
}

impl Case<'_> {
    /// The question at `atom` with what it read.
    pub(super) fn atom(&self, atom: AtomIdx) -> AtomTold {
        let index = usize::from(atom);
        let Reading { words, unknown } = self.readings.get(index).cloned().unwrap_or_default();
        let text = self.outline.atoms.get(index).map(|atom| atom.text.clone()).unwrap_or_default();
        AtomTold { atom, text, words, unknown }
    }
}

/// A question that makes a condition what it is, as it stands in it: plainly, or under `not`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ground<'a> {
    /// The question.
    pub atom: &'a AtomTold,
    /// Whether it stands under an odd number of `not`.
    pub negated: bool,
    /// `surely` or `possibly` around it, where it is what settles an unknown answer.
    pub settled_by: Option<&'static str>,
}

impl ConditionTold {
    /// The questions whose answers give the condition its truth, in order: of an `any of` that is true the first true part,
    /// of an `all of` that is true every part.
    pub(super) fn grounds(&self) -> Vec<Ground<'_>> {
        let mut out = Vec::new();
        self.gather(false, None, &mut out);
        out
    }

    fn gather<'a>(&'a self, negated: bool, settled_by: Option<&'static str>, out: &mut Vec<Ground<'a>>) {
        match &self.shape {
            Shape::Atom(atom) => {
                let settled_by = settled_by.filter(|_| self.truth == Truth::Unknown);
                out.push(Ground { atom, negated, settled_by });
            }
            Shape::Not(part) => part.gather(!negated, settled_by, out),
            Shape::Surely(part) => part.gather(negated, Some("surely"), out),
            Shape::Possibly(part) => part.gather(negated, Some("possibly"), out),
            Shape::All(parts) | Shape::Any(parts) => {
                let mut bearing = parts.iter().filter(|part| part.truth == self.truth);
                // One part is enough to make `any of` true and `all of` false.
                let one = matches!((&self.shape, self.truth), (Shape::Any(_), Truth::True) | (Shape::All(_), Truth::False));
                if one {
                    bearing.next().into_iter().for_each(|part| part.gather(negated, settled_by, out));
                } else {
                    bearing.for_each(|part| part.gather(negated, settled_by, out));
                }
            }
        }
    }
}
