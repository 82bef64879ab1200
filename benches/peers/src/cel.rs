//! cel: a compiled program for each rule, a context for each event.

use crate::facts::{self, joined, quoted};
use crate::peer::{Peer, short};
use crate::workload::native::{self, View};
use crate::workload::vocabulary::OWN_DOMAINS;
use crate::workload::{Rule, rules::Condition};
use ::cel::{Context, Env, Program, Value};
use callsheet::value::Closed;
use regex::Regex;
use std::sync::Arc;

pub const NOTE: &str = "a compiled program for each rule, contexts made before. Its own `matches` builds its regular expression at \
    every call: a function of ours finds those built before.";

struct Cel {
    programs: Vec<Program>,
    contexts: Vec<Context<'static, 'static>>,
}

pub fn build<'w>(rules: &'w [Rule], views: &'w [View<'w>]) -> Result<Box<dyn Peer + 'w>, String> {
    let env = Arc::new(Env::stdlib());
    let mut patterns = Vec::new();
    let compile = |rule: &Rule| env.compile(&condition(&rule.condition, &mut patterns)).map_err(short);
    let programs = rules.iter().map(compile).collect::<Result<Vec<Program>, String>>()?;
    let patterns = Arc::new(patterns);
    let contexts = views.iter().map(|view| context(&env, view, &patterns)).collect::<Result<Vec<_>, String>>()?;
    Ok(Box::new(Cel { programs, contexts }))
}

impl Peer for Cel {
    fn decide(&mut self, event: usize) -> Option<usize> {
        let context = &self.contexts[event];
        self.programs.iter().position(|program| matches!(program.execute(context), Ok(Value::Bool(true))))
    }
}

fn context(env: &Arc<Env>, view: &View<'_>, patterns: &Arc<Vec<Regex>>) -> Result<Context<'static, 'static>, String> {
    let mut context = Context::with_env(Arc::clone(env));
    let texts = |all: &mut dyn Iterator<Item = &str>| all.map(str::to_owned).collect::<Vec<String>>();
    context.add_variable_from_value("title", view.title.to_owned());
    context.add_variable_from_value("title_lower", view.title_lower.clone());
    context.add_variable_from_value("domains", texts(&mut view.domains.iter().copied()));
    context.add_variable_from_value("addresses", texts(&mut view.attendees.iter().map(|who| who.address)));
    context.add_variable_from_value("organizer", view.organizer.to_owned());
    context.add_variable_from_value("organizer_domain", view.organizer_domain.to_owned());
    context.add_variable_from_value("attendees", view.attendees.len() as i64);
    context.add_variable_from_value("duration", i64::from(view.duration_mins));
    context.add_variable_from_value("start", i64::from(facts::start(view)));
    context.add_variable_from_value("weekly", view.weekly);
    context.add_variable_from_value("all_day", view.all_day);
    context.add_variable_from_value("one_on_one", view.one_on_one);
    context.add_variable_from_value("provider", view.provider.word().to_owned());
    context.add_variable_from_value("my_response", view.my_response.word().to_owned());
    let patterns = Arc::clone(patterns);
    let find = move |title: Arc<String>, number: i64| patterns[number as usize].is_match(&title);
    context.add_function("rx", find).map_err(|error| format!("{error:?}"))?;
    Ok(context)
}

fn condition(asked: &Condition, patterns: &mut Vec<Regex>) -> String {
    match asked {
        Condition::TitleMatches(pattern) => {
            patterns.push(native::regex(pattern));
            format!("rx(title, {})", patterns.len() - 1)
        }
        Condition::TitleContains(texts) => grouped(joined(texts, " || ", |text| format!("title_lower.contains(\"{text}\")"))),
        Condition::AnyAttendeeFrom(domains) => grouped(joined(domains, " || ", |domain| format!("\"{domain}\" in domains"))),
        Condition::EveryAttendeeFrom(domains) => format!("domains.all(d, d in [{}])", quoted(domains)),
        Condition::EveryAttendeeInternal => format!("domains.all(d, d in [{}])", quoted(&OWN_DOMAINS.map(str::to_owned))),
        Condition::AnyAttendeeIs(address) => format!("\"{address}\" in addresses"),
        Condition::OrganizerIs(address) => format!("organizer == \"{address}\""),
        Condition::OrganizerFrom(domain) => format!("organizer_domain == \"{domain}\""),
        Condition::AttendeesAtLeast(count) => format!("attendees >= {count}"),
        Condition::AttendeesAtMost(count) => format!("attendees <= {count}"),
        Condition::DurationAtLeast(minutes) => format!("duration >= {minutes}"),
        Condition::StartsBetween(from, to) => format!("(start >= {from} && start < {to})"),
        Condition::RepeatsWeekly => "weekly".to_owned(),
        Condition::MyResponseIs(response) => format!("my_response == \"{}\"", response.word()),
        Condition::ProviderIs(provider) => format!("provider == \"{}\"", provider.word()),
        Condition::OneOnOne => "one_on_one".to_owned(),
        Condition::AllDay => "all_day".to_owned(),
        Condition::All(all) => grouped(all.iter().map(|one| condition(one, patterns)).collect::<Vec<_>>().join(" && ")),
        Condition::Any(all) => grouped(all.iter().map(|one| condition(one, patterns)).collect::<Vec<_>>().join(" || ")),
        Condition::Not(one) => format!("!({})", condition(one, patterns)),
    }
}

fn grouped(condition: String) -> String {
    format!("({condition})")
}
