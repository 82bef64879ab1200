//! How the values of the language and of the event model are written in programs.
//!
//! Each type is written member by member; enums begin with the number of their variant. What has a checked constructor
//! (addresses, domains, zones, dates) goes through it again when it is read, and must come out as it was written.

use crate::builtins::{DayTest, SetField, ValueSet};
use crate::code::LoadError;
use crate::code::operand::{
    Addr, Block, ClockIdx, ComparisonIdx, DateRuleIdx, PatternIdx, PeopleIdx, ProvidedIdx, Question, Reg, RepeatsIdx, Rule,
    SeasonIdx, TextsIdx, ZoneIdx,
};
use crate::code::program::{
    ClockTest, Code, Constants, DateRuleText, Origin, PatternText, PeopleSet, Place, ProvidedName, Season,
};
use crate::code::wire::{Reader, Wire};
use crate::event::Address;
use crate::event::address::DomainPattern;
use crate::source::{SourceId, Sources, Span};
use crate::time::{Date, WeekdaySet, Zone};
use crate::value::outline::{AtomOutline, Cond, Outline, Recordable, RuleOutline, Tier, ZoneRule};
use crate::value::words::{
    ClockWindow, Comparison, Cycle, Edge, Layer, ListKind, OccurrenceIs, Quantifier, Rate, Repeats, TextField, TextOp, Verb,
};
use crate::value::{Closed, EventKind, ExtraValue, OnLiveCancel, Response, Settings, Truth};

/// A struct: its members in order.
macro_rules! structs {
    ($($name:ident { $($member:ident),+ })+) => {
        $(impl Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                $(self.$member.put(out);)+
            }

            fn take(input: &mut Reader<'_>) -> Result<Self, LoadError> {
                Ok(Self { $($member: Wire::take(input)?),+ })
            }
        })+
    };
}

/// A struct around one number.
macro_rules! numbers {
    ($($name:ident)+) => {
        $(impl Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                self.0.put(out);
            }

            fn take(input: &mut Reader<'_>) -> Result<Self, LoadError> {
                Ok(Self(Wire::take(input)?))
            }
        })+
    };
}

/// An enum: the number of the variant, then what it holds.
macro_rules! enums {
    ($($name:ident { $($number:literal = $variant:ident $(($($part:ident),+))? $({ $($member:ident),+ })?),+ $(,)? })+) => {
        $(impl Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant $(($($part),+))? $({ $($member),+ })? => {
                        out.push($number);
                        $($($part.put(out);)+)?
                        $($($member.put(out);)+)?
                    })+
                }
            }

            fn take(input: &mut Reader<'_>) -> Result<Self, LoadError> {
                Ok(match input.byte()? {
                    $($number => {
                        $($(let $part = Wire::take(input)?;)+)?
                        $($(let $member = Wire::take(input)?;)+)?
                        Self::$variant $(($($part),+))? $({ $($member),+ })?
                    })+
                    _ => return Err(input.malformed(concat!("an unknown ", stringify!($name)))),
                })
            }
        })+
    };
}

/// A closed set: the place of the value in its table.
macro_rules! closed {
    ($($name:ident)+) => {
        $(impl Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                out.push(self.index() as u8);
            }

            fn take(input: &mut Reader<'_>) -> Result<Self, LoadError> {
                let place = usize::from(input.byte()?);
                Self::ALL.get(place).copied().ok_or_else(|| input.malformed(concat!("an unknown ", stringify!($name))))
            }
        })+
    };
}

numbers! {
    Reg Addr Question Rule Block TextsIdx PatternIdx PeopleIdx ProvidedIdx ComparisonIdx ClockIdx DateRuleIdx RepeatsIdx
    SeasonIdx ZoneIdx ValueSet WeekdaySet SourceId
}

closed! { Response EventKind }

structs! {
    Code { ops, main, blocks }
    Constants { texts, patterns, people, provided, comparisons, clocks, date_rules, repeats, seasons, zones }
    PatternText { pattern, flags }
    PeopleSet { addresses, domains }
    ProvidedName { name, kind }
    ClockTest { window, days, zone }
    DateRuleText { rule, counting_from, zone }
    Season { from, until, zone }
    Place { at, rule }
    Origin { sources, layers, tenant_domains, compiler, zone_database }
    Outline { rules, atoms, recordable, default, default_settings }
    RuleOutline { id, title, layer, tier, shadow, from, until, zone, condition, because, settings, span, text }
    AtomOutline { text, span }
    Recordable { all_day, declined, kinds }
    Settings { join, keep, bot_name, language, tags, on_live_cancel, extra, capped }
    Span { source, start, end }
    Repeats { rate, on, at_least, at_most, forever }
}

enums! {
    TextField { 0 = Title, 1 = Description, 2 = Location, 3 = Calendar }
    TextOp { 0 = Is, 1 = Contains, 2 = StartsWith, 3 = EndsWith }
    Edge { 0 = Starts, 1 = Ends }
    OccurrenceIs { 0 = First, 1 = Moved, 2 = Changed }
    SetField {
        0 = MyResponse, 1 = Status, 2 = Visibility, 3 = ShowsAs, 4 = Kind, 5 = Provider, 6 = Conference, 7 = Source,
    }
    Truth { 0 = False, 1 = Unknown, 2 = True }
    Quantifier { 0 = Any, 1 = Every, 2 = No, 3 = AtLeast(n), 4 = AtMost(n), 5 = Exactly(n) }
    Comparison { 0 = Eq(n), 1 = Ne(n), 2 = Lt(n), 3 = Le(n), 4 = Gt(n), 5 = Ge(n), 6 = Between(from, to) }
    ClockWindow { 0 = Before(at), 1 = After(at), 2 = At(at), 3 = Between { from, to, overnight } }
    DayTest { 0 = Weekdays(days), 1 = Dates(dates), 2 = List(list) }
    ZoneRule { 0 = Named(zone), 1 = UserElseEvent }
    Cycle { 0 = Daily, 1 = Weekly, 2 = Monthly, 3 = Yearly }
    Rate { 0 = Freq(cycle), 1 = Every(interval, cycle) }
    Layer { 0 = Organisation, 1 = User }
    Verb { 0 = Record, 1 = Skip }
    ListKind { 0 = People, 1 = Texts, 2 = Dates }
    Tier { 0 = OrganisationNever, 1 = Locked, 2 = UserNever, 3 = Always, 4 = Ordered(verb) }
    OnLiveCancel { 0 = Leave, 1 = Stay }
    ExtraValue { 0 = Text(text), 1 = Texts(texts), 2 = Number(n), 3 = Flag(flag), 4 = Duration(secs), 5 = Offset(secs) }
}

impl Wire for Cond {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Atom(atom) => {
                out.push(0);
                atom.put(out);
            }
            Self::And(parts) => {
                out.push(1);
                parts.put(out);
            }
            Self::Or(parts) => {
                out.push(2);
                parts.put(out);
            }
            Self::Not(part) => {
                out.push(3);
                part.put(out);
            }
            Self::Surely(part) => {
                out.push(4);
                part.put(out);
            }
            Self::Possibly(part) => {
                out.push(5);
                part.put(out);
            }
        }
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, LoadError> {
        input.nested(|input| {
            Ok(match input.byte()? {
                0 => Self::Atom(Wire::take(input)?),
                1 => Self::And(Wire::take(input)?),
                2 => Self::Or(Wire::take(input)?),
                3 => Self::Not(Wire::take(input)?),
                4 => Self::Surely(Wire::take(input)?),
                5 => Self::Possibly(Wire::take(input)?),
                _ => return Err(input.malformed("an unknown condition")),
            })
        })
    }
}

impl Wire for Date {
    fn put(&self, out: &mut Vec<u8>) {
        i64::from(self.year()).put(out);
        out.push(self.month().unsigned_abs());
        out.push(self.day().unsigned_abs());
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, LoadError> {
        let year = i16::try_from(i64::take(input)?).map_err(|_| input.malformed("a year out of range"))?;
        let month = input.byte()?;
        let day = input.byte()?;
        let narrow = |number: u8| i8::try_from(number).unwrap_or(0);
        Self::new(year, narrow(month), narrow(day)).map_err(|_| input.malformed("a date that does not exist"))
    }
}

/// By name: a zone has no rules of its own in a program.
impl Wire for Zone {
    fn put(&self, out: &mut Vec<u8>) {
        self.name().to_owned().put(out);
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, LoadError> {
        let name = String::take(input)?;
        match Self::named(&name) {
            Some(zone) if zone.name() == name => Ok(zone),
            _ => Err(LoadError::UnknownZone(name)),
        }
    }
}

impl Wire for Address {
    fn put(&self, out: &mut Vec<u8>) {
        self.as_str().to_owned().put(out);
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, LoadError> {
        let text = String::take(input)?;
        Self::parse(&text).filter(|address| address.as_str() == text).ok_or_else(|| input.malformed("not an address"))
    }
}

impl Wire for DomainPattern {
    fn put(&self, out: &mut Vec<u8>) {
        self.to_string().put(out);
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, LoadError> {
        let text = String::take(input)?;
        let pattern = Self::parse(&text).ok().filter(|pattern| pattern.to_string() == text);
        pattern.ok_or_else(|| input.malformed("not a domain"))
    }
}

impl Wire for Sources {
    fn put(&self, out: &mut Vec<u8>) {
        let texts: Vec<(String, String)> = self.iter().map(|(_, source)| (source.name.clone(), source.text.clone())).collect();
        texts.put(out);
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, LoadError> {
        let texts: Vec<(String, String)> = Wire::take(input)?;
        if texts.len() > usize::from(u16::MAX) {
            return Err(input.malformed("too many rule texts"));
        }
        let mut sources = Self::default();
        for (name, text) in texts {
            sources.add(name, text);
        }
        Ok(sources)
    }
}
