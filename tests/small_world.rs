//! Proven findings beside a world so small that all of its meetings can be asked.
//!
//! Conditions are made of few atoms. Of every independent side of a meeting all ways are written down in which these atoms can
//! come out, each with a meeting that the engine was asked about; the world is every combination of them. What rules do is then
//! counted, with sets of meetings in place of a solver, and each finding must be what the count says: none too many, none too
//! few.

mod meetings;
mod world;

use crate::support::generate::Dice;
use callsheet::diagnostic::{Code, Diagnostic, Level};
use callsheet::engine::{CheckOptions, RuleText, check};
use callsheet::lint::Options;
use callsheet::source::Span;
use std::collections::BTreeSet;
use world::{Condition, Set, World};

/// Rule sets of a run; `CALLSHEET_SMALL_WORLD_SETS` asks for more.
const SETS: u64 = 500;
/// Undecided findings in a thousand rules, at the most.
const UNDECIDED_PERMILLE_MAX: usize = 10;
const HEADER: &str = "our domains @acme.example\ntimezone \"UTC\"\n";

/// A rule and its place in the decision.
struct Rule {
    id: String,
    verb: &'static str,
    /// By the tier, then by the layer where it counts, then by the place in its file.
    rank: (u8, u8, usize),
    of_user: bool,
    condition: Option<Condition>,
    unless: Option<Condition>,
}

const VERBS: [&str; 4] = ["never record", "always record", "record", "skip"];

impl Rule {
    fn any(dice: &mut Dice, world: &World, at: usize, of_user: bool) -> Self {
        let verb = *dice.pick(&VERBS);
        let condition = (!dice.one_in(10)).then(|| Condition::any(dice, world, 2));
        let unless = (condition.is_some() && dice.one_in(4)).then(|| Condition::any(dice, world, 1));
        let rank = match (verb, of_user) {
            ("never record", false) => (1, 0, at),
            ("never record", true) => (3, 0, at),
            ("always record", user) => (5, u8::from(user), at),
            (_, user) => (6, u8::from(!user), at),
        };
        Self { id: format!("r{at}"), verb, rank, of_user, condition, unless }
    }

    fn text(&self) -> String {
        let part = |word: &str, condition: &Option<Condition>| {
            condition.as_ref().map_or(String::new(), |condition| format!("  {word} {}\n", condition.text))
        };
        format!("rule {}:\n  {}\n{}{}", self.id, self.verb, part("when", &self.condition), part("unless", &self.unless))
    }

    /// What comes of the rule's meetings: whose `never record` it is matters as well.
    fn effect(&self) -> (&'static str, bool) {
        (self.verb, self.verb == "never record" && self.of_user)
    }

    fn declines(&self) -> bool {
        matches!(self.verb, "never record" | "skip")
    }

    /// Where the condition as a whole is true, and where it is not false.
    fn holds(&self, world: &World) -> (Set, Set) {
        let when = self
            .condition
            .as_ref()
            .map_or((world.all.clone(), world.all.clone()), |when| (when.is_true.clone(), when.possible.clone()));
        match &self.unless {
            None => when,
            Some(unless) => (when.0.but(&unless.possible), when.1.but(&unless.is_true)),
        }
    }
}

struct RuleFiles {
    rules: Vec<Rule>,
    /// Of the organisation's file and of the user's.
    defaults: [Option<&'static str>; 2],
}

impl RuleFiles {
    fn any(dice: &mut Dice, world: &World) -> Self {
        let (own, users) = (dice.between(1, 4), dice.below(3));
        let rules = (0..own + users).map(|at| Rule::any(dice, world, at, at >= own)).collect();
        let default = |dice: &mut Dice| dice.maybe(2, |dice| *dice.pick(&["record", "skip"]));
        let of_user = if users > 0 { default(dice) } else { None };
        Self { rules, defaults: [default(dice), of_user] }
    }

    fn texts(&self) -> Vec<RuleText> {
        let file = |of_user: bool| {
            let rules = self.rules.iter().filter(|rule| rule.of_user == of_user).map(Rule::text).collect::<Vec<_>>().join("\n");
            let default = self.defaults[usize::from(of_user)].map_or(String::new(), |word| format!("default {word}\n"));
            let layer = if of_user { "user" } else { "organisation" };
            let own = if of_user { "timezone \"UTC\"\n" } else { HEADER };
            RuleText { name: format!("{layer}.rules"), text: format!("layer {layer}\n{own}{default}\n{rules}"), layer: None }
        };
        let has_user = self.rules.iter().any(|rule| rule.of_user);
        [false, true].into_iter().filter(|of_user| !of_user || has_user).map(file).collect()
    }

    /// Whether something else comes of a meeting without the rule; others took `taken` before.
    fn is_missed(&self, ordered: &[&Rule], rule: &Rule, taken: &Set, world: &World) -> bool {
        let mut left = rule.matches(world).but(taken);
        for other in ordered.iter().filter(|other| other.rank > rule.rank) {
            let matches = other.matches(world);
            if !left.and(&matches).is_empty() && other.effect() != rule.effect() {
                return true;
            }
            left = left.but(&matches);
        }
        let default = self.defaults[1].or(self.defaults[0]).unwrap_or("skip");
        !left.is_empty() && rule.effect() != (default, false)
    }

    /// Conditions that could be left out.
    fn unneeded(&self, rule: &Rule, world: &World, must: &mut BTreeSet<String>, may: &mut BTreeSet<String>) {
        let (Some(when), all) = (&rule.condition, rule.holds(world)) else { return };
        let counts = |(is_true, possible): &(Set, Set)| if rule.declines() { possible.clone() } else { is_true.clone() };
        let whole = |when: (&Set, &Set), unless: Option<(&Set, &Set)>| match unless {
            Some((is_true, possible)) => (when.0.but(possible), when.1.but(is_true)),
            None => (when.0.clone(), when.1.clone()),
        };
        let unless = rule.unless.as_ref();
        let of_unless = unless.map(|unless| (&unless.is_true, &unless.possible));
        let mut rest: Vec<(&String, (Set, Set))> = Vec::new();
        rest.extend(when.without.iter().map(|(part, is_true, possible)| (part, whole((is_true, possible), of_unless))));
        for (part, is_true, possible) in unless.iter().flat_map(|unless| &unless.without) {
            rest.push((part, whole((&when.is_true, &when.possible), Some((is_true, possible)))));
        }
        for (part, rest) in rest {
            let finding = format!("condition-redundant {} {part}", rule.id);
            // One that stands there twice is another finding's.
            let twice = rule.text().matches(part.as_str()).count() > 1;
            match (counts(&rest) == counts(&all), twice) {
                (true, false) => _ = must.insert(finding),
                (true, true) => _ = may.insert(finding),
                (false, _) => {}
            }
        }
    }

    /// The findings by the count, as `code rule`; those that may or may not be there beside them.
    fn counted(&self, world: &World) -> (BTreeSet<String>, BTreeSet<String>) {
        let mut must = BTreeSet::new();
        let mut may = BTreeSet::new();
        let mut ordered: Vec<&Rule> = self.rules.iter().collect();
        ordered.sort_by_key(|rule| rule.rank);
        let mut taken = world.none.clone();
        for rule in &ordered {
            let (is_true, possible) = rule.holds(world);
            let before = |same: bool| {
                let others = ordered.iter().filter(|other| other.rank < rule.rank && (other.rank.0 == rule.rank.0) == same);
                others.fold(world.none.clone(), |taken, other| taken.or(&other.matches(world)))
            };
            if is_true.is_empty() {
                must.insert(format!("rule-never-matches {}", rule.id));
                taken = taken.or(&rule.matches(world));
                continue;
            }
            let is_missed = self.is_missed(&ordered, rule, &taken, world);
            let redundant = if is_missed { Vec::new() } else { vec![format!("rule-redundant {}", rule.id)] };
            let overlaps = overlaps(&ordered, rule, world);
            if is_true.but(&taken).is_empty() {
                // Where both sorts of rules take something, either may be named; whose `never` is cited does not matter.
                let (same, higher) = (before(true).and(&is_true), before(false).and(&is_true));
                let shadowed = format!("rule-shadowed {}", rule.id);
                let overridden = format!("rule-overridden {}", rule.id);
                match (same.is_empty(), is_true.but(&higher).is_empty(), rule.rank.0) {
                    (true, _, _) => _ = must.insert(overridden),
                    (false, true, 1 | 3) => may.extend([vec![overridden], redundant].concat()),
                    (false, false, 1 | 3) => must.extend(redundant),
                    (false, true, _) => may.extend([shadowed, overridden]),
                    (false, false, _) => _ = must.insert(shadowed),
                }
                // What takes all of a rule's meetings takes some as well, and is not told twice.
                may.extend(overlaps);
            } else {
                must.extend(redundant);
                must.extend(overlaps);
            }
            if rule.condition.is_some() {
                self.unneeded(rule, world, &mut must, &mut may);
                if world.all.but(&possible).is_empty() {
                    must.insert(format!("condition-always-true {}", rule.id));
                }
                if let (Some(when), Some(unless)) = (&rule.condition, &rule.unless)
                    && !unless.is_true.is_empty()
                    && when.is_true.and(&unless.is_true).is_empty()
                {
                    must.insert(format!("unless-never-applies {}", rule.id));
                }
            }
            taken = taken.or(&rule.matches(world));
        }
        if self.defaults.iter().any(Option::is_some) {
            let is_reached = !world.all.but(&taken).is_empty();
            must.insert(if is_reached { "gap-to-default" } else { "default-unreachable" }.to_owned());
        }
        (must, may)
    }
}

/// What rules before this one take from it and do something else with.
fn overlaps(ordered: &[&Rule], rule: &Rule, world: &World) -> Vec<String> {
    let (is_true, matches) = (rule.holds(world).0, rule.matches(world));
    let mut taken = world.none.clone();
    let mut found = BTreeSet::new();
    for other in ordered.iter().take_while(|other| other.rank < rule.rank) {
        let decides = other.matches(world).but(&taken);
        let takes = !decides.and(&is_true).is_empty();
        match (other.rank.0, rule.rank.0) {
            (6, 6) if takes && other.verb != rule.verb => _ = found.insert("rule-partly-shadowed"),
            (1 | 3, 5) if takes => _ = found.insert("never-meets-always"),
            _ => {}
        }
        let one_place = matches!(rule.rank.0, 5 | 6) && (other.rank.0, other.of_user) == (rule.rank.0, rule.of_user);
        if one_place && other.effect() != rule.effect() && !decides.and(&matches).is_empty() {
            found.insert("order-dependence");
        }
        taken = taken.or(&other.matches(world));
    }
    found.into_iter().map(|code| format!("{code} {}", rule.id)).collect()
}

impl Rule {
    fn matches(&self, world: &World) -> Set {
        let (is_true, possible) = self.holds(world);
        if self.declines() { possible } else { is_true }
    }
}

/// The proven findings among these, as `code rule`.
fn found(findings: &[Diagnostic], rules: &[(String, Span)]) -> BTreeSet<String> {
    let proven = [
        Code::RuleNeverMatches,
        Code::RuleShadowed,
        Code::RuleOverridden,
        Code::ConditionAlwaysTrue,
        Code::UnlessNeverApplies,
        Code::DefaultUnreachable,
        Code::RuleRedundant,
        Code::ConditionRedundant,
        Code::RulePartlyShadowed,
        Code::NeverMeetsAlways,
        Code::OrderDependence,
        Code::GapToDefault,
    ];
    let of = |finding: &Diagnostic| {
        let at = finding.primary.span;
        let holds = |span: &Span| span.source == at.source && span.start <= at.start && at.end <= span.end;
        let rule = rules.iter().find(|(_, span)| holds(span)).map(|(id, _)| format!(" {id}")).unwrap_or_default();
        let part = match finding.code {
            Code::ConditionRedundant => format!(" {}", finding.message.split('`').nth(1).unwrap_or_default()),
            _ => String::new(),
        };
        format!("{}{rule}{part}", finding.code.as_str())
    };
    findings.iter().filter(|finding| proven.contains(&finding.code)).map(of).collect()
}

#[test]
fn findings_are_those_that_a_count_of_all_meetings_gives() {
    let number = |name: &str| std::env::var(name).ok().and_then(|number| number.parse().ok());
    let (first, sets) = (number("CALLSHEET_SEED").unwrap_or(0), number("CALLSHEET_SMALL_WORLD_SETS").unwrap_or(SETS));
    let world = World::new();
    let off = Code::ALL.iter().copied().filter(|code| code.level() == Level::Off);
    let options = Options { levels: off.map(|code| (code, Level::Info)).collect(), ..Options::default() };
    let (mut rules, mut undecided, mut proven) = (0, 0, 0);
    for seed in first..first + sets {
        let files = RuleFiles::any(&mut Dice::new(seed), &world);
        let texts = files.texts();
        let told = || texts.iter().map(|file| file.text.clone()).collect::<Vec<_>>().join("\n---\n");
        let checked = check(&texts, &CheckOptions::default());
        let set = checked.rule_set.as_ref().unwrap_or_else(|| panic!("seed {seed}: {:#?}\n{}", checked.diagnostics, told()));
        let spans: Vec<_> = set.outline().rules.iter().map(|rule| (rule.id.to_string(), rule.span)).collect();
        let findings = checked.findings(&options);
        rules += files.rules.len();
        let open = findings.iter().filter(|finding| finding.code == Code::Undecided).count();
        undecided += open;
        let (must, may) = files.counted(&world);
        let found = found(&findings, &spans);
        proven += found.len();
        let too_many: Vec<&String> = found.iter().filter(|finding| !must.contains(*finding) && !may.contains(*finding)).collect();
        let missed: Vec<&String> = must.iter().filter(|finding| !found.contains(*finding)).collect();
        assert!(too_many.is_empty(), "seed {seed}: {too_many:?} of {found:?} by no count\n{findings:#?}\n{}", told());
        assert!(missed.len() <= open, "seed {seed}: {missed:?} missed\n{}", told());
    }
    println!("{rules} rules, {proven} findings, {undecided} undecided, {} meetings", world.all.size());
    assert!(proven > 0, "nothing was found in {rules} rules");
    assert!(undecided * 1000 <= rules * UNDECIDED_PERMILLE_MAX, "{undecided} of {rules} undecided");
}
