//! Answering questions: one short arm for each, and the blocks that test one person.
//!
//! What a question means is told in [`crate::builtins`], and answered there wherever that costs nothing more. Texts, people and
//! clocks are answered here, in the prepared form; that the answers are the same is a property test.

use crate::builtins::people::{Aliases, Tally};
use crate::builtins::text::FoldedText;
use crate::builtins::{Answer, Context, DayTest, SetField, Tables, clock};
use crate::code::Op;
use crate::code::operand::{Block, ClockIdx, DateRuleIdx, PatternIdx, PeopleIdx, ProvidedIdx, TextsIdx};
use crate::event::{PersonKind, ProvidedList};
use crate::time::Date;
use crate::value::words::{Edge, Flag, PersonRole, Quantifier, TextField, TextOp};
use crate::value::{Closed, Fact, Response, Truth};
use crate::vm::guests::Guests;
use crate::vm::machine::Run;
use crate::vm::people::{Member, Roster, Who};
use crate::vm::scratch::{Haystack, Scratch, raw_text};
use crate::vm::told::told;
use std::sync::LazyLock;

static NO_ALIASES: LazyLock<Aliases> = LazyLock::new(Aliases::default);

impl<'r> Run<'r> {
    /// What the occurrence answers to the question of `op`.
    pub fn answer(&mut self, op: &Op) -> Truth {
        match *op {
            Op::AskText { field, how, texts } => self.ask_text(field, how, texts),
            Op::AskTextProvided { field, how, list } => self.ask_text_provided(field, how, list),
            Op::AskPattern { field, pattern } => self.ask_pattern(field, pattern),
            Op::AskClock { edge, clock } => self.ask_clock(edge, clock),
            Op::AskDateRule { edge, rule } => self.ask_date_rule(edge, rule),
            Op::AskOccurrence { which } => self.context().occurrence_is(which).truth(),
            Op::AskHasLink {} => self.context().flag(Flag::HasLink).truth(),
            ref other => {
                let (verified, facts) = (self.verified, self.facts);
                told(other, verified, facts, self.guests()).unwrap_or_else(|| self.ask_people(other))
            }
        }
    }

    /// What the people of the meeting answer, looked at one by one.
    fn ask_people(&mut self, op: &Op) -> Truth {
        match *op {
            Op::AskOrganizer { test } => self.ask_role(PersonRole::Organizer, test),
            Op::AskCreator { test } => self.ask_role(PersonRole::Creator, test),
            Op::AskAttendees { quantifier, test } => self.ask_attendees(quantifier, test),
            Op::AskIs { field: SetField::MyResponse, values } => {
                self.my_response().map_or(Truth::Unknown, |response| values.contains(response).into())
            }
            _ => unreachable!("verified questions are instructions of that part only"),
        }
    }

    /// A text of the occurrence, folded.
    fn text(&mut self, field: TextField) -> Haystack<'_> {
        match self.facts.title() {
            Some(title) if field == TextField::Title => Haystack::Whole(title.folded),
            _ => self.scratch.text(field, self.question),
        }
    }

    /// The people of the meeting.
    pub fn settled_roster(&mut self) -> &Roster {
        if !self.scratch.roster_is_settled {
            self.scratch.roster_is_settled = true;
            let (people, lookup) = (&self.question.occurrence.facts.people, self.verified.lookup());
            self.scratch.roster.fill(people, self.question.user, Some(lookup).filter(|_| self.is_merged));
        }
        &self.scratch.roster
    }

    /// The same, after [`Run::settled_roster`].
    pub fn roster(&self) -> &Roster {
        &self.scratch.roster
    }

    /// The people of the meeting, summed up.
    pub fn guests(&mut self) -> Guests<'_> {
        if !self.is_merged {
            return self.facts.guests();
        }
        if !self.scratch.guests_are_settled {
            self.scratch.guests_are_settled = true;
            self.settled_roster();
            let Scratch { merged, merged_row, roster, .. } = &mut *self.scratch;
            merged.clear();
            *merged_row = merged.add(roster, &self.question.occurrence.facts.people);
        }
        let (row, notes) = &self.scratch.merged_row;
        Guests::new((row, notes), &self.scratch.merged)
    }

    /// For questions whose plain reading is fast enough. It refers to no tables.
    fn context(&self) -> Context<'_> {
        Context::new(self.question, Tables { lists: &[], own_domains: &[], aliases: &NO_ALIASES })
    }

    fn ask_date_rule(&mut self, edge: Edge, index: DateRuleIdx) -> Truth {
        if self.facts.start_is_guess() {
            return Truth::Unknown;
        }
        let test = &self.program.constants.date_rules[index.index()];
        let local = self.scratch.local_time(edge, test.zone, self.program, (self.question, self.facts));
        match (self.verified.lookup().date_rule(index), local) {
            (Some(rule), Some(local)) => rule.holds_date(test.counting_from, local.date).into(),
            _ => Truth::Unknown,
        }
    }

    fn ask_text(&mut self, field: TextField, how: TextOp, texts: TextsIdx) -> Truth {
        let written = &self.program.constants.texts[texts.index()];
        let (lookup, program) = (self.verified.lookup(), self.program);
        match self.text(field) {
            Haystack::Hidden => Truth::Unknown,
            Haystack::Whole(text) if how == TextOp::Is => lookup.holds_text(program, texts, text).into(),
            haystack => compare(&haystack, how, written),
        }
    }

    fn ask_text_provided(&mut self, field: TextField, how: TextOp, list: ProvidedIdx) -> Truth {
        let list = self.find_provided(list);
        match (self.text(field), list) {
            (Haystack::Hidden, _) | (_, None) => Truth::Unknown,
            (haystack, Some(list)) => compare(&haystack, how, &list.texts),
        }
    }

    fn find_provided(&self, list: ProvidedIdx) -> Option<&'r ProvidedList> {
        self.question.lists.find(&self.program.constants.provided[list.index()].name)
    }

    fn ask_pattern(&mut self, field: TextField, pattern: PatternIdx) -> Truth {
        let text = match raw_text(field, self.question) {
            Fact::Unknown(_) => return Truth::Unknown,
            Fact::Known(text) => text,
        };
        let built = self.verified.lookup().pattern(self.program, pattern);
        let Some(pattern) = built.pattern() else { return Truth::Unknown };
        match text {
            Some(text) if text.cut => FoldedText::of(Some(text)).matches(pattern).truth(),
            whole => pattern.is_in(whole.map_or("", |text| &text.content)).into(),
        }
    }

    fn ask_clock(&mut self, edge: Edge, clock: ClockIdx) -> Truth {
        if self.facts.start_is_guess() {
            return Truth::Unknown;
        }
        let test = &self.program.constants.clocks[clock.index()];
        let Some(local) = self.scratch.local_time(edge, test.zone, self.program, (self.question, self.facts)) else {
            return Truth::Unknown;
        };
        let opened = match test.window {
            None => Some(local.date),
            Some(window) => local.secs.and_then(|secs| clock::window_opened(edge, window, local.date, secs)),
        };
        match (opened, &test.days) {
            (None, _) => Truth::False,
            (Some(_), None) => Truth::True,
            (Some(date), Some(days)) => self.is_on(days, date),
        }
    }

    fn is_on(&self, days: &DayTest, date: Date) -> Truth {
        match days {
            DayTest::Weekdays(set) => set.contains(date.weekday()).into(),
            DayTest::Dates(dates) => dates.binary_search(&date).is_ok().into(),
            DayTest::List(list) => match self.find_provided(ProvidedIdx(*list)) {
                Some(list) => list.dates.contains(&date).into(),
                None => Truth::Unknown,
            },
        }
    }

    /// What the connected user answered: as the calendar says, else as the guest list says about them.
    pub fn my_response(&mut self) -> Option<Response> {
        if let Some(place) = self.facts.stated(SetField::MyResponse) {
            return Response::ALL.get(place).copied();
        }
        let roster = self.settled_roster();
        roster.members().iter().find(|member| member.is_me)?.response
    }

    /// The organizer or the creator: as one of the meeting's people, where they are one.
    fn ask_role(&mut self, role: PersonRole, test: Block) -> Truth {
        let people = &self.question.occurrence.facts.people;
        let (person, who) = match role {
            PersonRole::Organizer => (&people.organizer, Who::Organizer),
            PersonRole::Creator => (&people.creator, Who::Creator),
        };
        let Some(person) = person.known().filter(|person| person.kind == PersonKind::Person) else {
            return Truth::Unknown;
        };
        let alone = Member::alone(person, who, self.question.user);
        let roster = self.settled_roster();
        let is_listed = |member: &&Member| match role {
            PersonRole::Organizer => member.is_organizer,
            PersonRole::Creator => {
                (member.is_me && alone.is_me)
                    || person.address.as_ref().is_some_and(|own| roster.addresses(**member, people).any(|address| address == own))
            }
        };
        let member = roster.members().iter().find(is_listed).copied().unwrap_or(alone);
        self.test_person(test, member)
    }

    /// Asks the people one by one, and nobody more once the answer is settled.
    fn ask_attendees(&mut self, quantifier: Quantifier, test: Block) -> Truth {
        match quantifier {
            Quantifier::Every => self.every(test),
            Quantifier::Any => self.at_least(1, test),
            Quantifier::No => self.at_least(1, test).not(),
            Quantifier::AtLeast(number) => self.at_least(number.into(), test),
            Quantifier::AtMost(number) => self.at_least(u64::from(number) + 1, test).not(),
            Quantifier::Exactly(number) => {
                let people = self.tally(test, u64::from(number) + 1);
                people.ask(&[number.into()], |count| count == u64::from(number)).truth()
            }
        }
    }

    fn at_least(&mut self, number: u64, test: Block) -> Truth {
        self.tally(test, number).ask(&[number], |count| count >= number).truth()
    }

    /// How many pass; stops at `enough`, where more would change nothing.
    fn tally(&mut self, test: Block, enough: u64) -> Tally {
        let count = self.settled_roster().members().len();
        let (mut certain, mut unsure) = (0, 0);
        for at in 0..count {
            if certain >= enough {
                break;
            }
            let member = self.roster().members()[at];
            match self.test_person(test, member) {
                Truth::True => certain += 1,
                Truth::Unknown => unsure += 1,
                Truth::False => {}
            }
        }
        self.roster().unseen_people().tally(certain, unsure)
    }

    /// False over nobody; one who fails settles it, one who may be there unseen leaves it open.
    fn every(&mut self, test: Block) -> Truth {
        let count = self.settled_roster().members().len();
        let mut so_far = self.roster().unseen_people().truth();
        for at in 0..count {
            let member = self.roster().members()[at];
            so_far = so_far.and(self.test_person(test, member));
            if so_far == Truth::False {
                return so_far;
            }
        }
        if count == 0 && so_far == Truth::True { Truth::False } else { so_far }
    }

    /// What a person block says about one person.
    fn test_person(&mut self, block: Block, member: Member) -> Truth {
        let mut pc = self.verified.lookup().block_start(block);
        loop {
            let op = self.program.code.ops[pc];
            self.scratch.steps += 1;
            pc += 1;
            let (dst, truth) = match op {
                Op::IsMe { dst } => (dst, self.is_me(member)),
                Op::IsInternal { dst } => (dst, self.is_internal(member)),
                Op::IsExternal { dst } => (dst, self.is_internal(member).not()),
                Op::IsOrganizer { dst } => (dst, self.is_organizer(member)),
                Op::IsAmong { dst, people } => (dst, self.is_among(member, people)),
                Op::IsAmongProvided { dst, list } => (dst, self.is_among_provided(member, list)),
                Op::HasAnswered { dst, response } => (dst, has_answered(member, response)),
                Op::IsOptional { dst } => (dst, member.optional.map_or(Truth::Unknown, Truth::from)),
                Op::Load { dst, truth } => (dst, truth),
                Op::Not { dst } => (dst, self.scratch.registers[dst.index()].not()),
                Op::And { dst, with } => (dst, self.scratch.registers[dst.index()].and(self.scratch.registers[with.index()])),
                Op::Or { dst, with } => (dst, self.scratch.registers[dst.index()].or(self.scratch.registers[with.index()])),
                Op::SkipIfFalse { test, to } => {
                    if self.scratch.registers[test.index()] == Truth::False {
                        pc = to.index();
                    }
                    continue;
                }
                Op::SkipIfTrue { test, to } => {
                    if self.scratch.registers[test.index()] == Truth::True {
                        pc = to.index();
                    }
                    continue;
                }
                Op::Answer { from } => return self.scratch.registers[from.index()],
                _ => unreachable!("verified person blocks hold instructions of that part only"),
            };
            self.scratch.registers[dst.index()] = truth;
        }
    }

    /// Without known own addresses only the provider's mark tells.
    fn is_me(&self, member: Member) -> Truth {
        if member.is_me {
            Truth::True
        } else if self.question.user.addresses.is_empty() {
            Truth::Unknown
        } else {
            unless_unreadable(false, member)
        }
    }

    fn is_internal(&self, member: Member) -> Truth {
        let own = self.verified.lookup().own();
        if own.domains.is_empty() {
            return Truth::Unknown;
        }
        let people = &self.question.occurrence.facts.people;
        let internal = self.roster().addresses(member, people).any(|address| own.covers(address));
        unless_unreadable(internal, member)
    }

    fn is_organizer(&self, member: Member) -> Truth {
        if member.is_organizer {
            return Truth::True;
        }
        match &self.question.occurrence.facts.people.organizer {
            Fact::Known(organizer) if organizer.address.is_some() => unless_unreadable(false, member),
            _ => Truth::Unknown,
        }
    }

    fn is_among(&self, member: Member, people: PeopleIdx) -> Truth {
        let set = &self.program.constants.people[people.index()];
        let listed = &self.question.occurrence.facts.people;
        let among = self.roster().addresses(member, listed).any(|address| set.covers(address));
        unless_unreadable(among, member)
    }

    fn is_among_provided(&mut self, member: Member, list: ProvidedIdx) -> Truth {
        let Some(list) = self.find_provided(list) else { return Truth::Unknown };
        let listed = &self.question.occurrence.facts.people;
        let Scratch { roster, list_lookup, .. } = &mut *self.scratch;
        let among = roster.addresses(member, listed).any(|address| list_lookup.covers(list, address));
        unless_unreadable(among, member)
    }
}

/// Whether some address of the person passed; unknown where none did and one cannot be read.
fn unless_unreadable(passed: bool, member: Member) -> Truth {
    if !passed && member.unreadable { Truth::Unknown } else { passed.into() }
}

/// Whoever called the meeting counts as having accepted.
fn has_answered(member: Member, asked: Response) -> Truth {
    match member.response {
        None => Truth::Unknown,
        Some(Response::Organizer) => (asked == Response::Accepted).into(),
        Some(response) => (response == asked).into(),
    }
}

/// Whether the text compares like that with any of `texts`, which are folded.
fn compare(haystack: &Haystack<'_>, how: TextOp, texts: &[String]) -> Truth {
    let text = match haystack {
        Haystack::Hidden => return Truth::Unknown,
        Haystack::Cut(text) => {
            let text = FoldedText::of(Some(text));
            return Answer::any(texts.iter().map(|operand| text.compare(how, operand))).truth();
        }
        Haystack::Whole(text) => *text,
    };
    let hit = |operand: &String| match how {
        TextOp::Is => text == operand,
        TextOp::Contains => text.contains(operand.as_str()),
        TextOp::StartsWith => text.starts_with(operand.as_str()),
        TextOp::EndsWith => text.ends_with(operand.as_str()),
    };
    texts.iter().any(hit).into()
}
