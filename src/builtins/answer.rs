//! The answer to an atomic condition: three-valued truth, and the reason where it is unknown.

use crate::value::{Fact, Truth, UnknownReason};

/// What an occurrence answers to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// Certainly.
    True,
    /// Certainly not.
    False,
    /// The event does not tell, for this reason.
    Unknown(UnknownReason),
}

impl Answer {
    /// The answer without its reason.
    #[must_use]
    pub fn truth(self) -> Truth {
        match self {
            Self::True => Truth::True,
            Self::False => Truth::False,
            Self::Unknown(_) => Truth::Unknown,
        }
    }

    /// Kleene's `and`; of two unknown sides the first one's reason stays.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, other) => other,
            (unknown, _) => unknown,
        }
    }

    /// Kleene's `or`; of two unknown sides the first one's reason stays.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }

    /// Kleene's `not`.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "named like its siblings `and` and `or`")]
    pub fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            unknown => unknown,
        }
    }

    /// True where every answer is; true over none.
    pub fn all(answers: impl IntoIterator<Item = Self>) -> Self {
        combine(answers, Self::True, Self::False, Self::and)
    }

    /// True where some answer is; false over none.
    pub fn any(answers: impl IntoIterator<Item = Self>) -> Self {
        combine(answers, Self::False, Self::True, Self::or)
    }
}

/// Folds `answers`, and asks no further once the result is settled.
fn combine(
    answers: impl IntoIterator<Item = Answer>,
    nothing: Answer,
    settled: Answer,
    join: fn(Answer, Answer) -> Answer,
) -> Answer {
    let mut so_far = nothing;
    for answer in answers {
        so_far = join(so_far, answer);
        if so_far == settled {
            break;
        }
    }
    so_far
}

impl From<bool> for Answer {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

impl From<Fact<bool>> for Answer {
    fn from(fact: Fact<bool>) -> Self {
        match fact {
            Fact::Known(value) => value.into(),
            Fact::Unknown(reason) => Self::Unknown(reason),
        }
    }
}
