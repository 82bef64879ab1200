//! Programs as they are written: the instruction table, listings, bytes.

use crate::support::generate::Dice;
use crate::support::generate::rules::rule_set;
use callsheet::builtins::{Atom, ListItems, ListTable, PersonCond, SetField, Texts, ValueSet};
use callsheet::code::program::Origin;
use callsheet::code::{Opcode, decode, encode, listing, verify};
use callsheet::codegen::emit;
use callsheet::event::{Address, address::DomainPattern};
use callsheet::semantics::hir::Hir;
use callsheet::source::{Sources, Span};
use callsheet::time::{Date, Zone};
use callsheet::value::outline::{AtomOutline, Cond, Outline, Recordable, RuleOutline, Tier, ZoneRule};
use callsheet::value::words::{Layer, ListKind, Quantifier, TextField, TextOp, Verb};
use callsheet::value::{Response, Settings, Visibility};
use expect_test::{Expect, expect};

#[test]
fn a_program_and_its_bytes_are_one_to_one() {
    for seed in 0..500 {
        let (hir, origin) = rule_set(&mut Dice::new(seed));
        let program = emit(&hir, origin);
        let bytes = encode(&program);
        let decoded = decode(&bytes).expect("what was encoded decodes");
        assert_eq!(decoded, program, "rule set {seed}");
        assert_eq!(encode(&decoded), bytes, "rule set {seed}");
    }
}

#[test]
fn a_program_keeps_the_texts_it_came_from() {
    let (hir, origin) = policy();
    let decoded = decode(&encode(&emit(&hir, origin.clone()))).expect("what was encoded decodes");
    assert_eq!(decoded.origin, origin);
}

#[test]
fn mnemonics_are_unique_and_every_instruction_says_what_it_does() {
    let mut names: Vec<&str> = Opcode::ALL.iter().map(|opcode| opcode.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Opcode::ALL.len());
    assert!(Opcode::ALL.iter().all(|opcode| !opcode.meaning().is_empty() && opcode.name().len() <= 17));
}

const POLICY: &str = "\
rule hr-private:
  never record
  when title matches /hr/i or visibility is private

rule customer-calls:
  always record from 2026-01-01
  when any attendee in customers
  unless title contains \"[no recording]\"

rule demos:
  record shadow

rule weekly:
  record
  when every attendee (is internal and not declined)

rule the-rest:
  skip

rule never-met:
  record
";

/// A policy with every shape of rule, written out by hand.
fn policy() -> (Hir, Origin) {
    let mut sources = Sources::default();
    let source = sources.add("policy.rules", POLICY);
    let span = |id: &str| {
        let start = POLICY.find(&format!("rule {id}:")).expect("the policy has this rule");
        Span::new(source, start, start + "rule ".len() + id.len())
    };
    let address = |text| Address::parse(text).expect("an address");
    let domain = |text| DomainPattern::parse(text).expect("a domain");
    let atoms = vec![
        Atom::Matches { field: TextField::Title, pattern: "hr".into(), flags: "i".into() },
        Atom::Is { set: SetField::Visibility, values: ValueSet::of(&[Visibility::Private]) },
        Atom::People { quantifier: Quantifier::Any, test: PersonCond::In(0) },
        Atom::Text { field: TextField::Title, op: TextOp::Contains, texts: Texts::Written(vec!["[no recording]".into()]) },
        Atom::People {
            quantifier: Quantifier::Every,
            test: PersonCond::All(vec![
                PersonCond::Internal,
                PersonCond::Not(Box::new(PersonCond::Response(Response::Declined))),
            ]),
        },
    ];
    let texts = [
        "title matches /hr/i",
        "visibility is private",
        "any attendee in customers",
        "title contains \"[no recording]\"",
        "every attendee (is internal and not declined)",
    ];
    let rule = |id: &str, tier, condition| RuleOutline {
        id: id.into(),
        title: None,
        layer: Layer::Organisation,
        tier,
        shadow: id == "demos",
        from: (id == "customer-calls").then(|| Date::constant(2026, 1, 1)),
        until: None,
        zone: ZoneRule::Named(Zone::named("Europe/London").expect("a zone")),
        condition,
        because: None,
        settings: Settings::default(),
        span: span(id),
        text: String::new(),
    };
    let record = Tier::Ordered(Verb::Record);
    let rules = vec![
        rule("hr-private", Tier::OrganisationNever, Cond::Or(vec![Cond::Atom(0), Cond::Atom(1)])),
        rule("customer-calls", Tier::Always, Cond::And(vec![Cond::Atom(2), Cond::Not(Box::new(Cond::Atom(3)))])),
        rule("demos", record, Cond::And(Vec::new())),
        rule("weekly", record, Cond::Atom(4)),
        rule("the-rest", Tier::Ordered(Verb::Skip), Cond::And(Vec::new())),
        rule("never-met", record, Cond::And(Vec::new())),
    ];
    let outline = Outline {
        rules,
        atoms: texts.iter().map(|text| AtomOutline { text: (*text).into(), span: span("hr-private") }).collect(),
        recordable: Recordable::default(),
        default: (Verb::Skip, None),
        default_settings: Settings::default(),
    };
    let items = ListItems {
        addresses: vec![address("ceo@partner.example")],
        domains: vec![domain("@*.bigco.com"), domain("@customer.com")],
        ..ListItems::default()
    };
    let hir = Hir {
        outline,
        atoms,
        lists: vec![ListTable { name: "customers".into(), kind: ListKind::People, items: Some(items.sorted()) }],
        own_domains: vec![domain("@acme.com")],
        aliases: Vec::new(),
    };
    let origin = Origin { sources, layers: vec![Layer::Organisation], compiler: "0.1.0".into(), ..Origin::default() };
    (hir, origin)
}

fn check((hir, origin): (Hir, Origin), expected: Expect) {
    let program = emit(&hir, origin);
    expected.assert_eq(&listing(&program));
    verify(program).expect("what was emitted verifies");
}

#[test]
fn a_listing_reads_like_the_policy() {
    check(
        policy(),
        expect![[r#"
            main:
                0  RefuseCancelled
                1  RefuseDraft
                2  RefuseAllDay
                3  RefuseKindsBut    kinds [default]
                4  RefuseSubHourly
                5  RefuseDeclined
                6  RefuseUnjoinable
              ; rule[0] `hr-private`: tier 1, organisation, never record, policy.rules:1
                7  JumpUnlessFalse   q1 -> L1        ; visibility is private
                8  JumpIfFalse       q0 -> L2        ; title matches /hr/i
            L1:
                9  Decide            rule[0]
            L2:
               10  DecideOverride
              ; rule[1] `customer-calls`: tier 5, organisation, always record, policy.rules:5
               11  JumpOffSeason     season[0] -> L3
               12  JumpUnlessFalse   q3 -> L3        ; title contains "[no recording]"
               13  JumpUnlessTrue    q2 -> L3        ; any attendee in customers
               14  Decide            rule[1]
            L3:
              ; rule[3] `weekly`: tier 6, organisation, record, policy.rules:13
               15  JumpUnlessTrue    q4 -> L4        ; every attendee (is internal and not declined)
               16  Decide            rule[3]
            L4:
              ; rule[4] `the-rest`: tier 6, organisation, skip, policy.rules:17
               17  Decide            rule[4]
              ; rule[2] `demos`: shadow, never decides, policy.rules:10
              ; rule[5] `never-met`: can never decide, policy.rules:20
            questions:
            q0:  ; title matches /hr/i
               18  AskPattern        title pattern[0]
            q1:  ; visibility is private
               19  AskIs             visibility [private]
            q2:  ; any attendee in customers
               20  AskAttendees      any block[0]
            q3:  ; title contains "[no recording]"
               21  AskText           title contains texts[0]
            q4:  ; every attendee (is internal and not declined)
               22  AskAttendees      every block[1]
            block[0]:
               23  IsAmong           r0 people[0]
               24  Answer            r0
            block[1]:
               25  IsInternal        r0
               26  SkipIfFalse       r0 -> L5
               27  HasAnswered       r1 declined
               28  Not               r1
               29  And               r0 r1
            L5:
               30  Answer            r0
            constants:
              texts[0] = ["[no recording]"]
              pattern[0] = "hr" i
              people[0] = [ceo@partner.example, @*.bigco.com, @customer.com]
              season[0] = from 2026-01-01 in Europe/London
            legend:
              RefuseCancelled  if the event is cancelled then not recordable; halt
              RefuseDraft      if the event is a draft then not recordable; halt
              RefuseAllDay     if the event has no clock times then not recordable; halt
              RefuseKindsBut   if the event's kind is not among kinds then not recordable; halt
              RefuseSubHourly  if the series repeats faster than hourly then not recordable; halt
              RefuseDeclined   if the user declined and no override records then not recordable; halt
              RefuseUnjoinable if no bot can join the event's link then not recordable; halt
              JumpOffSeason    if the local start date is outside of season then pc := to
              JumpUnlessTrue   if q[ask] is not True then pc := to
              JumpIfFalse      if q[ask] is False then pc := to
              JumpUnlessFalse  if q[ask] is not False then pc := to
              Decide           decision := what rule says; halt
              DecideOverride   if a person stopped or ordered the recording then decision := their word; halt
              AskText          q := event.field compares like that with any of texts
              AskPattern       q := pattern is found in event.field as written
              AskAttendees     q := the block holds of so many people of the meeting
              AskIs            q := event.field is one of values
              IsInternal       r[dst] := the address is in an own domain
              IsAmong          r[dst] := people holds the address or its domain
              HasAnswered      r[dst] := the person's answer is response
              Not              r[dst] := not r[dst]
              And              r[dst] := r[dst] and r[with]
              SkipIfFalse      if r[test] is False then pc := to
              Answer           the block's answer is r[from]; end of block
        "#]],
    );
}

#[test]
fn an_empty_policy_refuses_and_falls_to_the_default() {
    let (mut hir, origin) = policy();
    hir.outline.rules.clear();
    hir.outline.atoms.clear();
    hir.atoms.clear();
    check(
        (hir, origin),
        expect![[r#"
        main:
            0  RefuseCancelled
            1  RefuseDraft
            2  RefuseAllDay
            3  RefuseKindsBut    kinds [default]
            4  RefuseSubHourly
            5  RefuseDeclined
            6  RefuseUnjoinable
            7  DecideOverride
            8  DecideDefault
        questions:
        constants:
        legend:
          RefuseCancelled  if the event is cancelled then not recordable; halt
          RefuseDraft      if the event is a draft then not recordable; halt
          RefuseAllDay     if the event has no clock times then not recordable; halt
          RefuseKindsBut   if the event's kind is not among kinds then not recordable; halt
          RefuseSubHourly  if the series repeats faster than hourly then not recordable; halt
          RefuseDeclined   if the user declined and no override records then not recordable; halt
          RefuseUnjoinable if no bot can join the event's link then not recordable; halt
          DecideOverride   if a person stopped or ordered the recording then decision := their word; halt
          DecideDefault    decision := the default; halt
    "#]],
    );
}

#[test]
fn a_condition_in_three_values_becomes_jumps_on_two() {
    let (mut hir, origin) = policy();
    let condition = Cond::Or(vec![
        Cond::And(vec![Cond::Atom(0), Cond::Not(Box::new(Cond::Atom(1)))]),
        Cond::Surely(Box::new(Cond::Or(vec![Cond::Atom(2), Cond::Possibly(Box::new(Cond::Atom(3)))]))),
    ]);
    hir.outline.rules.truncate(1);
    hir.outline.rules[0].condition = condition;
    let text = listing(&emit(&hir, origin));
    let main = text.split("questions:").next().expect("a listing has a main part");
    expect![[r#"
        main:
            0  RefuseCancelled
            1  RefuseDraft
            2  RefuseAllDay
            3  RefuseKindsBut    kinds [default]
            4  RefuseSubHourly
            5  RefuseDeclined
            6  RefuseUnjoinable
          ; rule[0] `hr-private`: tier 1, organisation, never record, policy.rules:1
            7  JumpUnlessFalse   q3 -> L2        ; title contains "[no recording]"
            8  JumpIfTrue        q1 -> L1        ; visibility is private
            9  JumpUnlessFalse   q0 -> L2        ; title matches /hr/i
        L1:
           10  JumpUnlessTrue    q2 -> L3        ; any attendee in customers
        L2:
           11  Decide            rule[0]
        L3:
           12  DecideOverride
           13  DecideDefault
    "#]]
    .assert_eq(main);
}
