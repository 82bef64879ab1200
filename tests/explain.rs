//! Explanations over hand-made outlines and traces: every tier, every way to decide, and the search against brute force.

use callsheet::explain::{Case, Explanation, Flip, Held, Outcome, explain, reason};
use callsheet::source::{Sources, Span};
use callsheet::value::outline::{AtomOutline, Cond, Outline, Recordable, RuleOutline, Tier, ZoneRule};
use callsheet::value::words::{Layer, Verb};
use callsheet::value::{
    Decision, NotRecordable, Override, Overrides, Reading, Settings, Trace, Truth, UnknownReason, decide_from,
};
use expect_test::{Expect, expect};
use proptest::prelude::*;
use std::sync::LazyLock;

use Truth::{False as F, True as T, Unknown as U};

/// A rule set with the answers of one event, made by hand.
#[derive(Debug)]
struct World {
    outline: Outline,
    trace: Trace,
    readings: Vec<Reading>,
    sources: Sources,
    not_recordable: Option<NotRecordable>,
    overrides: Overrides,
}

impl World {
    fn new(default: Verb) -> Self {
        Self {
            outline: Outline {
                rules: Vec::new(),
                atoms: Vec::new(),
                recordable: Recordable::default(),
                default: (default, Some(Layer::Organisation)),
                default_settings: Settings::default(),
            },
            trace: Trace::default(),
            readings: Vec::new(),
            sources: Sources::default(),
            not_recordable: None,
            overrides: Overrides::default(),
        }
    }

    /// Adds a condition with its answer and what it read.
    fn atom(&mut self, text: &str, truth: Truth, words: &str, unknown: &[UnknownReason]) -> Cond {
        self.outline.atoms.push(AtomOutline { text: text.to_owned(), span: Span::default() });
        self.trace.atoms.push(truth);
        self.readings.push(Reading { words: words.to_owned(), unknown: unknown.to_vec() });
        Cond::Atom(u16::try_from(self.outline.atoms.len() - 1).expect("few"))
    }

    fn rule(&mut self, id: &str, layer: Layer, tier: Tier, condition: Cond) -> &mut RuleOutline {
        let source = self.sources.iter().find(|(_, source)| source.name == "acme.rules").map(|(id, _)| id);
        let source = source.unwrap_or_else(|| self.sources.add("acme.rules", "\n".repeat(500)));
        let line = self.outline.rules.len() * 5;
        self.trace.active.push(T);
        self.outline.rules.push(RuleOutline {
            id: id.to_owned(),
            title: None,
            layer,
            tier,
            shadow: false,
            from: None,
            until: None,
            zone: ZoneRule::UserElseEvent,
            condition,
            because: None,
            settings: Settings::default(),
            span: Span::new(source, line, line),
            text: String::new(),
        });
        self.outline.rules.last_mut().expect("just pushed")
    }

    fn decision(&self) -> Decision {
        decide_from(&self.outline, &self.trace.atoms, &self.trace.active, self.not_recordable, self.overrides)
    }

    fn case(&self) -> Case<'_> {
        Case {
            outline: &self.outline,
            trace: &self.trace,
            readings: &self.readings,
            not_recordable: self.not_recordable,
            overrides: self.overrides,
            decision: self.decision(),
            held: Held::ThisCopy,
            sources: &self.sources,
            sentences: &[],
        }
    }

    fn explain(&self) -> Explanation {
        let explanation = explain(&self.case());
        assert_eq!(explanation.reason(), reason(&self.case()));
        explanation
    }

    fn check(&self, expected: Expect) {
        let explanation = self.explain();
        expected.assert_eq(&format!("[{}]\n{}", explanation.reason(), explanation.sentences()));
    }
}

const ORG: Layer = Layer::Organisation;
const USER: Layer = Layer::User;
const RECORD: Tier = Tier::Ordered(Verb::Record);
const SKIP: Tier = Tier::Ordered(Verb::Skip);

fn not(cond: Cond) -> Cond {
    Cond::Not(Box::new(cond))
}

/// The policy of the language's own page, over a customer call.
fn acme(customers: (Truth, &str, &[UnknownReason]), title: &str) -> World {
    let mut world = World::new(Verb::Skip);
    let hr = title.contains("salary").into();
    let hr = world.atom(r"title matches /\b(hr|salary)\b/i", hr, &format!("title is \"{title}\""), &[]);
    let private = world.atom("visibility is private", F, "visibility is default", &[]);
    let customer = world.atom("any attendee in customers", customers.0, customers.1, customers.2);
    let no = world.atom("title contains \"[no recording]\"", F, &format!("title is \"{title}\""), &[]);
    let weekly = world.atom("repeats weekly", T, "repeats weekly on mon, forever", &[]);
    let three = world.atom("attendees >= 3", T, "5 people", &[]);
    let rule = world.rule("hr-private", ORG, Tier::OrganisationNever, Cond::Or(vec![hr, private]));
    rule.title = Some("HR and legal stay private".to_owned());
    rule.because = Some("Works council agreement 2025-04".to_owned());
    let rule = world.rule("customer-calls", ORG, Tier::Always, Cond::And(vec![customer, not(no)]));
    rule.title = Some("Customer calls".to_owned());
    rule.settings = Settings { join: -120, keep: Some(180 * 86_400), ..Settings::default() };
    rule.settings.capped.push("keep is 90 days, not 180".to_owned());
    world.rule("weekly-syncs", ORG, RECORD, Cond::And(vec![weekly, three]));
    world
}

#[test]
fn a_rule_that_records_is_named_with_what_it_read() {
    acme((T, "pat@customer.com is, 4 others are not", &[]), "Quarterly review").check(expect![[r#"
        [by customer-calls]
        Recorded, because rule customer-calls ("Customer calls") says to always record it: any attendee in customers — pat@customer.com is, 4 others are not.
        It is a rule of the organisation (always record, tier 5), at acme.rules:6:1.
        The bot joins 2 minutes before the start, and the recording is kept 180 days. Limited by the organisation: keep is 90 days, not 180.

        Its conditions:
          true     any attendee in customers — pat@customer.com is, 4 others are not
          true     not title contains "[no recording]" — title is "Quarterly review"

        Also matched:
          weekly-syncs says record, but stands in a lower tier than the deciding rule.

        It would be skipped by hr-private if `title matches /\b(hr|salary)\b/i` were true.
        Or it would be skipped by hr-private if `visibility is private` were true.
    "#]]);
}

#[test]
fn a_never_rule_of_the_organisation_is_told_with_its_reason() {
    acme((T, "pat@customer.com is, 4 others are not", &[]), "salary talk").check(expect![[r#"
        [by hr-private]
        Skipped, because rule hr-private ("HR and legal stay private") says never to record it: title matches /\b(hr|salary)\b/i — title is "salary talk".
        It is a rule of the organisation (never record, tier 1), at acme.rules:1:1.
        The rule's reason: Works council agreement 2025-04.

        Its conditions:
          true     any of:
            true     title matches /\b(hr|salary)\b/i — title is "salary talk"
            false    visibility is private — visibility is default

        Also matched:
          customer-calls ("Customer calls") says always record, but stands in a lower tier than the deciding rule.
          weekly-syncs says record, but stands in a lower tier than the deciding rule.

        It would be recorded by customer-calls if `title matches /\b(hr|salary)\b/i` were false.
    "#]]);
}

#[test]
fn an_unknown_that_mattered_is_told_with_what_it_would_change() {
    acme((U, "nobody visible is, and the guest list is hidden", &[UnknownReason::GuestsHidden]), "Review")
        .check(expect![[r#"
            [by weekly-syncs]
            Recorded, because rule weekly-syncs says to record it: repeats weekly — repeats weekly on mon, forever; attendees >= 3 — 5 people.
            It is a rule of the organisation (record, tier 6), at acme.rules:11:1.
            The bot joins 90 seconds before the start.

            Its conditions:
              true     repeats weekly — repeats weekly on mon, forever
              true     attendees >= 3 — 5 people

            Unknown, and it mattered:
              any attendee in customers — the guest list is hidden. If it were true, the meeting would still be recorded by customer-calls.

            It would be skipped by default if `repeats weekly` were false.
            Or it would be skipped by default if `attendees >= 3` were false.
            Or it would be skipped by hr-private if `title matches /\b(hr|salary)\b/i` were true.
            There are further ways.
        "#]]);
}

#[test]
fn a_never_rule_matches_on_a_possibility_and_says_so() {
    let mut world = World::new(Verb::Record);
    let outsiders = world.atom("any attendee is external", U, "the guest list is hidden", &[UnknownReason::GuestsHidden]);
    world.rule("no-outsiders", USER, Tier::UserNever, outsiders);
    world.check(expect![[r#"
        [skip by no-outsiders (the guest list is hidden, so it counts as a match)]
        Skipped, because rule no-outsiders says never to record it, and its condition may hold: any attendee is external — the guest list is hidden, so it counts as a match.
        It is a rule of the user (never record, tier 3), at acme.rules:1:1.

        Its conditions:
          unknown  any attendee is external — the guest list is hidden

        Unknown, and it mattered:
          any attendee is external — the guest list is hidden. If it were false, the meeting would be recorded by default.

        It would be recorded by default if `any attendee is external` were false.
    "#]]);
}

#[test]
fn unknowns_that_matter_only_together_are_told_together() {
    let mut world = World::new(Verb::Skip);
    let outsiders = world.atom("any attendee is external", U, "the guest list is hidden", &[UnknownReason::GuestsHidden]);
    let three = world.atom("attendees >= 3", U, "at least 1 person", &[UnknownReason::GuestsHidden]);
    let idle = world.atom("duration < 10m", U, "the end is not specified", &[UnknownReason::EndUnspecified]);
    let weekly = world.atom("repeats weekly", F, "it does not repeat", &[]);
    world.rule("demos", ORG, RECORD, Cond::And(vec![outsiders, three]));
    world.rule("short", ORG, RECORD, Cond::And(vec![idle, weekly]));
    world.check(expect![[r#"
        [no rule matched; default skip]
        Skipped, because no rule matched and the organisation's default is to skip it.

        Unknown, and it mattered:
          any attendee is external — the guest list is hidden. If it were true and `attendees >= 3` were true, the meeting would be recorded by demos.
          attendees >= 3 — the guest list is hidden. If it were true and `any attendee is external` were true, the meeting would be recorded by demos.

        It would be recorded by demos if `any attendee is external` were true and `attendees >= 3` were true.
        Or it would be recorded by short if `duration < 10m` were true and `repeats weekly` were true.
    "#]]);
}

#[test]
fn an_unknown_that_did_not_matter_is_only_counted() {
    let mut world = World::new(Verb::Skip);
    let outsiders = world.atom("any attendee is external", U, "the guest list is hidden", &[UnknownReason::GuestsHidden]);
    let weekly = world.atom("repeats weekly", F, "it does not repeat", &[]);
    world.rule("weekly", ORG, RECORD, Cond::And(vec![outsiders, weekly]));
    world.check(expect![[r#"
        [no rule matched; default skip]
        Skipped, because no rule matched and the organisation's default is to skip it.

        One condition was unknown; it did not matter.

        It would be recorded by weekly if `any attendee is external` were true and `repeats weekly` were true.
    "#]]);
}

#[test]
fn locked_beats_a_users_never_and_a_stop() {
    let mut world = World::new(Verb::Skip);
    let trades = world.atom("calendar is \"Trading desk\"", T, "calendar is \"Trading desk\"", &[]);
    let private = world.atom("visibility is private", T, "visibility is private", &[]);
    world.rule("mifid", ORG, Tier::Locked, trades);
    world.rule("leave-me", USER, Tier::UserNever, private);
    world.overrides.occurrence = Some(Override::Stop);
    world.check(expect![[r#"
        [by mifid]
        Recorded, because rule mifid says to always record it (locked): calendar is "Trading desk".
        It is a rule of the organisation (always record locked, tier 2), at acme.rules:1:1.
        The bot joins 90 seconds before the start.

        Its conditions:
          true     calendar is "Trading desk"

        Also matched:
          leave-me says never record, but stands in a lower tier than the deciding rule.

        It would be skipped by leave-me if `calendar is "Trading desk"` were false.
    "#]]);
}

#[test]
fn a_stop_is_told_with_what_would_happen_without_it() {
    let mut world = acme((T, "pat@customer.com is, 4 others are not", &[]), "Quarterly review");
    world.overrides.series = Some(Override::Stop);
    world.check(expect![[r#"
        [a person said not to record this series]
        Skipped, because a person said not to record this series.
        Without that word it would be recorded by customer-calls.

        Also matched:
          customer-calls ("Customer calls") says always record, but a person's word outranks it.
          weekly-syncs says record, but a person's word outranks it.

        No change of what the conditions found would give the other decision.
    "#]]);
}

#[test]
fn a_record_override_yields_to_never() {
    let mut world = acme((F, "nobody is", &[]), "salary talk");
    world.overrides.occurrence = Some(Override::Record);
    world.check(expect![[r#"
        [by hr-private]
        Skipped, because rule hr-private ("HR and legal stay private") says never to record it: title matches /\b(hr|salary)\b/i — title is "salary talk".
        It is a rule of the organisation (never record, tier 1), at acme.rules:1:1.
        The rule's reason: Works council agreement 2025-04.

        Its conditions:
          true     any of:
            true     title matches /\b(hr|salary)\b/i — title is "salary talk"
            false    visibility is private — visibility is default

        Also matched:
          weekly-syncs says record, but stands in a lower tier than the deciding rule.

        It would be recorded by a person's word if `title matches /\b(hr|salary)\b/i` were false.
    "#]]);
}

#[test]
fn not_recordable_says_why_and_what_would_help() {
    let mut world = acme((T, "pat@customer.com is, 4 others are not", &[]), "Quarterly review");
    world.not_recordable = Some(NotRecordable::NoLink);
    world.check(expect![[r#"
        [not recordable: no meeting link]
        Not recordable: no meeting link.
        A bot could join if the event held a meeting link.
        It would then be recorded by customer-calls.
    "#]]);
    world.not_recordable = Some(NotRecordable::Cancelled);
    world.check(expect![[r#"
        [not recordable: cancelled]
        Not recordable: cancelled.
        A bot could join if the meeting took place after all.
    "#]]);
    world.not_recordable = Some(NotRecordable::Declined);
    world.check(expect![[r#"
        [not recordable: declined]
        Not recordable: declined.
        A bot could join if the connected user did not decline, if a person asked for it, or if the organisation's rules said `recordable { declined: yes }`.
        It would then be recorded by customer-calls.
    "#]]);
    world.overrides.occurrence = Some(Override::Record);
    world.trace.atoms[2] = F;
    world.trace.atoms[4] = F;
    world.check(expect![[r#"
        [a person asked to record this occurrence]
        Recorded, because a person asked to record this occurrence.
        Without that word it would be not recordable (declined).
        The bot joins 90 seconds before the start.

        It would be skipped by hr-private if `title matches /\b(hr|salary)\b/i` were true.
        Or it would be skipped by hr-private if `visibility is private` were true.
    "#]]);
}

#[test]
fn later_lower_shadow_and_out_of_date_rules_are_told_apart() {
    let mut world = World::new(Verb::Skip);
    let one = world.atom("one-on-one", T, "2 people", &[]);
    let boss = world.atom("any attendee is boss", T, "dana@acme.com is, 1 other is not", &[]);
    world.rule("early-shadow", USER, SKIP, one.clone()).shadow = true;
    world.rule("boss", USER, RECORD, boss.clone());
    world.rule("one-on-ones", USER, SKIP, one.clone()).title = Some("1:1".to_owned());
    world.rule("late-shadow", ORG, SKIP, boss.clone()).shadow = true;
    let rule = world.rule("spring", ORG, RECORD, boss);
    rule.until = Some(callsheet::time::Date::constant(2026, 6, 30));
    world.trace.active[4] = F;
    world.check(expect![[r#"
        [by boss]
        Recorded, because rule boss says to record it: any attendee is boss — dana@acme.com is, 1 other is not.
        It is a rule of the user (record, tier 6), at acme.rules:6:1.
        The bot joins 90 seconds before the start.

        Its conditions:
          true     any attendee is boss — dana@acme.com is, 1 other is not

        Also matched:
          early-shadow is a shadow rule: in effect, it would have decided to skip.
          one-on-ones ("1:1") says skip, but comes after the deciding rule.
          late-shadow is a shadow rule (skip), and would have come too late.
          spring says record, but only for meetings that start until 2026-06-30.

        It would be skipped by one-on-ones if `any attendee is boss` were false.
    "#]]);
}

#[test]
fn a_rule_without_a_condition_decides_about_every_meeting() {
    let mut world = World::new(Verb::Skip);
    world.rule("all", USER, RECORD, Cond::And(Vec::new()));
    world.check(expect![[r#"
        [by all]
        Recorded, because rule all says to record it, whatever the meeting.
        It is a rule of the user (record, tier 6), at acme.rules:1:1.
        The bot joins 90 seconds before the start.

        No change of what the conditions found would give the other decision.
    "#]]);
}

#[test]
fn nested_conditions_show_the_parts_that_bear_on_the_truth() {
    let mut world = World::new(Verb::Skip);
    let atoms: Vec<Cond> = (0..14)
        .map(|number| world.atom(&format!("title contains \"{number}\""), (number == 12).into(), "title is \"twelve: 12\"", &[]))
        .collect();
    let group = world.atom("any attendee accepted", U, "", &[UnknownReason::GroupSize]);
    let surely = Cond::Surely(Box::new(group.clone()));
    let possibly = not(Cond::Possibly(Box::new(Cond::And(vec![group, atoms[12].clone()]))));
    world.rule("many", ORG, SKIP, Cond::And(vec![Cond::Or(atoms), not(surely), not(possibly)]));
    world.check(expect![[r#"
        [by many]
        Skipped, because rule many says to skip it: title contains "12" — title is "twelve: 12"; possibly (any attendee accepted).
        It is a rule of the organisation (skip, tier 6), at acme.rules:1:1.

        Its conditions:
          true     any of:
            true     title contains "12" — title is "twelve: 12"
            … and 13 more
          true     not surely (any attendee accepted) — a group of unknown size is invited
          true     not not possibly (all of:)
            unknown  any attendee accepted — a group of unknown size is invited
            true     title contains "12" — title is "twelve: 12"

        Unknown, and it mattered:
          any attendee accepted — a group of unknown size is invited. If it were false, the meeting would still be skipped by default.

        No change of what the conditions found would give the other decision.
    "#]]);
}

#[test]
fn another_copy_that_decided_shows_nothing_of_itself() {
    let world = acme((U, "the guest list is hidden", &[UnknownReason::GuestsHidden]), "Review");
    let own = Outcome::of(&world.outline, world.decision());
    let group = Outcome::Rule { verb: Verb::Skip, id: "legal-hold".to_owned(), layer: ORG };
    let case = Case { held: Held::of(&own, &group), ..world.case() };
    let explanation = explain(&case);
    expect![[r#"
        Skipped, because that was decided about another connected user's copy of this meeting.
        By what this copy shows, it would be recorded by weekly-syncs.
    "#]]
    .assert_eq(&explanation.sentences());
    assert!(!explanation.json().to_string().contains("legal-hold"));
    assert_eq!(Held::of(&own, &own), Held::ThisCopy);
}

#[test]
fn json_has_every_member_in_a_fixed_order() {
    let world = acme((U, "the guest list is hidden", &[UnknownReason::GuestsHidden]), "Review");
    let json = serde_json::to_string_pretty(&world.explain().json()).expect("prints");
    expect![[r#"
        {
          "decision": "record",
          "reason": "by weekly-syncs",
          "headline": "Recorded, because rule weekly-syncs says to record it: repeats weekly — repeats weekly on mon, forever; attendees >= 3 — 5 people.",
          "by": {
            "kind": "rule",
            "rule": {
              "id": "weekly-syncs",
              "title": null,
              "layer": "organisation",
              "tier": 6,
              "do": "record",
              "because": null,
              "from": null,
              "until": null,
              "condition": "",
              "sentence": null,
              "place": {
                "file": "acme.rules",
                "line": 11,
                "column": 1
              }
            }
          },
          "why": {
            "truth": "true",
            "all": [
              {
                "truth": "true",
                "condition": "repeats weekly",
                "read": "repeats weekly on mon, forever",
                "unknown": []
              },
              {
                "truth": "true",
                "condition": "attendees >= 3",
                "read": "5 people",
                "unknown": []
              }
            ]
          },
          "also_matched": [],
          "unknown": {
            "conditions": 1,
            "mattered": [
              {
                "condition": "any attendee in customers",
                "unknown": [
                  {
                    "code": "guests-hidden",
                    "words": "the guest list is hidden"
                  }
                ],
                "if": "true",
                "together_with": [],
                "then": {
                  "decision": "record",
                  "kind": "rule",
                  "rule": "customer-calls",
                  "layer": "organisation",
                  "words": "recorded by customer-calls"
                }
              }
            ],
            "complete": true
          },
          "flip": {
            "found": "changes",
            "sets": [
              {
                "changes": [
                  {
                    "condition": "repeats weekly",
                    "from": "true",
                    "to": "false"
                  }
                ],
                "then": {
                  "decision": "skip",
                  "kind": "default",
                  "rule": null,
                  "layer": "organisation",
                  "words": "skipped by default"
                }
              },
              {
                "changes": [
                  {
                    "condition": "attendees >= 3",
                    "from": "true",
                    "to": "false"
                  }
                ],
                "then": {
                  "decision": "skip",
                  "kind": "default",
                  "rule": null,
                  "layer": "organisation",
                  "words": "skipped by default"
                }
              },
              {
                "changes": [
                  {
                    "condition": "title matches /\\b(hr|salary)\\b/i",
                    "from": "false",
                    "to": "true"
                  }
                ],
                "then": {
                  "decision": "skip",
                  "kind": "rule",
                  "rule": "hr-private",
                  "layer": "organisation",
                  "words": "skipped by hr-private"
                }
              }
            ],
            "more": true
          },
          "settings": {
            "join_offset_secs": -90,
            "keep_secs": null,
            "bot_name": null,
            "language": null,
            "tags": [],
            "on_live_cancel": "leave",
            "extra": {},
            "capped": []
          }
        }"#]].assert_eq(&json);
}

#[test]
fn strangers_texts_cannot_act_on_the_terminal() {
    let mut world = World::new(Verb::Skip);
    let evil = world.atom("title contains \"\u{1b}[2J\u{202e}\"", T, "title is \"x\"", &[]);
    world.rule("evil", USER, RECORD, evil).because = Some("line\nbreak".to_owned());
    let text = world.explain().sentences();
    assert!(!text.contains(['\u{1b}', '\u{202e}']) && text.contains(r"\u{1b}[2J\u{202e}"), "{text}");
    assert!(text.contains(r"line\nbreak"), "{text}");
}

#[test]
fn reasons_fit_their_column() {
    let mut world = World::new(Verb::Skip);
    let hidden = world.atom("organizer is external", U, "", &[UnknownReason::LinkWrapped]);
    world.rule(&"long-".repeat(30), USER, SKIP, hidden);
    assert!(world.explain().reason().chars().count() <= callsheet::explain::REASON_CHARS_MAX);
}

#[test]
fn a_large_rule_set_is_explained_fast_and_gives_up_aloud() {
    let mut world = World::new(Verb::Skip);
    for number in 0..500 {
        let all: Vec<Cond> = (0..3)
            .map(|group| {
                let any = (0..4).map(|part| world.atom(&format!("title is \"{number}-{group}-{part}\""), U, "", &[])).collect();
                Cond::Or(any)
            })
            .collect();
        let tier = if number % 2 == 0 { SKIP } else { RECORD };
        world.rule(&format!("rule-{number}"), USER, tier, Cond::And(all));
    }
    let explanation = world.explain();
    assert!(matches!(explanation.flip, Flip::By { .. } | Flip::NotFound));
    assert!(explanation.unknowns.unfinished);
    assert!(explanation.sentences().contains("100000 steps"), "{}", explanation.sentences());
}

/// Changed conditions by their number, with their values instead.
type Changes = Vec<(usize, Truth)>;

/// Every set of up to `size_max` changes that gives the other verb, by trying all.
fn brute_force(world: &World, size_max: u32) -> Option<(u32, Vec<Changes>)> {
    let atoms = world.trace.atoms.len();
    let verb = |decision| match decision {
        Decision::Decided { verb, .. } => Some(verb),
        Decision::NotRecordable(_) => None,
    };
    let present = verb(world.decision());
    for size in 1..=size_max {
        let mut sets = Vec::new();
        // A number in base 3 names for each condition: as it is, false, true.
        for number in 0..3_usize.pow(atoms as u32) {
            let mut changed = world.trace.atoms.clone();
            let mut set = Vec::new();
            for (atom, truth) in changed.iter_mut().enumerate() {
                let to = match number / 3_usize.pow(atom as u32) % 3 {
                    0 => continue,
                    1 => F,
                    _ => T,
                };
                if *truth != to {
                    set.push((atom, to));
                    *truth = to;
                }
            }
            let decision = decide_from(&world.outline, &changed, &world.trace.active, None, world.overrides);
            if set.len() == size as usize && verb(decision) != present && !sets.contains(&set) {
                sets.push(set);
            }
        }
        if !sets.is_empty() {
            return Some((size, sets));
        }
    }
    None
}

fn truth() -> impl Strategy<Value = Truth> {
    prop_oneof![Just(F), Just(U), Just(T)]
}

fn condition() -> impl Strategy<Value = Cond> {
    let atom = (0..6_u16).prop_map(Cond::Atom);
    atom.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Cond::And),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Cond::Or),
            inner.clone().prop_map(not),
            inner.clone().prop_map(|cond| Cond::Surely(Box::new(cond))),
            inner.prop_map(|cond| Cond::Possibly(Box::new(cond))),
        ]
    })
}

fn tier() -> impl Strategy<Value = Tier> {
    prop_oneof![
        Just(Tier::OrganisationNever),
        Just(Tier::Locked),
        Just(Tier::UserNever),
        Just(Tier::Always),
        Just(RECORD),
        Just(SKIP)
    ]
}

prop_compose! {
    fn world()(
        truths in prop::collection::vec(truth(), 6),
        mut rules in prop::collection::vec((tier(), condition(), prop::bool::weighted(0.1), truth()), 0..6),
        default in prop_oneof![Just(Verb::Record), Just(Verb::Skip)],
        occurrence in prop_oneof![4 => Just(None), 1 => Just(Some(Override::Record)), 1 => Just(Some(Override::Stop))],
    ) -> World {
        rules.sort_by_key(|(tier, ..)| tier.rank());
        let mut world = World::new(default);
        for (number, truth) in truths.into_iter().enumerate() {
            let reasons: &[UnknownReason] = if truth == U { &[UnknownReason::GuestsHidden] } else { &[] };
            world.atom(&format!("a{number}"), truth, "", reasons);
        }
        for (number, (tier, condition, shadow, active)) in rules.into_iter().enumerate() {
            world.rule(&format!("r{number}"), ORG, tier, condition).shadow = shadow;
            // Mostly inside of their dates.
            world.trace.active[number] = if active == F && number % 3 == 0 { F } else if active == U && number % 4 == 0 { U } else { T };
        }
        world.overrides.occurrence = occurrence;
        world
    }
}

/// The published description of the JSON form.
fn schema() -> &'static jsonschema::Validator {
    static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
        let text = include_str!("../docs/explanation.schema.json");
        jsonschema::validator_for(&serde_json::from_str(text).expect("JSON")).expect("a schema")
    });
    &SCHEMA
}

#[test]
fn every_kind_of_explanation_fits_the_schema() {
    let mut world = acme((T, "pat@customer.com is", &[]), "Review");
    let check = |explanation: &Explanation| {
        let wrong: Vec<String> = schema().iter_errors(&explanation.json()).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    };
    check(&world.explain());
    check(&explain(&Case { held: Held::AnotherCopy(Verb::Skip), ..world.case() }));
    world.overrides.occurrence = Some(Override::Stop);
    check(&world.explain());
    world.not_recordable = Some(NotRecordable::LinkUnknown(UnknownReason::LinkPending));
    check(&world.explain());
    check(&World::new(Verb::Record).explain());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_flip_is_the_smallest_there_is(world in world()) {
        let explanation = world.explain();
        match (explanation.flip, brute_force(&world, 6)) {
            (Flip::Nothing, None) => {}
            (Flip::By { sets, more }, Some((size, all))) => {
                prop_assert!(sets.iter().all(|set| set.changes.len() == size as usize));
                prop_assert_eq!(sets.len(), all.len().min(callsheet::explain::FLIP_SETS_SHOWN));
                prop_assert_eq!(more, all.len() > sets.len());
            }
            (flip, all) => prop_assert!(false, "{flip:?} {all:?}"),
        }
    }

    #[test]
    fn an_unknown_matters_where_a_completion_changes_the_decision(world in world()) {
        let explanation = world.explain();
        let mattered: Vec<String> = explanation.unknowns.list.iter().map(|unknown| unknown.atom.text.clone()).collect();
        for atom in 0..6 {
            let alone = [F, T].into_iter().any(|to| {
                let mut atoms = world.trace.atoms.clone();
                atoms[atom] = to;
                world.trace.atoms[atom] == U
                    && decide_from(&world.outline, &atoms, &world.trace.active, None, world.overrides) != world.decision()
            });
            let name = format!("a{atom}");
            prop_assert!(!alone || mattered.contains(&name), "{}", name);
        }
        // Where no unknown mattered, no completion of all of them gives the other verb.
        if mattered.is_empty() {
            let open: Vec<usize> = (0..6).filter(|atom| world.trace.atoms[*atom] == U).collect();
            for bits in 0..1_usize << open.len() {
                let mut atoms = world.trace.atoms.clone();
                for (place, atom) in open.iter().enumerate() {
                    atoms[*atom] = (bits >> place & 1 == 1).into();
                }
                let then = decide_from(&world.outline, &atoms, &world.trace.active, None, world.overrides);
                prop_assert_eq!(Outcome::of(&world.outline, then).verb(), explanation.verb);
            }
        }
    }

    #[test]
    fn every_explanation_can_be_told(world in world()) {
        let explanation = world.explain();
        prop_assert!(explanation.sentences().ends_with(".\n"));
        let wrong: Vec<String> = schema().iter_errors(&explanation.json()).map(|error| error.to_string()).collect();
        prop_assert!(wrong.is_empty(), "{:?}", wrong);
        prop_assert_eq!(explain(&world.case()), explanation);
    }
}
