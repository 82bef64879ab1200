//! cedar-policy: a policy for each rule; all of them are evaluated, and the first that permits is taken.

use crate::facts::{self, joined, quoted};
use crate::peer::{Peer, short};
use crate::workload::native::View;
use crate::workload::vocabulary::OWN_DOMAINS;
use crate::workload::{Rule, rules::Condition};
use callsheet::value::Closed;
use cedar_policy::{Authorizer, Context, Entities, EntityUid, Policy, PolicyId, PolicySet, Request};
use serde_json::json;
use std::str::FromStr;

pub const NOTE: &str = "a policy for each rule, requests made before; it evaluates all, and the first is taken. It has no regular \
    expressions: tests of words and of `like` stand in for them, which favours it and is not always the same.";

struct Cedar {
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
    requests: Vec<Request>,
}

pub fn build<'w>(rules: &'w [Rule], views: &'w [View<'w>]) -> Result<Box<dyn Peer + 'w>, String> {
    let mut policies = PolicySet::new();
    for (place, rule) in rules.iter().enumerate() {
        let text = format!("permit(principal, action, resource) when {{ {} }};", condition(&rule.condition));
        let policy = Policy::parse(Some(PolicyId::new(place.to_string())), text).map_err(short)?;
        policies.add(policy).map_err(short)?;
    }
    let requests = views.iter().map(request).collect::<Result<Vec<_>, String>>()?;
    Ok(Box::new(Cedar { authorizer: Authorizer::new(), policies, entities: Entities::empty(), requests }))
}

impl Peer for Cedar {
    fn decide(&mut self, event: usize) -> Option<usize> {
        let response = self.authorizer.is_authorized(&self.requests[event], &self.policies, &self.entities);
        response.diagnostics().reason().filter_map(|policy| policy.to_string().parse().ok()).min()
    }
}

fn request(view: &View<'_>) -> Result<Request, String> {
    let mut facts = facts::json(view);
    let words = view.title_lower.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    facts["words"] = json!(words.filter(|word| !word.is_empty()).collect::<Vec<&str>>());
    let context = Context::from_json_value(facts, None).map_err(short)?;
    let uid = |text: &str| EntityUid::from_str(text).map_err(short);
    let (user, action, event) = (uid(r#"User::"kim""#)?, uid(r#"Action::"record""#)?, uid(r#"Event::"one""#)?);
    Request::new(user, action, event, context, None).map_err(short)
}

fn condition(asked: &Condition) -> String {
    match asked {
        Condition::TitleMatches(pattern) => like_pattern(pattern),
        Condition::TitleContains(texts) => any(texts, |text| like(&format!("*{text}*"))),
        Condition::AnyAttendeeFrom(domains) => format!("context.domains.containsAny([{}])", quoted(domains)),
        Condition::EveryAttendeeFrom(domains) => format!("[{}].containsAll(context.domains)", quoted(domains)),
        Condition::EveryAttendeeInternal => format!("[{}].containsAll(context.domains)", quoted(&OWN_DOMAINS.map(str::to_owned))),
        Condition::AnyAttendeeIs(address) => format!("context.addresses.contains(\"{address}\")"),
        Condition::OrganizerIs(address) => format!("context.organizer == \"{address}\""),
        Condition::OrganizerFrom(domain) => format!("context.organizer_domain == \"{domain}\""),
        Condition::AttendeesAtLeast(count) => format!("context.attendees >= {count}"),
        Condition::AttendeesAtMost(count) => format!("context.attendees <= {count}"),
        Condition::DurationAtLeast(minutes) => format!("context.duration >= {minutes}"),
        Condition::StartsBetween(from, to) => format!("(context.start >= {from} && context.start < {to})"),
        Condition::RepeatsWeekly => "context.weekly".to_owned(),
        Condition::MyResponseIs(response) => format!("context.my_response == \"{}\"", response.word()),
        Condition::ProviderIs(provider) => format!("context.provider == \"{}\"", provider.word()),
        Condition::OneOnOne => "context.one_on_one".to_owned(),
        Condition::AllDay => "context.all_day".to_owned(),
        Condition::All(all) => format!("({})", joined(all, " && ", condition)),
        Condition::Any(all) => format!("({})", joined(all, " || ", condition)),
        Condition::Not(one) => format!("!({})", condition(one)),
    }
}

/// What comes nearest to a pattern of the workload: words of the title, or a text with gaps.
fn like_pattern(pattern: &str) -> String {
    let inner = pattern.trim_start_matches(r"\b").trim_end_matches(r"\b");
    if let Some(start) = pattern.strip_prefix('^') {
        return any(&words(start.trim_end_matches(r"\b")), |word| format!("{} || {}", like(&format!("{word} *")), like(word)));
    }
    if let Some(end) = pattern.strip_suffix('$') {
        let word = end.rsplit('*').next().unwrap_or(end);
        return like(&format!("*{word}"));
    }
    if let Some((first, second)) = inner.split_once(r".*\b") {
        return like(&format!("*{first}*{second}*"));
    }
    if let Some((first, second)) = inner.split_once(r"\s+") {
        return any(&words(second), |word| like(&format!("*{first} {word}*")));
    }
    if let Some(word) = inner.strip_suffix("[ -][0-9]+") {
        let ends: Vec<String> = (0..10).flat_map(|digit| [format!("{word} {digit}"), format!("{word}-{digit}")]).collect();
        return any(&ends, |text| like(&format!("*{text}*")));
    }
    let all = match inner.strip_suffix("s?") {
        Some(word) => vec![word.to_owned(), format!("{word}s")],
        None => words(inner),
    };
    format!("context.words.containsAny([{}])", quoted(&all))
}

fn words(alternatives: &str) -> Vec<String> {
    alternatives.trim_matches(['(', ')']).split('|').map(str::to_owned).collect()
}

fn any(all: &[String], write: impl Fn(&String) -> String) -> String {
    format!("({})", joined(all, " || ", write))
}

fn like(text: &str) -> String {
    format!("context.title_lower like \"{text}\"")
}
