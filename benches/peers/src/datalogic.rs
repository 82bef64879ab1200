//! datalogic-rs: one compiled `if` chain of JSONLogic over facts in an arena.

use crate::facts;
use crate::peer::{Peer, short};
use crate::workload::native::{self, View};
use crate::workload::vocabulary::OWN_DOMAINS;
use crate::workload::{Rule, rules::Condition};
use bumpalo::Bump;
use callsheet::value::Closed;
use datalogic_rs::datavalue::OwnedDataValue;
use datalogic_rs::operator::EvalContext;
use datalogic_rs::{ArenaExt, CustomOperator, DataValue, Engine, Logic};
use regex::Regex;
use serde_json::{Value, json};

pub const NOTE: &str = "one compiled `if` chain, facts by reference. It has no regular expressions: an operator of our own finds \
    those built before.";

struct Datalogic {
    engine: Engine,
    chain: Logic,
    events: Vec<OwnedDataValue>,
    arena: Bump,
}

pub fn build<'w>(rules: &'w [Rule], views: &'w [View<'w>]) -> Result<Box<dyn Peer + 'w>, String> {
    let mut writer = Writer::default();
    let mut chain = Vec::new();
    for (place, rule) in rules.iter().enumerate() {
        chain.extend([writer.condition(&rule.condition), json!(place)]);
    }
    chain.push(json!(-1));
    let engine = Engine::builder().add_operator("rx", Patterns(writer.patterns)).build();
    let chain = engine.compile(json!({ "if": chain }).to_string().as_str()).map_err(short)?;
    let event = |view| facts::json(view).to_string().parse::<OwnedDataValue>().map_err(|_| "facts that are no JSON".to_owned());
    let events = views.iter().map(event).collect::<Result<Vec<_>, String>>()?;
    Ok(Box::new(Datalogic { engine, chain, events, arena: Bump::new() }))
}

impl Peer for Datalogic {
    fn decide(&mut self, event: usize) -> Option<usize> {
        self.arena.reset();
        let found = self.engine.evaluate(&self.chain, &self.events[event], &self.arena).ok()?;
        usize::try_from(found.as_i64()?).ok()
    }
}

/// Finds the regular expression of a number in a text.
struct Patterns(Vec<Regex>);

impl CustomOperator for Patterns {
    fn evaluate<'a>(
        &self,
        arguments: &[&'a DataValue<'a>],
        _: &mut EvalContext<'_, 'a>,
        arena: &'a Bump,
    ) -> datalogic_rs::Result<&'a DataValue<'a>> {
        let [DataValue::Number(number), DataValue::String(text)] = arguments else { return Ok(arena.bool(false)) };
        let pattern = number.as_i64().and_then(|number| self.0.get(usize::try_from(number).ok()?));
        Ok(arena.bool(pattern.is_some_and(|pattern| pattern.is_match(text))))
    }
}

#[derive(Default)]
struct Writer {
    patterns: Vec<Regex>,
}

impl Writer {
    fn condition(&mut self, asked: &Condition) -> Value {
        let var = |name: &str| json!({ "var": name });
        match asked {
            Condition::TitleMatches(pattern) => {
                self.patterns.push(native::regex(pattern));
                json!({ "rx": [self.patterns.len() - 1, var("title")] })
            }
            Condition::TitleContains(texts) => {
                any(texts.iter().map(|text| json!({ "in": [text, var("title_lower")] })).collect())
            }
            Condition::AnyAttendeeFrom(domains) => {
                any(domains.iter().map(|domain| json!({ "in": [domain, var("domains")] })).collect())
            }
            Condition::EveryAttendeeFrom(domains) => json!({ "all": [var("domains"), { "in": [var(""), domains] }] }),
            Condition::EveryAttendeeInternal => json!({ "all": [var("domains"), { "in": [var(""), OWN_DOMAINS] }] }),
            Condition::AnyAttendeeIs(address) => json!({ "in": [address, var("addresses")] }),
            Condition::OrganizerIs(address) => json!({ "===": [var("organizer"), address] }),
            Condition::OrganizerFrom(domain) => json!({ "===": [var("organizer_domain"), domain] }),
            Condition::AttendeesAtLeast(count) => json!({ ">=": [var("attendees"), count] }),
            Condition::AttendeesAtMost(count) => json!({ "<=": [var("attendees"), count] }),
            Condition::DurationAtLeast(minutes) => json!({ ">=": [var("duration"), minutes] }),
            Condition::StartsBetween(from, to) => {
                json!({ "and": [{ ">=": [var("start"), from] }, { "<": [var("start"), to] }] })
            }
            Condition::RepeatsWeekly => var("weekly"),
            Condition::MyResponseIs(response) => json!({ "===": [var("my_response"), response.word()] }),
            Condition::ProviderIs(provider) => json!({ "===": [var("provider"), provider.word()] }),
            Condition::OneOnOne => var("one_on_one"),
            Condition::AllDay => var("all_day"),
            Condition::All(all) => json!({ "and": all.iter().map(|one| self.condition(one)).collect::<Vec<Value>>() }),
            Condition::Any(all) => any(all.iter().map(|one| self.condition(one)).collect()),
            Condition::Not(one) => json!({ "!": [self.condition(one)] }),
        }
    }
}

fn any(mut all: Vec<Value>) -> Value {
    if all.len() == 1 { all.remove(0) } else { json!({ "or": all }) }
}
