//! wirefilter: a compiled filter for each rule.

use crate::facts::{self, joined};
use crate::peer::{Peer, short};
use crate::workload::native::View;
use crate::workload::vocabulary::OWN_DOMAINS;
use crate::workload::{Rule, rules::Condition};
use ::wirefilter::{ExecutionContext, Filter, Scheme};
use callsheet::value::Closed;
use std::sync::LazyLock;

pub const NOTE: &str = "a compiled filter for each rule. The registry's version knows no lists: domains and addresses are joined to \
    one text that is searched. Its regular expressions know ASCII letters only, so that ends of words beside others can differ.";

static SCHEME: LazyLock<Scheme> = LazyLock::new(|| {
    ::wirefilter::Scheme! {
        title: Bytes,
        title_lower: Bytes,
        domains: Bytes,
        addresses: Bytes,
        organizer: Bytes,
        organizer_domain: Bytes,
        provider: Bytes,
        my_response: Bytes,
        attendees: Int,
        duration: Int,
        start: Int,
        weekly: Bool,
        all_day: Bool,
        one_on_one: Bool,
    }
});

struct Wirefilter {
    filters: Vec<Filter<'static>>,
    events: Vec<ExecutionContext<'static>>,
}

pub fn build<'w>(rules: &'w [Rule], views: &'w [View<'w>]) -> Result<Box<dyn Peer + 'w>, String> {
    let compile = |rule: &Rule| Ok(SCHEME.parse(&condition(&rule.condition)).map_err(short)?.compile());
    let filters = rules.iter().map(compile).collect::<Result<Vec<_>, String>>()?;
    Ok(Box::new(Wirefilter { filters, events: views.iter().map(context).collect::<Result<Vec<_>, String>>()? }))
}

impl Peer for Wirefilter {
    fn decide(&mut self, event: usize) -> Option<usize> {
        let event = &self.events[event];
        self.filters.iter().position(|filter| filter.execute(event) == Ok(true))
    }
}

/// The event. Filters and contexts of this version share one lifetime, that of the scheme, so the texts have it as well.
fn context(view: &View<'_>) -> Result<ExecutionContext<'static>, String> {
    let mut context = ExecutionContext::new(&SCHEME);
    let addresses: String = view.attendees.iter().map(|who| format!("|{}", who.address)).collect();
    let domains: String = view.domains.iter().map(|domain| format!("|{domain}")).collect();
    let texts = [
        ("title", view.title.to_owned()),
        ("title_lower", view.title_lower.clone()),
        ("domains", format!("{domains}|")),
        ("addresses", format!("{addresses}|")),
        ("organizer", view.organizer.to_owned()),
        ("organizer_domain", view.organizer_domain.to_owned()),
        ("provider", view.provider.word().to_owned()),
        ("my_response", view.my_response.word().to_owned()),
    ];
    for (name, text) in texts {
        let text: &'static str = Box::leak(text.into_boxed_str());
        context.set_field_value(name, text).map_err(short)?;
    }
    let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    let numbers = [
        ("attendees", number(view.attendees.len())),
        ("duration", number(view.duration_mins as usize)),
        ("start", facts::start(view)),
    ];
    for (name, value) in numbers {
        context.set_field_value(name, value).map_err(short)?;
    }
    for (name, value) in [("weekly", view.weekly), ("all_day", view.all_day), ("one_on_one", view.one_on_one)] {
        context.set_field_value(name, value).map_err(short)?;
    }
    Ok(context)
}

fn condition(asked: &Condition) -> String {
    match asked {
        Condition::TitleMatches(pattern) => format!("title matches \"(?i){pattern}\""),
        Condition::TitleContains(texts) => any(texts, |text| format!("title_lower contains \"{text}\"")),
        Condition::AnyAttendeeFrom(domains) => any(domains, |domain| format!("domains contains \"|{domain}|\"")),
        Condition::EveryAttendeeFrom(domains) => every_from(domains),
        Condition::EveryAttendeeInternal => every_from(&OWN_DOMAINS.map(str::to_owned)),
        Condition::AnyAttendeeIs(address) => format!("addresses contains \"|{address}|\""),
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
        Condition::All(all) => format!("({})", joined(all, " && ", condition)),
        Condition::Any(all) => format!("({})", joined(all, " || ", condition)),
        Condition::Not(one) => format!("not ({})", condition(one)),
    }
}

/// Nothing but these domains from the beginning to the end of the joined text.
fn every_from(domains: &[String]) -> String {
    let domains = joined(domains, "|", |domain| domain.replace('.', "[.]"));
    format!("domains matches \"^([|]({domains}))+[|]$\"")
}

fn any(all: &[String], write: impl Fn(&String) -> String) -> String {
    format!("({})", joined(all, " || ", write))
}
