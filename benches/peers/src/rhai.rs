//! rhai: one compiled script whose predicates are functions of ours.

use crate::facts::{self, joined};
use crate::peer::{Peer, short};
use crate::workload::native::{self, View};
use crate::workload::vocabulary::OWN_DOMAINS;
use crate::workload::{Rule, rules::Condition};
use ::rhai::{AST, Engine, ImmutableString, OptimizationLevel, Scope};
use callsheet::value::Closed;
use regex::Regex;
use rustc_hash::FxHashSet;
use std::sync::Arc;

pub const NOTE: &str = "one compiled script, scopes made before, with `sync`. Its predicates are functions of ours in Rust, which \
    favours it.";

struct Rhai {
    engine: Engine,
    script: AST,
    scopes: Vec<Scope<'static>>,
}

/// An event, owned.
#[derive(Debug)]
struct Facts {
    title: String,
    title_lower: String,
    domains: Vec<String>,
    addresses: Vec<String>,
    organizer: String,
    organizer_domain: String,
    duration: i64,
    start: i64,
    weekly: bool,
    all_day: bool,
    one_on_one: bool,
    provider: &'static str,
    my_response: &'static str,
}

type Shared = Arc<Facts>;

pub fn build<'w>(rules: &'w [Rule], views: &'w [View<'w>]) -> Result<Box<dyn Peer + 'w>, String> {
    let mut tables = Tables::default();
    let write = |(place, rule): (usize, &Rule)| format!("if {} {{ return {place}; }}\n", tables.condition(&rule.condition));
    let script: String = rules.iter().enumerate().map(write).collect();
    let engine = engine(tables);
    let script = engine.compile(format!("{script}-1")).map_err(short)?;
    Ok(Box::new(Rhai { engine, script, scopes: views.iter().map(scope).collect() }))
}

impl Peer for Rhai {
    fn decide(&mut self, event: usize) -> Option<usize> {
        let found = self.engine.eval_ast_with_scope::<i64>(&mut self.scopes[event], &self.script).ok()?;
        usize::try_from(found).ok()
    }
}

fn scope(view: &View<'_>) -> Scope<'static> {
    let facts = Facts {
        title: view.title.to_owned(),
        title_lower: view.title_lower.clone(),
        domains: view.domains.iter().map(|domain| (*domain).to_owned()).collect(),
        addresses: view.attendees.iter().map(|who| who.address.to_owned()).collect(),
        organizer: view.organizer.to_owned(),
        organizer_domain: view.organizer_domain.to_owned(),
        duration: i64::from(view.duration_mins),
        start: i64::from(facts::start(view)),
        weekly: view.weekly,
        all_day: view.all_day,
        one_on_one: view.one_on_one,
        provider: view.provider.word(),
        my_response: view.my_response.word(),
    };
    let mut scope = Scope::new();
    scope.push_constant("e", Arc::new(facts));
    scope
}

fn engine(tables: Tables) -> Engine {
    let Tables { patterns, sets, every } = tables;
    let mut engine = Engine::new();
    engine.set_max_expr_depths(0, 0).set_optimization_level(OptimizationLevel::Simple);
    engine
        .register_type_with_name::<Shared>("Facts")
        .register_fn("rx", move |e: Shared, number: i64| patterns[number as usize].is_match(&e.title))
        .register_fn("has_text", |e: Shared, text: ImmutableString| e.title_lower.contains(text.as_str()))
        .register_fn("any_from", move |e: Shared, number: i64| {
            e.domains.iter().any(|domain| sets[number as usize].contains(domain))
        })
        .register_fn("every_from", move |e: Shared, number: i64| {
            e.domains.iter().all(|domain| every[number as usize].contains(domain))
        })
        .register_fn("has_guest", |e: Shared, address: ImmutableString| e.addresses.iter().any(|one| *one == address.as_str()))
        .register_fn("organizer", |e: Shared, address: ImmutableString| e.organizer == address.as_str())
        .register_fn("organizer_from", |e: Shared, domain: ImmutableString| e.organizer_domain == domain.as_str())
        .register_fn("attendees", |e: Shared| e.addresses.len() as i64)
        .register_fn("duration", |e: Shared| e.duration)
        .register_fn("start", |e: Shared| e.start)
        .register_fn("weekly", |e: Shared| e.weekly)
        .register_fn("all_day", |e: Shared| e.all_day)
        .register_fn("one_on_one", |e: Shared| e.one_on_one)
        .register_fn("provider", |e: Shared, word: ImmutableString| e.provider == word.as_str())
        .register_fn("my_response", |e: Shared, word: ImmutableString| e.my_response == word.as_str());
    engine
}

/// What the functions look things up in.
#[derive(Default)]
struct Tables {
    patterns: Vec<Regex>,
    sets: Vec<FxHashSet<String>>,
    every: Vec<FxHashSet<String>>,
}

impl Tables {
    fn condition(&mut self, asked: &Condition) -> String {
        match asked {
            Condition::TitleMatches(pattern) => {
                self.patterns.push(native::regex(pattern));
                format!("rx(e, {})", self.patterns.len() - 1)
            }
            Condition::TitleContains(texts) => format!("({})", joined(texts, " || ", |text| format!("has_text(e, \"{text}\")"))),
            Condition::AnyAttendeeFrom(domains) => {
                self.sets.push(domains.iter().cloned().collect());
                format!("any_from(e, {})", self.sets.len() - 1)
            }
            Condition::EveryAttendeeFrom(domains) => self.every_from(domains),
            Condition::EveryAttendeeInternal => self.every_from(&OWN_DOMAINS.map(str::to_owned)),
            Condition::AnyAttendeeIs(address) => format!("has_guest(e, \"{address}\")"),
            Condition::OrganizerIs(address) => format!("organizer(e, \"{address}\")"),
            Condition::OrganizerFrom(domain) => format!("organizer_from(e, \"{domain}\")"),
            Condition::AttendeesAtLeast(count) => format!("attendees(e) >= {count}"),
            Condition::AttendeesAtMost(count) => format!("attendees(e) <= {count}"),
            Condition::DurationAtLeast(minutes) => format!("duration(e) >= {minutes}"),
            Condition::StartsBetween(from, to) => format!("(start(e) >= {from} && start(e) < {to})"),
            Condition::RepeatsWeekly => "weekly(e)".to_owned(),
            Condition::MyResponseIs(response) => format!("my_response(e, \"{}\")", response.word()),
            Condition::ProviderIs(provider) => format!("provider(e, \"{}\")", provider.word()),
            Condition::OneOnOne => "one_on_one(e)".to_owned(),
            Condition::AllDay => "all_day(e)".to_owned(),
            Condition::All(all) => self.several(all, " && "),
            Condition::Any(all) => self.several(all, " || "),
            Condition::Not(one) => format!("!({})", self.condition(one)),
        }
    }

    fn every_from(&mut self, domains: &[String]) -> String {
        self.every.push(domains.iter().cloned().collect());
        format!("every_from(e, {})", self.every.len() - 1)
    }

    fn several(&mut self, all: &[Condition], between: &str) -> String {
        let all: Vec<String> = all.iter().map(|one| self.condition(one)).collect();
        format!("({})", all.join(between))
    }
}
