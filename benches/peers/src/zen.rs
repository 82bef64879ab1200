//! zen-expression: a compiled expression for each rule.

use crate::facts::{self, joined, quoted};
use crate::peer::{Peer, short};
use crate::workload::native::View;
use crate::workload::vocabulary::OWN_DOMAINS;
use crate::workload::{Rule, rules::Condition};
use callsheet::value::Closed;
use zen_expression::expression::Standard;
use zen_expression::variable::Variable;
use zen_expression::vm::VM;
use zen_expression::{Expression, compile_expression};

pub const NOTE: &str = "a compiled expression for each rule. Its `matches` builds its regular expression at every call, and it takes \
    no function of ours.";

struct Zen {
    machine: VM,
    rules: Vec<Expression<Standard>>,
    events: Vec<Variable>,
}

pub fn build<'w>(rules: &'w [Rule], views: &'w [View<'w>]) -> Result<Box<dyn Peer + 'w>, String> {
    let compile = |rule: &Rule| compile_expression(&condition(&rule.condition)).map_err(short);
    let rules = rules.iter().map(compile).collect::<Result<Vec<_>, String>>()?;
    let events = views.iter().map(|view| Variable::from(facts::json(view))).collect();
    Ok(Box::new(Zen { machine: VM::new(), rules, events }))
}

impl Peer for Zen {
    fn decide(&mut self, event: usize) -> Option<usize> {
        let (machine, event) = (&mut self.machine, &self.events[event]);
        let holds = |found: Variable| found.as_bool() == Some(true);
        self.rules.iter().position(|rule| rule.evaluate_with(event.shallow_clone(), machine).is_ok_and(holds))
    }
}

fn condition(asked: &Condition) -> String {
    match asked {
        Condition::TitleMatches(pattern) => format!("matches(title, \"(?i){pattern}\")"),
        Condition::TitleContains(texts) => any(texts, |text| format!("contains(title_lower, \"{text}\")")),
        Condition::AnyAttendeeFrom(domains) => any(domains, |domain| format!("contains(domains, \"{domain}\")")),
        Condition::EveryAttendeeFrom(domains) => format!("all(domains, # in [{}])", quoted(domains)),
        Condition::EveryAttendeeInternal => format!("all(domains, # in [{}])", quoted(&OWN_DOMAINS.map(str::to_owned))),
        Condition::AnyAttendeeIs(address) => format!("contains(addresses, \"{address}\")"),
        Condition::OrganizerIs(address) => format!("organizer == \"{address}\""),
        Condition::OrganizerFrom(domain) => format!("organizer_domain == \"{domain}\""),
        Condition::AttendeesAtLeast(count) => format!("attendees >= {count}"),
        Condition::AttendeesAtMost(count) => format!("attendees <= {count}"),
        Condition::DurationAtLeast(minutes) => format!("duration >= {minutes}"),
        Condition::StartsBetween(from, to) => format!("(start >= {from} and start < {to})"),
        Condition::RepeatsWeekly => "weekly".to_owned(),
        Condition::MyResponseIs(response) => format!("my_response == \"{}\"", response.word()),
        Condition::ProviderIs(provider) => format!("provider == \"{}\"", provider.word()),
        Condition::OneOnOne => "one_on_one".to_owned(),
        Condition::AllDay => "all_day".to_owned(),
        Condition::All(all) => format!("({})", joined(all, " and ", condition)),
        Condition::Any(all) => format!("({})", joined(all, " or ", condition)),
        Condition::Not(one) => format!("not ({})", condition(one)),
    }
}

fn any(all: &[String], write: impl Fn(&String) -> String) -> String {
    format!("({})", joined(all, " or ", write))
}
