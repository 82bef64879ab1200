//! Three-valued truth after Kleene: true, false, unknown.

/// The answer to a condition. Ordered `False < Unknown < True`, so that `and` is the minimum and `or` the maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Truth {
    /// Certainly not.
    False = 0,
    /// The event does not tell.
    Unknown = 1,
    /// Certainly.
    True = 2,
}

impl Truth {
    /// Kleene's `and`: false as soon as one side is.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.min(other)
    }

    /// Kleene's `or`: true as soon as one side is.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.max(other)
    }

    /// Kleene's `not`: unknown stays unknown.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "named like its siblings `and` and `or`")]
    pub fn not(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
            Self::True => Self::False,
        }
    }

    /// `surely (c)`: true only where `c` is true.
    #[must_use]
    pub fn surely(self) -> Self {
        (self == Self::True).into()
    }

    /// `possibly (c)`: true also where `c` is unknown.
    #[must_use]
    pub fn possibly(self) -> Self {
        (self != Self::False).into()
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}
