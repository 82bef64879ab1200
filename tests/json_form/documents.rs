//! What the JSON form reads and prints.

use super::{parse, remarks};
use callsheet::source::SourceId;
use callsheet::syntax::{Limits, json, printer, text};
use expect_test::expect;
use serde_json::Value;

/// The rows of the table in the language's description: the same tree from both forms, and this JSON from the tree.
const TABLE: &[(&str, &str)] = &[
    ("all of (one-on-one, has link)", r#"{"all":[{"flag":"one_on_one"},{"flag":"has_link"}]}"#),
    ("one-on-one and has link", r#"{"all":[{"flag":"one_on_one"},{"flag":"has_link"}]}"#),
    ("one-on-one or has link", r#"{"any":[{"flag":"one_on_one"},{"flag":"has_link"}]}"#),
    ("none of (one-on-one, has link)", r#"{"none":[{"flag":"one_on_one"},{"flag":"has_link"}]}"#),
    ("not all-day", r#"{"not":{"flag":"all_day"}}"#),
    ("surely (has link)", r#"{"surely":{"flag":"has_link"}}"#),
    ("possibly (has link)", r#"{"possibly":{"flag":"has_link"}}"#),
    ("sales-call", r#"{"use":"sales-call"}"#),
    (r#"title contains any of ["a", "b"]"#, r#"{"title":{"contains":["a","b"]}}"#),
    ("title contains any of interviews", r#"{"title":{"contains":{"list":"interviews"}}}"#),
    (r#"title is "a""#, r#"{"title":{"is":"a"}}"#),
    (r#"location starts with "a""#, r#"{"location":{"starts_with":"a"}}"#),
    ("title matches /x/i", r#"{"title":{"matches":"x","flags":"i"}}"#),
    (r"title matches /a\/b\d/", r#"{"title":{"matches":"a/b\\d"}}"#),
    ("any attendee is boss", r#"{"attendees":{"any":{"is":{"person":"boss"}}}}"#),
    ("any attendee is dana@acme.com", r#"{"attendees":{"any":{"is":{"address":"dana@acme.com"}}}}"#),
    ("every attendee is internal", r#"{"attendees":{"every":{"is":"internal"}}}"#),
    ("at least 2 attendees from @p.example", r#"{"attendees":{"at_least":2,"who":{"from":["@p.example"]}}}"#),
    (
        "any attendee (is external and not declined)",
        r#"{"attendees":{"any":{"all":[{"is":"external"},{"not":{"response":"declined"}}]}}}"#,
    ),
    ("no attendee has not answered", r#"{"attendees":{"no":{"response":"none"}}}"#),
    ("organizer in customers", r#"{"organizer":{"in":{"list":"customers"}}}"#),
    ("exactly 1 attendee is optional", r#"{"attendees":{"exactly":1,"who":{"optional":true}}}"#),
    ("attendees >= 3", r#"{"count":{"ge":3}}"#),
    ("attendees between 3 and 9", r#"{"count":{"between":[3,9]}}"#),
    ("duration < 10m", r#"{"duration":{"lt":"PT10M"}}"#),
    ("duration between 1h30m and 2d", r#"{"duration":{"between":["PT1H30M","P2D"]}}"#),
    (
        r#"starts between 22:00 and 06:00 overnight on fri in "Asia/Tokyo""#,
        r#"{"starts":{"between":["22:00","06:00"],"overnight":true,"on":["fri"],"in":"Asia/Tokyo"}}"#,
    ),
    ("starts on mon..wed, sun", r#"{"starts":{"on":["mon","tue","wed","sun"]}}"#),
    ("ends at 24:00 on 2026-12-24", r#"{"ends":{"at":"24:00","on":"2026-12-24"}}"#),
    ("starts before 9:00 on any of holidays", r#"{"starts":{"before":"09:00","on":{"list":"holidays"}}}"#),
    (
        r#"starts on rrule "FREQ=WEEKLY;INTERVAL=2" counting from 2026-01-05"#,
        r#"{"starts":{"rrule":"FREQ=WEEKLY;INTERVAL=2","counting_from":"2026-01-05"}}"#,
    ),
    ("repeats weekly on mon at least 4 times", r#"{"repeats":{"freq":"weekly","on":["mon"],"at_least":4}}"#),
    ("repeats every 2 weeks forever", r#"{"repeats":{"every":2,"unit":"weeks","forever":true}}"#),
    ("repeats", r#"{"repeats":true}"#),
    ("occurrence is moved", r#"{"occurrence":"moved"}"#),
    ("my response is accepted", r#"{"my_response":["accepted"]}"#),
    ("visibility is any of [private]", r#"{"visibility":["private"]}"#),
    ("kind is any of [focus, default]", r#"{"kind":["focus","default"]}"#),
    ("one-on-one", r#"{"flag":"one_on_one"}"#),
    ("all-day", r#"{"flag":"all_day"}"#),
    ("has link", r#"{"flag":"has_link"}"#),
];

#[test]
fn each_row_of_the_table_is_one_tree_in_both_forms() {
    for (condition, written) in TABLE {
        let (from_text, remarks) =
            text::parse(SourceId(0), &format!("rule r:\n  record\n  when {condition}\n"), &Limits::default());
        assert!(remarks.is_empty(), "{condition}: {remarks:#?}");
        let printed: Value = serde_json::from_str(&printer::json(&from_text)).expect("JSON");
        let expected: Value = serde_json::from_str(written).expect("JSON");
        assert_eq!(printed["rules"][0]["when"], expected, "{condition}");

        let file = format!(r#"{{"callsheet":1,"rules":[{{"id":"r","do":"record","when":{written}}}]}}"#);
        let (from_json, remarks) = parse(&file);
        assert!(remarks.is_empty(), "{written}: {remarks:#?}");
        assert_eq!(from_json.rules, from_text.rules, "{condition}");
    }
}

/// The example of the language's description, which has a piece of nearly every kind.
const EXAMPLE: &str = r#"# Acme's recording policy
callsheet 1
layer organisation
our domains @acme.com, @acme.co.uk
timezone "Europe/London"
default skip
defaults with { join: 2m before start, x_region: "eu", x_days: 3d, x_beta: yes }
recordable { all_day: yes, kinds: [default, from_gmail] }
limits { keep: at most 90d, join: at most 5m before start, bot_name: "Acme Notetaker" }

list customers = [@customer.com, @*.bigco.com, ceo@partner.example]
list interviews = ["interview", "面接", "screening call"]
list holidays = [2026-12-24, 2026-12-25]
list vips provided people
person boss = [dana@acme.com, dana.k@acme.co.uk]
define big = attendees >= 20

rule hr-private "HR and legal stay private":
  never record
  when title matches /\b(hr|salary|confidential)\b/i or visibility is private
  because "Works council agreement 2025-04"

rule customer-calls "Customer calls":
  always record locked
  when any attendee in customers
  unless title contains "[no recording]"
  with { bot_name: "Acme Notetaker", join: 30s after start, keep: 180d, tags: ["sales"], on_live_cancel: stay }

rule office-hour-demos:
  record from 2026-01-01 until 2026-06-30 shadow
  when all of (
    any attendee is external,
    title contains any of ["demo", "poc"],
    starts between 09:00 and 18:00 on mon..fri,
  )

test "a 1:1 with the manager is left alone":
  given list customers = [@customer.com]
  event { title: "Catch-up", attendees: [me, dana@acme.com declined optional, room@acme.com room], start: 2026-03-02 10:00, duration: 30m, visibility: hidden }
  expect skip by hr-private

test "a whole day":
  event { start: 2026-03-02, attendees: hidden, organizer: me, override: stop }
  expect not recordable

test "far away":
  event { start: 2026-03-02 10:00 in "Asia/Tokyo" }
  expect record with { join: 2m before start }
"#;

#[test]
fn the_example_of_the_language_has_this_json() {
    // Where comments of the text belong is the text reader's business.
    let example = EXAMPLE.trim_start_matches("# Acme's recording policy\n");
    let (tree, diagnostics) = text::parse(SourceId(0), example, &Limits::default());
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    let printed = printer::json(&tree);
    expect![[r#"
        {
          "callsheet": 1,
          "layer": "organisation",
          "our_domains": ["@acme.com", "@acme.co.uk"],
          "timezone": "Europe/London",
          "default": "skip",
          "defaults": {
            "join": {"before": "PT2M"},
            "x_region": "eu",
            "x_days": {"duration": "P3D"},
            "x_beta": true
          },
          "recordable": {"all_day": true, "kinds": ["default", "from_gmail"]},
          "limits": {
            "keep": {"at_most": "P90D"},
            "join": {"at_most": {"before": "PT5M"}},
            "bot_name": "Acme Notetaker"
          },
          "lists": {
            "customers": ["@customer.com", "@*.bigco.com", "ceo@partner.example"],
            "interviews": ["interview", "面接", "screening call"],
            "holidays": ["2026-12-24", "2026-12-25"],
            "vips": {"provided": "people"}
          },
          "people": {
            "boss": ["dana@acme.com", "dana.k@acme.co.uk"]
          },
          "define": {
            "big": {"count": {"ge": 20}}
          },
          "rules": [
            {
              "id": "hr-private",
              "title": "HR and legal stay private",
              "do": "never_record",
              "when": {
                "any": [
                  {"title": {"matches": "\\b(hr|salary|confidential)\\b", "flags": "i"}},
                  {"visibility": ["private"]}
                ]
              },
              "because": "Works council agreement 2025-04"
            },
            {
              "id": "customer-calls",
              "title": "Customer calls",
              "do": "always_record",
              "locked": true,
              "when": {"attendees": {"any": {"in": {"list": "customers"}}}},
              "unless": {"title": {"contains": "[no recording]"}},
              "with": {
                "bot_name": "Acme Notetaker",
                "join": {"after": "PT30S"},
                "keep": "P180D",
                "tags": ["sales"],
                "on_live_cancel": "stay"
              }
            },
            {
              "id": "office-hour-demos",
              "do": "record",
              "shadow": true,
              "from": "2026-01-01",
              "until": "2026-06-30",
              "when": {
                "all": [
                  {"attendees": {"any": {"is": "external"}}},
                  {"title": {"contains": ["demo", "poc"]}},
                  {"starts": {"between": ["09:00", "18:00"], "on": ["mon", "tue", "wed", "thu", "fri"]}}
                ]
              }
            }
          ],
          "tests": [
            {
              "name": "a 1:1 with the manager is left alone",
              "given": {"customers": ["@customer.com"]},
              "event": {
                "title": "Catch-up",
                "attendees": [
                  "me",
                  {"who": "dana@acme.com", "response": "declined", "optional": true},
                  {"who": "room@acme.com", "kind": "room"}
                ],
                "start": "2026-03-02T10:00",
                "duration": "PT30M",
                "visibility": {"hidden": true}
              },
              "expect": {"outcome": "skip", "by": "hr-private"}
            },
            {
              "name": "a whole day",
              "event": {
                "start": "2026-03-02",
                "attendees": {"hidden": true},
                "organizer": "me",
                "override": "stop"
              },
              "expect": {"outcome": "not_recordable"}
            },
            {
              "name": "far away",
              "event": {"start": {"at": "2026-03-02T10:00", "in": "Asia/Tokyo"}},
              "expect": {"outcome": "record", "with": {"join": {"before": "PT2M"}}}
            }
          ]
        }
    "#]]
    .assert_eq(&printed);
    let (again, diagnostics) = json::parse(SourceId(0), &printed, &Limits::default());
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    assert_eq!(again, tree);
}

/// Comments in every sort of place.
pub const COMMENTED: &str = r##"{
  "//": ["Acme's recording policy", "", "owned by legal"],
  "callsheet": {"value": 1, "//": "the version", "//end": "and its end"},
  "layer": {"value": "user", "//": "mine"},
  "our_domains": ["@acme.com", {"value": "@acme.co.uk", "//": "the old one"}],
  "defaults": {"//": "for all", "keep": {"value": "P1D", "//end": "short"}, "join": {"before": "PT1M", "//": "early"}},
  "lists": {
    "customers": {"people": ["@a.example"], "//": ["big ones", "lint: allow unused-name until 2026-12-31 \"soon\""]},
    "interviews": {"value": ["demo", {"value": "面接", "//end": "Japan"}], "//": "what we call them"},
    "odd": {"texts": ["ops@night"], "//": "a channel"}
  },
  "people": {"boss": {"value": ["dana@acme.com"], "//": "since May"}},
  "define": {"big": {"count": {"ge": 20}, "//end": "very"}},
  "rules": [
    {
      "//": "first\nsecond",
      "id": "r",
      "do": {"value": "skip", "//": "not yet"},
      "when": {"//": "outer", "all": [{"flag": "has_link", "//": "x"}, {"not": {"flag": "all_day", "//": "inner"}}]},
      "unless": {"any": [{"flag": "one_on_one", "//": "alone", "//end": "end"}], "//end": "taken"},
      "because": {"value": "so", "//end": "because"},
      "allow": [{"code": "constant-condition", "reason": "on purpose"}]
    }
  ],
  "tests": [{"name": "t", "event": {"title": {"value": "x", "//": "what"}}, "expect": {"outcome": "skip", "//end": "ok"}}],
  "//end": ["the", "end"]
}
"##;

#[test]
fn comments_go_to_the_nearest_place_that_carries_them() {
    assert_eq!(remarks(COMMENTED), "");
    let printed = printer::json(&parse(COMMENTED).0);
    expect![[r#"
        {
          "//": ["Acme's recording policy", "", "owned by legal", "the version"],
          "callsheet": {"value": 1, "//end": "and its end"},
          "layer": {"value": "user", "//": "mine"},
          "our_domains": ["@acme.com", {"value": "@acme.co.uk", "//": "the old one"}],
          "defaults": {
            "//": "for all",
            "keep": {"value": "P1D", "//end": "short"},
            "join": {"//": "early", "before": "PT1M"}
          },
          "lists": {
            "customers": {
              "value": ["@a.example"],
              "//": ["big ones", "lint: allow unused-name until 2026-12-31 \"soon\""]
            },
            "interviews": {"value": ["demo", {"value": "面接", "//end": "Japan"}], "//": "what we call them"},
            "odd": {"//": "a channel", "texts": ["ops@night"]}
          },
          "people": {
            "boss": {"value": ["dana@acme.com"], "//": "since May"}
          },
          "define": {
            "big": {"count": {"ge": 20}, "//end": "very"}
          },
          "rules": [
            {
              "//": ["first", "second"],
              "id": "r",
              "do": {"value": "skip", "//": "not yet"},
              "when": {
                "//": "outer",
                "all": [{"//": "x", "flag": "has_link"}, {"//": "inner", "not": {"flag": "all_day"}}]
              },
              "unless": {"//": ["alone", "end"], "flag": "one_on_one", "//end": "taken"},
              "because": {"value": "so", "//end": "because"},
              "allow": [{"code": "constant-condition", "reason": "on purpose"}]
            }
          ],
          "tests": [
            {
              "name": "t",
              "event": {"title": {"value": "x", "//": "what"}},
              "expect": {"outcome": "skip", "//end": "ok"}
            }
          ],
          "//end": ["the", "end"]
        }
    "#]]
    .assert_eq(&printed);
    assert_eq!(printer::json(&parse(&printed).0), printed);
}

#[test]
fn spellings_that_mean_one_thing_are_one_tree() {
    let rule = |when: &str| parse(&format!(r#"{{"rules":[{{"id":"r","do":"skip","when":{when}}}]}}"#));
    for (one, other) in [
        (r#"{"all":[{"repeats":true}]}"#, r#"{"repeats":true}"#),
        (r#"{"title":{"is":["a"]}}"#, r#"{"title":{"is":"a"}}"#),
        (r#"{"title":{"is":[{"value":"a"}]}}"#, r#"{"title":{"is":"a"}}"#),
        (r#"{"title":{"matches":"a\\/b","flags":"xi"}}"#, r#"{"title":{"matches":"a/b","flags":"ix"}}"#),
        (r#"{"visibility":"private"}"#, r#"{"visibility":["private","private"]}"#),
        (r#"{"organizer":{"from":"@a.example"}}"#, r#"{"organizer":{"from":["@a.example"]}}"#),
        (r#"{"duration":{"lt":"PT90M"}}"#, r#"{"duration":{"lt":"PT1H30M"}}"#),
        (r#"{"starts":{"at":"9:00","on":["2026-01-05"]}}"#, r#"{"starts":{"on":"2026-01-05","at":"09:00"}}"#),
    ] {
        let ((one, first), (other, second)) = (rule(one), rule(other));
        assert!(first.is_empty() && second.is_empty(), "{first:?} {second:?}");
        assert_eq!(one, other);
        assert!(one.rules[0].value.when.is_some());
    }
}

/// Lists as an author may write them, and as they are printed.
const LISTS: &[(&str, &str)] = &[
    (r#"{"people":["@customer.com","ceo@partner.example"]}"#, r#"["@customer.com","ceo@partner.example"]"#),
    (r#"{"texts":["interview","面接"]}"#, r#"["interview","面接"]"#),
    (r#"{"dates":["2026-12-24"]}"#, r#"["2026-12-24"]"#),
    (
        r#"{"value":["demo",{"value":"poc","//":"short"}],"//":"sales"}"#,
        r#"{"value":["demo",{"value":"poc","//":"short"}],"//":"sales"}"#,
    ),
    (r#"{"texts":["demo"],"//end":"c"}"#, r#"{"value":["demo"],"//end":"c"}"#),
    (r#"{"texts":["demo","ops@night"],"//":"c"}"#, r#"{"texts":["demo","ops@night"],"//":"c"}"#),
    (r#"{"texts":["2026-12-24"]}"#, r#"{"texts":["2026-12-24"]}"#),
    (r#"{"texts":["@home"]}"#, r#"{"texts":["@home"]}"#),
    (r#"{"people":["nobody"]}"#, r#"{"people":["nobody"]}"#),
    (r#"{"people":[]}"#, "[]"),
    (r#"{"provided":"dates"}"#, r#"{"provided":"dates"}"#),
];

#[test]
fn lists_are_printed_bare_where_spelling_tells_their_kind() {
    for (written, printed) in LISTS {
        let file = |list: &str| parse(&format!(r#"{{"lists":{{"l":{list}}}}}"#));
        let (tree, remarks) = file(written);
        assert_eq!(remarks, [], "{written}");
        let found: Value = serde_json::from_str(&printer::json(&tree)).expect("JSON");
        let expected: Value = serde_json::from_str(printed).expect("JSON");
        assert_eq!(found["lists"]["l"], expected, "{written}");
        assert_eq!(file(printed).0.lists, tree.lists, "{written}");
    }
}

#[test]
fn a_bare_list_of_several_kinds_is_the_tree_of_its_text() {
    let (from_json, _) = parse(r#"{"lists":{"l":["@a.example","demo","2026-12-24","b@a.example"]}}"#);
    let (from_text, _) =
        text::parse(SourceId(0), "list l = [@a.example, \"demo\", 2026-12-24, b@a.example]\n", &Limits::default());
    assert_eq!(from_json.lists, from_text.lists);
    assert_eq!(parse(&printer::json(&from_text)).0.lists, from_text.lists);
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_file() {
    assert_eq!(remarks("\u{feff}{\"callsheet\": 1}\n"), "");
}

#[test]
fn places_are_those_of_the_json() {
    let file = r#"{"rules": [{"id": "r", "do": "record", "when": {"title": {"is": "ä"}}, "with": {"keep": "P1D"}}]}"#;
    let (tree, _) = parse(file);
    let rule = &tree.rules[0];
    let condition = rule.value.when.as_ref().expect("a condition");
    let setting = &rule.value.with.as_ref().expect("settings").value[0];
    let places = [rule.name.at, condition.value.at, setting.key.at, setting.value.at].map(|at| &file[at.0.range()]);
    assert_eq!(places, ["r", r#"{"title": {"is": "ä"}}"#, "keep", r#""P1D""#]);
}
