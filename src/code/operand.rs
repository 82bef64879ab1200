//! The operands of instructions: places in the constants, in the code, in the rule set.
//!
//! Every operand has a type of its own, so that an index into one pool cannot be taken for an index into another, neither
//! by the compiler nor in a stored program.

use crate::value::words::{Edge, OccurrenceIs, Quantifier, TextField, TextOp};
use crate::value::{EventKind, Response, Truth};

pub use crate::builtins::{SetField, ValueSet};

macro_rules! indexes {
    ($($(#[$doc:meta])* $name:ident($type:ty) = $pool:literal;)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
            pub struct $name(pub $type);

            impl $name {
                /// The place as `usize`, for indexing.
                #[must_use]
                pub fn index(self) -> usize {
                    self.0 as usize
                }
            }

            impl From<$name> for Operand {
                fn from(value: $name) -> Self {
                    Self::$name(value)
                }
            }
        )+

        /// Some operand of an instruction, with its type.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Operand {
            $($(#[$doc])* $name($name),)+
            /// One of the event's texts.
            TextField(TextField),
            /// How texts compare.
            TextOp(TextOp),
            /// How many people must pass.
            Quantifier(Quantifier),
            /// Which end of the event.
            Edge(Edge),
            /// What sets the occurrence apart.
            OccurrenceIs(OccurrenceIs),
            /// A closed set that an event has a value of.
            SetField(SetField),
            /// Some values of a closed set.
            ValueSet(ValueSet),
            /// What a person answered.
            Response(Response),
            /// A truth value.
            Truth(Truth),
        }

        impl Operand {
            /// What the listing calls the pool that an index points into; empty for what stands in the instruction itself.
            #[must_use]
            pub fn pool(self) -> &'static str {
                match self {
                    $(Self::$name(_) => $pool,)+
                    _ => "",
                }
            }
        }
    };
}

indexes! {
    /// A register of a person block: it holds a truth value.
    Reg(u8) = "r";
    /// An instruction, counted from the start of the code.
    Addr(u32) = "";
    /// A question: the atomic condition of this place in the outline's table.
    Question(u16) = "q";
    /// A rule of the outline, in effective order.
    Rule(u16) = "rule";
    /// A person block.
    Block(u16) = "block";
    /// Texts to compare with.
    TextsIdx(u16) = "texts";
    /// A regular expression.
    PatternIdx(u16) = "pattern";
    /// Addresses and domains.
    PeopleIdx(u16) = "people";
    /// A list that the tenant provides with each decision.
    ProvidedIdx(u16) = "provided";
    /// A comparison of numbers.
    ComparisonIdx(u16) = "compare";
    /// A window of the day on some days.
    ClockIdx(u16) = "clock";
    /// A recurrence rule as a test of dates.
    DateRuleIdx(u16) = "dates";
    /// A question about the series.
    RepeatsIdx(u16) = "repeats";
    /// The dates that a rule holds on.
    SeasonIdx(u16) = "season";
    /// A zone that clocks and dates are read in.
    ZoneIdx(u16) = "zone";
}

macro_rules! plain_operands {
    ($($name:ident)+) => {
        $(impl From<$name> for Operand {
            fn from(value: $name) -> Self {
                Self::$name(value)
            }
        })+
    };
}

plain_operands! { TextField TextOp Quantifier Edge OccurrenceIs SetField ValueSet Response Truth }

/// The kinds of calendar entries that are in a set of values.
pub fn kinds_in(values: ValueSet) -> impl Iterator<Item = EventKind> {
    use crate::value::Closed;
    EventKind::ALL.iter().copied().filter(move |kind| values.0 & 1 << kind.index() != 0)
}
