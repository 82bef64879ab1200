//! How much a question may cost, in steps.

/// Steps that are left. A step is one small piece of work of a theory: a state of an automaton, a node of a search, a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    left: u64,
}

/// Steps of one question unless its caller says otherwise: well under a tenth of a second.
pub const STEPS: u64 = 400_000;

impl Default for Budget {
    fn default() -> Self {
        Self { left: STEPS }
    }
}

impl Budget {
    /// So many steps.
    #[must_use]
    pub fn steps(left: u64) -> Self {
        Self { left }
    }

    /// How many are left.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Asks a question that may take so many of the steps that are left, and no more.
    pub fn portion<T>(&mut self, most: u64, question: impl FnOnce(&mut Self) -> T) -> T {
        let steps = self.left.min(most);
        let mut portion = Self::steps(steps);
        let answer = question(&mut portion);
        self.left -= steps - portion.left;
        answer
    }

    /// Takes `steps`; an error where fewer are left, and then none are.
    pub(super) fn take(&mut self, steps: u64) -> Result<(), Limit> {
        let left = self.left.checked_sub(steps);
        self.left = left.unwrap_or(0);
        left.map(|_| ()).ok_or(Limit::Steps)
    }
}

/// The bound that left a question undecided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Limit {
    /// The steps of the question.
    Steps,
    /// So many combinations of conditions were tried.
    Rounds,
    /// A pattern's automaton.
    Pattern,
    /// A meeting may exist, and could not be written down.
    Unwritten,
}

impl Limit {
    /// The bound in words, without a full stop.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Steps => "the steps of one question",
            Self::Rounds => "the combinations of conditions that one question may try",
            Self::Pattern => "the states of a regular expression",
            Self::Unwritten => "a meeting that may exist could not be written down",
        }
    }
}
