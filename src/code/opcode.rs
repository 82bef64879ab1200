//! The instruction set: one table.
//!
//! A program has three parts. The *main* part goes through the policy from tier 0 to tier 7 and ends in exactly one decision.
//! Behind it stands one *question* for every atomic condition; the main part asks by number, and the machine keeps the
//! answer, so that no question is worked out twice for one event. Questions about people run a *person block* for each of
//! them: small pieces of code over registers that hold truth values.
//!
//! Main code has no registers. A rule that records needs its condition to be certain, a rule that skips only needs it to be
//! possible; either is a plain yes or no, and Kleene's connectives pass that question on to their parts. So conditions are
//! jumps that ask one of four things of an answer: true or not, false or not. Person blocks answer to quantifiers, which
//! tell all three values apart; hence their registers.
//!
//! Jumps only go forward, so every run ends; [`verify`](crate::code::verify()) proves that and the rest.

use crate::code::LoadError;
use crate::code::operand::{
    Addr, Block, ClockIdx, ComparisonIdx, DateRuleIdx, Operand, PatternIdx, PeopleIdx, ProvidedIdx, Question, Reg, RepeatsIdx,
    Rule, SeasonIdx, SetField, TextsIdx, ValueSet,
};
use crate::code::wire::{Reader, Wire};
use crate::value::words::{Edge, OccurrenceIs, Quantifier, TextField, TextOp};
use crate::value::{Response, Truth};

/// Which part of a program an instruction belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The policy, tier by tier.
    Main,
    /// One instruction for each atomic condition.
    Questions,
    /// Tests of one person.
    People,
}

macro_rules! opcodes {
    ($($part:ident { $($name:ident { $($operand:ident: $type:ty),* } = $meaning:literal;)+ })+) => {
        /// One instruction.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the operands are explained by the meaning of their instruction")]
        pub enum Op {
            $($(#[doc = concat!("`", $meaning, "`")] $name { $($operand: $type),* },)+)+
        }

        /// The name of an instruction, without operands. Its number is the byte that encodes it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Opcode {
            $($(#[doc = concat!("`", $meaning, "`")] $name,)+)+
        }

        impl Opcode {
            /// Every opcode, in table order.
            pub const ALL: &'static [Self] = &[$($(Self::$name),+),+];

            /// The mnemonic.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $($(Self::$name => stringify!($name),)+)+ }
            }

            /// What it does: `r[x]` is a register, `q[x]` the answer to a question, `pc` the next instruction.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $($(Self::$name => $meaning,)+)+ }
            }

            /// Where it may stand.
            #[must_use]
            pub fn part(self) -> Part {
                match self { $($(Self::$name => Part::$part,)+)+ }
            }

            /// The names of its operands.
            #[must_use]
            pub fn operands(self) -> &'static [&'static str] {
                match self { $($(Self::$name => &[$(stringify!($operand)),*],)+)+ }
            }
        }

        impl Op {
            /// Its name.
            #[must_use]
            pub fn opcode(&self) -> Opcode {
                match self { $($(Self::$name { .. } => Opcode::$name,)+)+ }
            }

            /// Shows every operand to `visit`, in table order.
            pub fn each_operand(&self, mut visit: impl FnMut(Operand)) {
                match *self { $($(Self::$name { $($operand),* } => { $(visit($operand.into());)* })+)+ }
            }
        }

        impl Wire for Op {
            fn put(&self, out: &mut Vec<u8>) {
                out.push(self.opcode() as u8);
                match self { $($(Self::$name { $($operand),* } => { $($operand.put(out);)* })+)+ }
            }

            fn take(input: &mut Reader<'_>) -> Result<Self, LoadError> {
                let byte = input.byte()?;
                let opcode = Opcode::ALL.get(usize::from(byte)).ok_or_else(|| input.malformed("an unknown instruction"))?;
                Ok(match opcode { $($(Opcode::$name => Self::$name { $($operand: Wire::take(input)?),* },)+)+ })
            }
        }
    };
}

opcodes! {
    Main {
        RefuseCancelled {} = "if the event is cancelled then not recordable; halt";
        RefuseDraft {} = "if the event is a draft then not recordable; halt";
        RefuseAllDay {} = "if the event has no clock times then not recordable; halt";
        RefuseKindsBut { kinds: ValueSet } = "if the event's kind is not among kinds then not recordable; halt";
        RefuseSubHourly {} = "if the series repeats faster than hourly then not recordable; halt";
        RefuseDeclined {} = "if the user declined and no override records then not recordable; halt";
        RefuseUnjoinable {} = "if no bot can join the event's link then not recordable; halt";
        JumpOffSeason { season: SeasonIdx, to: Addr } = "if the local start date is outside of season then pc := to";
        JumpIfTrue { ask: Question, to: Addr } = "if q[ask] is True then pc := to";
        JumpUnlessTrue { ask: Question, to: Addr } = "if q[ask] is not True then pc := to";
        JumpIfFalse { ask: Question, to: Addr } = "if q[ask] is False then pc := to";
        JumpUnlessFalse { ask: Question, to: Addr } = "if q[ask] is not False then pc := to";
        Decide { rule: Rule } = "decision := what rule says; halt";
        DecideOverride {} = "if a person stopped or ordered the recording then decision := their word; halt";
        DecideDefault {} = "decision := the default; halt";
    }
    Questions {
        AskText { field: TextField, how: TextOp, texts: TextsIdx } = "q := event.field compares like that with any of texts";
        AskTextProvided { field: TextField, how: TextOp, list: ProvidedIdx } = "q := the same with a provided list; Unknown without it";
        AskPattern { field: TextField, pattern: PatternIdx } = "q := pattern is found in event.field as written";
        AskOrganizer { test: Block } = "q := what the block says of the organizer; Unknown if that is no person";
        AskCreator { test: Block } = "q := what the block says of the creator; Unknown if the calendar does not tell";
        AskAttendees { quantifier: Quantifier, test: Block } = "q := the block holds of so many people of the meeting";
        AskCount { comparison: ComparisonIdx } = "q := the number of people compares like that";
        AskDuration { comparison: ComparisonIdx } = "q := the length in seconds compares like that";
        AskClock { edge: Edge, clock: ClockIdx } = "q := that end lies in the window on such a day";
        AskDateRule { edge: Edge, rule: DateRuleIdx } = "q := the local date of that end is one of the rule's";
        AskRepeats { repeats: RepeatsIdx } = "q := the series repeats like that";
        AskOccurrence { which: OccurrenceIs } = "q := the occurrence is first, moved or changed";
        AskIs { field: SetField, values: ValueSet } = "q := event.field is one of values";
        AskOneOnOne {} = "q := exactly two people have not declined";
        AskAllDay {} = "q := the event has no clock times";
        AskHasLink {} = "q := the event has a meeting link";
    }
    People {
        IsMe { dst: Reg } = "r[dst] := the person is the connected user";
        IsInternal { dst: Reg } = "r[dst] := the address is in an own domain";
        IsExternal { dst: Reg } = "r[dst] := the address is in no own domain";
        IsOrganizer { dst: Reg } = "r[dst] := the person called the meeting";
        IsAmong { dst: Reg, people: PeopleIdx } = "r[dst] := people holds the address or its domain";
        IsAmongProvided { dst: Reg, list: ProvidedIdx } = "r[dst] := the same with a provided list; Unknown without it";
        HasAnswered { dst: Reg, response: Response } = "r[dst] := the person's answer is response";
        IsOptional { dst: Reg } = "r[dst] := the person is invited as optional";
        Load { dst: Reg, truth: Truth } = "r[dst] := truth";
        Not { dst: Reg } = "r[dst] := not r[dst]";
        And { dst: Reg, with: Reg } = "r[dst] := r[dst] and r[with]";
        Or { dst: Reg, with: Reg } = "r[dst] := r[dst] or r[with]";
        SkipIfFalse { test: Reg, to: Addr } = "if r[test] is False then pc := to";
        SkipIfTrue { test: Reg, to: Addr } = "if r[test] is True then pc := to";
        Answer { from: Reg } = "the block's answer is r[from]; end of block";
    }
}

impl Op {
    /// Whether the run, or the block, always ends here.
    #[must_use]
    pub fn ends(&self) -> bool {
        matches!(self, Self::Decide { .. } | Self::DecideDefault {} | Self::Answer { .. })
    }

    /// Where the instruction may go instead of to the next one.
    #[must_use]
    pub fn target(&self) -> Option<Addr> {
        let mut target = None;
        self.each_operand(|operand| {
            if let Operand::Addr(to) = operand {
                target = Some(to);
            }
        });
        target
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_stays_small() {
        assert!(size_of::<Op>() <= 16, "{} bytes", size_of::<Op>());
    }

    #[test]
    fn opcodes_are_numbered_as_in_the_table() {
        for (number, opcode) in Opcode::ALL.iter().enumerate() {
            assert_eq!(*opcode as usize, number);
        }
    }
}
