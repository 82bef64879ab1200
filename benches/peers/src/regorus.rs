//! regorus: Rego on its virtual machine.

use crate::facts::{self, quoted};
use crate::peer::{Peer, short};
use crate::workload::native::View;
use crate::workload::vocabulary::OWN_DOMAINS;
use crate::workload::{Rule, rules::Condition};
use ::regorus::languages::rego::compiler::Compiler;
use ::regorus::rvm::vm::RegoVM;
use ::regorus::{Engine, Rc, Value, cache};
use callsheet::value::Closed;

pub const NOTE: &str = "compiled for its virtual machine, its cache of regular expressions enlarged. Up to five rules are an `else` \
    chain; longer ones run out of registers, so that all rules are evaluated and the least is taken.";

/// The longest `else` chain that fits its registers, of the sizes that are compared.
const CHAIN_MAX: usize = 5;

struct Regorus {
    machine: RegoVM,
    events: Vec<Value>,
}

pub fn build<'w>(rules: &'w [Rule], views: &'w [View<'w>]) -> Result<Box<dyn Peer + 'w>, String> {
    cache::configure(cache::Config { regex: 4_096, ..cache::Config::default() });
    let mut engine = Engine::new();
    engine.add_policy("workload.rego".to_owned(), Writer::default().policy(rules)).map_err(short)?;
    let entry: Rc<str> = "data.workload.decide".into();
    let policy = engine.compile_with_entrypoint(&entry).map_err(short)?;
    let program = Compiler::compile_from_policy(&policy, &[&entry]).map_err(short)?;
    let mut machine = RegoVM::new();
    machine.load_program(program);
    let event = |view| Value::from_json_str(&facts::json(view).to_string()).map_err(short);
    Ok(Box::new(Regorus { machine, events: views.iter().map(event).collect::<Result<_, String>>()? }))
}

impl Peer for Regorus {
    fn decide(&mut self, event: usize) -> Option<usize> {
        self.machine.set_input(self.events[event].clone());
        let found = self.machine.execute().ok()?;
        usize::try_from(found.as_i64().ok()?).ok()
    }
}

/// Writes conditions as bodies of Rego rules; what a body cannot hold becomes a rule of its own.
#[derive(Default)]
struct Writer {
    helpers: Vec<String>,
    variables: usize,
}

impl Writer {
    fn policy(mut self, rules: &[Rule]) -> String {
        let bodies: Vec<String> = rules.iter().map(|rule| self.body(&rule.condition)).collect();
        let decide = if rules.len() <= CHAIN_MAX { chain(&bodies) } else { set(&bodies) };
        format!("package workload\nimport rego.v1\n{decide}{}", self.helpers.concat())
    }

    fn body(&mut self, asked: &Condition) -> String {
        match asked {
            Condition::TitleMatches(pattern) => format!("regex.match(`(?i){pattern}`, input.title)"),
            Condition::TitleContains(texts) => format!("contains(input.title_lower, [{}][_])", quoted(texts)),
            // The virtual machine leaves an `else` chain undefined where a body of it goes through a list.
            Condition::AnyAttendeeFrom(domains) if domains.len() == 1 => format!("{} in input.domains", quoted(domains)),
            Condition::AnyAttendeeFrom(domains) => format!("input.domains[_] in {{{}}}", quoted(domains)),
            Condition::EveryAttendeeFrom(domains) => self.every_from(domains),
            Condition::EveryAttendeeInternal => self.every_from(&OWN_DOMAINS.map(str::to_owned)),
            Condition::AnyAttendeeIs(address) => format!("\"{address}\" in input.addresses"),
            Condition::OrganizerIs(address) => format!("input.organizer == \"{address}\""),
            Condition::OrganizerFrom(domain) => format!("input.organizer_domain == \"{domain}\""),
            Condition::AttendeesAtLeast(count) => format!("input.attendees >= {count}"),
            Condition::AttendeesAtMost(count) => format!("input.attendees <= {count}"),
            Condition::DurationAtLeast(minutes) => format!("input.duration >= {minutes}"),
            Condition::StartsBetween(from, to) => format!("input.start >= {from}\ninput.start < {to}"),
            Condition::RepeatsWeekly => "input.weekly".to_owned(),
            Condition::MyResponseIs(response) => format!("input.my_response == \"{}\"", response.word()),
            Condition::ProviderIs(provider) => format!("input.provider == \"{}\"", provider.word()),
            Condition::OneOnOne => "input.one_on_one".to_owned(),
            Condition::AllDay => "input.all_day".to_owned(),
            Condition::All(all) => all.iter().map(|one| self.body(one)).collect::<Vec<_>>().join("\n"),
            Condition::Any(all) => self.helper(all),
            Condition::Not(one) => format!("not {}", self.helper(std::slice::from_ref(one))),
        }
    }

    fn every_from(&mut self, domains: &[String]) -> String {
        let domain = self.variable();
        format!("every {domain} in input.domains {{ {domain} in {{{}}} }}", quoted(domains))
    }

    /// A rule that holds where one of these conditions does.
    fn helper(&mut self, any: &[Condition]) -> String {
        let name = format!("helper_{}", self.variable());
        for one in any {
            let body = self.body(one);
            self.helpers.push(format!("{name} if {{\n{body}\n}}\n"));
        }
        name
    }

    fn variable(&mut self) -> String {
        self.variables += 1;
        format!("v{}", self.variables)
    }
}

fn chain(bodies: &[String]) -> String {
    let rules: Vec<String> = bodies.iter().enumerate().map(|(place, body)| format!(":= {place} if {{\n{body}\n}}")).collect();
    format!("decide {}\n", rules.join(" else "))
}

fn set(bodies: &[String]) -> String {
    let rules: String =
        bodies.iter().enumerate().map(|(place, body)| format!("found contains {place} if {{\n{body}\n}}\n")).collect();
    format!("{rules}decide := min(found)\n")
}
