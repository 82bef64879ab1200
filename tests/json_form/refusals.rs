//! What the JSON form refuses, as its author sees it.

use super::{parse, remarks};
use callsheet::diagnostic::{Code, Diagnostic};
use callsheet::source::SourceId;
use callsheet::syntax::names::RESERVED;
use callsheet::syntax::{Limits, json, text};
use expect_test::{Expect, expect};

fn check(text: &str, expected: Expect) {
    expected.assert_eq(&remarks(text));
}

#[test]
fn what_is_no_json_has_a_place() {
    check(
        "{\n  \"rules\": [\n  ],\n}",
        expect![[r#"
        error[json-syntax]: a comma after the last one
         --> team.rules.json:3:4
          |
        3 |   ],
          |    ^
    "#]],
    );
    check(
        "{\"rules\": [1 2]}",
        expect![[r#"
        error[json-syntax]: a comma is missing here
         --> team.rules.json:1:13
          |
        1 | {"rules": [1 2]}
          |             ^
    "#]],
    );
    check(
        "{ // no\n}",
        expect![[r#"
        error[json-syntax]: JSON has no comments; write them as a member `"//"`
         --> team.rules.json:1:3
          |
        1 | { // no
          |   ^^^^^
    "#]],
    );
    check(
        "{\"default\": skip}",
        expect![[r#"
        error[json-syntax]: JSON has no such sign
         --> team.rules.json:1:13
          |
        1 | {"default": skip}
          |             ^^^^
    "#]],
    );
    check(
        "{\"title\": 'x'}",
        expect![[r#"
        error[json-syntax]: texts stand in double quotes
         --> team.rules.json:1:11
          |
        1 | {"title": 'x'}
          |           ^
    "#]],
    );
    check(
        "{\"timezone\": \"a\tb\"}",
        expect![[r#"
        error[json-syntax]: a control character in a text is written `\u0009`
         --> team.rules.json:1:16
          |
        1 | {"timezone": "a    b"}
          |                ^^^^
    "#]],
    );
    check(
        "",
        expect![[r#"
        error[json-syntax]: the file is empty
         --> team.rules.json:1:1
          |
        1 |
          | ^
    "#]],
    );
}

#[test]
fn everything_that_is_wrong_is_said_in_one_run() {
    check(
        r#"{
  "callsheet": 2,
  "defualt": "skip",
  "timezone": null,
  "rules": [
    {"id": "a", "do": "recrod", "when": {"title": {"contain": "x"}}},
    {"id": "b", "do": "skip", "do": "record"},
    {"id": "c"},
    {"id": "when", "do": "record", "from": "1.2.2026", "until": "2026-02-30"},
    7
  ]
}"#,
        expect![[r#"
            error[unknown-version]: this program knows version 1 of the language
             --> team.rules.json:2:16
              |
            2 |   "callsheet": 2,
              |                ^
              |
              = help: write `"callsheet": 1`
            error[unknown-key]: `defualt` is no member of a rule file
             --> team.rules.json:3:3
              |
            3 |   "defualt": "skip",
              |   ^^^^^^^^^
              |
              = help: did you mean `default`?
            error[null-value]: `null` says nothing in a rule file
             --> team.rules.json:4:15
              |
            4 |   "timezone": null,
              |               ^^^^
              |
              = help: leave the member out
            error[unknown-value]: `do` takes `never_record`, `always_record`, `record` or `skip`, not `recrod`
             --> team.rules.json:6:23
              |
            6 |     {"id": "a", "do": "recrod", "when": {"title": {"contain": "x"}}},
              |                       ^^^^^^^^
              |
              = help: did you mean `record`?
            error[unknown-key]: `contain` is no member of a comparison
             --> team.rules.json:6:52
              |
            6 |     {"id": "a", "do": "recrod", "when": {"title": {"contain": "x"}}},
              |                                                    ^^^^^^^^^
              |
              = help: did you mean `contains`?
            error[duplicate-key]: `do` is written twice in one object
             --> team.rules.json:7:31
              |
            7 |     {"id": "b", "do": "skip", "do": "record"},
              |                 ----          ^^^^
              |                 |
              |                 first here
            error[missing-part]: a rule needs `do`
             --> team.rules.json:8:5
              |
            8 |     {"id": "c"},
              |     ^
            error[json-shape]: `from` takes a date such as `2026-03-02`, not `1.2.2026`
             --> team.rules.json:9:44
              |
            9 |     {"id": "when", "do": "record", "from": "1.2.2026", "until": "2026-02-30"},
              |                                            ^^^^^^^^^^
            error[value-out-of-range]: there is no day `2026-02-30`
             --> team.rules.json:9:65
              |
            9 |     {"id": "when", "do": "record", "from": "1.2.2026", "until": "2026-02-30"},
              |                                                                 ^^^^^^^^^^^^
            error[json-shape]: each item of `rules` is a rule, not a number
              --> team.rules.json:10:5
               |
            10 |     7
               |     ^
        "#]],
    );
}

#[test]
fn a_condition_asks_one_thing() {
    let when = |when: &str| format!(r#"{{"rules":[{{"id":"r","do":"skip","when":{when}}}]}}"#);
    check(
        &when("{}"),
        expect![[r#"
            error[missing-part]: a condition needs a member that says what it asks
             --> team.rules.json:1:40
              |
            1 | {"rules":[{"id":"r","do":"skip","when":{}}]}
              |                                        ^
              |
              = help: it has `all`, `any`, `none`, `not`, `surely`, `possibly`, `use`, `title`, `description`, `location`, `calendar`, `organizer`, `creator`, `attendees`, `count`, `duration`, `starts`, `ends`, `repeats`, `occurrence`, `my_response`, `status`, `visibility`, `shows_as`, `kind`, `provider`, `conference`, `source` or `flag`
        "#]],
    );
    check(
        &when(r#"{"title":{"is":"a"},"flag":"all_day"}"#),
        expect![[r#"
        error[json-shape]: a condition says one thing: `title` or `flag`
         --> team.rules.json:1:60
          |
        1 | {"rules":[{"id":"r","do":"skip","when":{"title":{"is":"a"},"flag":"all_day"}}]}
          |                                                            ^^^^^^
          |
          = help: join several with `all`: `{"all": [{…}, {…}]}`
    "#]],
    );
    check(
        &when(r#"{"colour":"red"}"#),
        expect![[r#"
            error[unknown-key]: `colour` is no member of a condition
             --> team.rules.json:1:41
              |
            1 | {"rules":[{"id":"r","do":"skip","when":{"colour":"red"}}]}
              |                                         ^^^^^^^^
              |
              = help: it has `all`, `any`, `none`, `not`, `surely`, `possibly`, `use`, `title`, `description`, `location`, `calendar`, `organizer`, `creator`, `attendees`, `count`, `duration`, `starts`, `ends`, `repeats`, `occurrence`, `my_response`, `status`, `visibility`, `shows_as`, `kind`, `provider`, `conference`, `source` or `flag`
        "#]],
    );
    check(
        &when(r#"{"title":{"contains":"a","flags":"i"}}"#),
        expect![[r#"
        error[misplaced]: `flags` goes with `matches`
         --> team.rules.json:1:65
          |
        1 | {"rules":[{"id":"r","do":"skip","when":{"title":{"contains":"a","flags":"i"}}}]}
          |                                                                 ^^^^^^^
    "#]],
    );
    check(
        &when(r#"{"starts":{"in":"Asia/Tokyo"}}"#),
        expect![[r#"
            error[missing-part]: a time needs one of `before`, `after`, `at`, `between`, `rrule` or `on`
             --> team.rules.json:1:50
              |
            1 | {"rules":[{"id":"r","do":"skip","when":{"starts":{"in":"Asia/Tokyo"}}}]}
              |                                                  ^
        "#]],
    );
    check(
        &when(r#"{"starts":{"on":["mon","2026-01-05"]}}"#),
        expect![[r#"
            error[unknown-value]: each item of `on` is a weekday (`mon` to `sun`), not `2026-01-05`
             --> team.rules.json:1:63
              |
            1 | {"rules":[{"id":"r","do":"skip","when":{"starts":{"on":["mon","2026-01-05"]}}}]}
              |                                                               ^^^^^^^^^^^^
              |
              = help: it is one of `mon`, `tue`, `wed`, `thu`, `fri`, `sat` or `sun`
              = help: it may also be a list by its name such as `{"list": "interviews"}`
        "#]],
    );
    check(
        &when(r#"{"attendees":{"at_least":2}}"#),
        expect![[r#"
            error[missing-part]: a question about attendees needs `who`
             --> team.rules.json:1:53
              |
            1 | {"rules":[{"id":"r","do":"skip","when":{"attendees":{"at_least":2}}}]}
              |                                                     ^
        "#]],
    );
    check(
        &when(r#"{"attendees":{"any":{"is":"boss"}}}"#),
        expect![[r#"
            error[unknown-value]: `is` takes `me`, `internal`, `external` or `organizer`, not `boss`
             --> team.rules.json:1:66
              |
            1 | {"rules":[{"id":"r","do":"skip","when":{"attendees":{"any":{"is":"boss"}}}}]}
              |                                                                  ^^^^^^
              |
              = help: it is one of `me`, `internal`, `external` or `organizer`
              = help: it may also be a person such as `{"person": "boss"}` or `{"address": "dana@acme.com"}`
        "#]],
    );
    check(
        &when(r#"{"count":{"ge":2.0}}"#),
        expect![[r#"
        error[json-shape]: `ge` takes a whole number from 0 to 4294967295, not `2.0`
         --> team.rules.json:1:55
          |
        1 | {"rules":[{"id":"r","do":"skip","when":{"count":{"ge":2.0}}}]}
          |                                                       ^^^
    "#]],
    );
    check(
        &when(r#"{"count":{"between":[3]}}"#),
        expect![[r#"
            error[json-shape]: `between` takes 2 items in brackets, not 1
             --> team.rules.json:1:60
              |
            1 | {"rules":[{"id":"r","do":"skip","when":{"count":{"between":[3]}}}]}
              |                                                            ^
        "#]],
    );
    check(
        &when(r#"{"repeats":false}"#),
        expect![[r#"
            error[json-shape]: `repeats` takes `true`, not `false`
             --> team.rules.json:1:51
              |
            1 | {"rules":[{"id":"r","do":"skip","when":{"repeats":false}}]}
              |                                                   ^^^^^
              |
              = help: it may also be a way to repeat such as `{"freq": "weekly"}`
        "#]],
    );
    check(
        &when(r#"{"repeats":{"every":2}}"#),
        expect![[r#"
            error[missing-part]: a way to repeat needs `unit`
             --> team.rules.json:1:51
              |
            1 | {"rules":[{"id":"r","do":"skip","when":{"repeats":{"every":2}}}]}
              |                                                   ^
        "#]],
    );
    check(
        &when(r#"{"visibility":["privat"]}"#),
        expect![[r#"
        error[unknown-value]: each item of `visibility` is a visibility, not `privat`
         --> team.rules.json:1:55
          |
        1 | {"rules":[{"id":"r","do":"skip","when":{"visibility":["privat"]}}]}
          |                                                       ^^^^^^^^
          |
          = help: did you mean `private`?
    "#]],
    );
    check(
        &when(r#"{"title":{"matches":"a\\"}}"#),
        expect![[r#"
            error[json-shape]: `matches` takes a regular expression on one line, not `a\`
             --> team.rules.json:1:60
              |
            1 | {"rules":[{"id":"r","do":"skip","when":{"title":{"matches":"a\\"}}}]}
              |                                                            ^^^^^
        "#]],
    );
    check(
        &when(r#"{"all":[]}"#),
        expect![[r#"
            error[json-shape]: `all` takes 1 or more items in brackets, not 0
             --> team.rules.json:1:47
              |
            1 | {"rules":[{"id":"r","do":"skip","when":{"all":[]}}]}
              |                                               ^
        "#]],
    );
    check(
        &when(r#""has link""#),
        expect![[r#"
        error[json-shape]: `when` takes a condition, not `has link`
         --> team.rules.json:1:40
          |
        1 | {"rules":[{"id":"r","do":"skip","when":"has link"}]}
          |                                        ^^^^^^^^^^
    "#]],
    );
}

#[test]
fn pieces_and_settings_have_their_shapes() {
    check(
        r#"{"lists":{"customers":"@a.example"}}"#,
        expect![[r#"
        error[json-shape]: `customers` takes items such as `["@acme.com", "ceo@acme.com"]`, or a list such as `{"people": ["@acme.com"]}` or `{"texts": ["demo"]}`, not `@a.example`
         --> team.rules.json:1:23
          |
        1 | {"lists":{"customers":"@a.example"}}
          |                       ^^^^^^^^^^^^
    "#]],
    );
    check(
        r#"{"lists":{"customers":["@a.example",7]}}"#,
        expect![[r#"
        error[json-shape]: each item of `customers` is an item such as `@acme.com`, `demo` or `2026-12-24`, not a number
         --> team.rules.json:1:37
          |
        1 | {"lists":{"customers":["@a.example",7]}}
          |                                     ^
          |
          = help: it may also be a list such as `{"people": ["@acme.com"]}` or `{"texts": ["demo"]}`
    "#]],
    );
    check(
        r#"{"lists":{"holidays":["2026-02-30"]}}"#,
        expect![[r#"
        error[value-out-of-range]: there is no day `2026-02-30`
         --> team.rules.json:1:23
          |
        1 | {"lists":{"holidays":["2026-02-30"]}}
          |                       ^^^^^^^^^^^^
    "#]],
    );
    check(
        r#"{"lists":{"customers":{"persons":["@a.example"]}}}"#,
        expect![[r#"
            error[unknown-key]: `persons` is no member of a list
             --> team.rules.json:1:24
              |
            1 | {"lists":{"customers":{"persons":["@a.example"]}}}
              |                        ^^^^^^^^^
              |
              = help: it has `people`, `texts`, `dates` or `provided`
        "#]],
    );
    check(
        r#"{"people":{"1st boss":["a@b.example"]}}"#,
        expect![[r#"
            error[json-shape]: `1st boss` is no name
             --> team.rules.json:1:12
              |
            1 | {"people":{"1st boss":["a@b.example"]}}
              |            ^^^^^^^^^^
              |
              = help: a name has letters, digits, `-` and `_`, a letter first
        "#]],
    );
    check(
        r#"{"define":{"//":"what for"}}"#,
        expect![[r#"
            error[unknown-key]: no comment can stand among conditions by name
             --> team.rules.json:1:12
              |
            1 | {"define":{"//":"what for"}}
              |            ^^^^
              |
              = help: write it in the piece that it is about
        "#]],
    );
    check(
        r#"{"defaults":{"join":"PT2M","keep":180,"bot-name":"x"}}"#,
        expect![[r#"
            error[json-shape]: `join` takes a time around the start such as `{"before": "PT2M"}`, not `PT2M`
             --> team.rules.json:1:21
              |
            1 | {"defaults":{"join":"PT2M","keep":180,"bot-name":"x"}}
              |                     ^^^^^^
            error[json-shape]: `keep` takes a length of time such as `PT10M`, `PT1H30M` or `P180D`, not a number
             --> team.rules.json:1:35
              |
            1 | {"defaults":{"join":"PT2M","keep":180,"bot-name":"x"}}
              |                                   ^^^
            error[unknown-key]: `bot-name` is no member of settings
             --> team.rules.json:1:39
              |
            1 | {"defaults":{"join":"PT2M","keep":180,"bot-name":"x"}}
              |                                       ^^^^^^^^^^
              |
              = help: did you mean `bot_name`?
        "#]],
    );
    check(
        r#"{"rules":[{"id":"r","do":"record","locked":true}]}"#,
        expect![[r#"
        error[misplaced]: `locked` goes with `always_record` only
         --> team.rules.json:1:35
          |
        1 | {"rules":[{"id":"r","do":"record","locked":true}]}
          |                                   ^^^^^^^^
    "#]],
    );
    check(
        r#"{"tests":[{"name":"t","event":{"start":"2026-02-30T10:00"},"expect":{"outcome":"default","by":"r"}}]}"#,
        expect![[r#"
            error[value-out-of-range]: there is no day `2026-02-30`
             --> team.rules.json:1:40
              |
            1 | {"tests":[{"name":"t","event":{"start":"2026-02-30T10:00"},"expect":{"outcome":"default","by":"r"}}]}
              |                                        ^^^^^^^^^^^^^^^^^^
            error[misplaced]: `by` goes with `record` or `skip` only
             --> team.rules.json:1:90
              |
            1 | {"tests":[{"name":"t","event":{"start":"2026-02-30T10:00"},"expect":{"outcome":"default","by":"r"}}]}
              |                                                                                          ^^^^
        "#]],
    );
    check(
        r#"{"default":{"value":"skip","why":"so"}}"#,
        expect![[r#"
        error[unknown-key]: beside `value` stands nothing but comments, no `why`
         --> team.rules.json:1:28
          |
        1 | {"default":{"value":"skip","why":"so"}}
          |                            ^^^^^
    "#]],
    );
    check(
        r#"{"callsheet":1,"//end":"lint: allow unused-name"}"#,
        expect![[r#"
        error[bad-suppression]: a `lint:` comment here suppresses nothing
         --> team.rules.json:1:24
          |
        1 | {"callsheet":1,"//end":"lint: allow unused-name"}
          |                        ^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: it belongs on a line of its own right before a `rule`, `list`, `person`, `define` or `test`
    "#]],
    );
    check(
        r#"{"define":{"a":{"flag":"all_day","//":"lint: allow Unused"}}}"#,
        expect![[r#"
            error[bad-suppression]: `lint: allow` needs the code of a finding, such as `unused-name`
             --> team.rules.json:1:39
              |
            1 | {"define":{"a":{"flag":"all_day","//":"lint: allow Unused"}}}
              |                                       ^^^^^^^^^^^^^^^^^^^^
              |
              = help: write `# lint: allow <code> until <date> "<reason>"` on the line before the piece
        "#]],
    );
    check(
        "[]",
        expect![[r#"
            error[json-shape]: a rule file is one JSON object, not an array
             --> team.rules.json:1:1
              |
            1 | []
              | ^
        "#]],
    );
}

#[test]
fn deep_nesting_is_refused_before_anything_recurses() {
    for open in ["[", r#"{"not":"#] {
        let limits = Limits { file_bytes: 1 << 24, ..Limits::default() };
        let (_, diagnostics) = json::parse(SourceId(0), &open.repeat(100_000), &limits);
        assert_eq!(diagnostics.iter().map(|diagnostic| diagnostic.code).collect::<Vec<_>>(), [Code::NestedTooDeep]);
    }
}

#[test]
fn nesting_that_the_embedder_allows_is_still_bounded() {
    let limits = Limits { file_bytes: 1 << 24, depth: usize::MAX, ..Limits::default() };
    let (_, diagnostics) = json::parse(SourceId(0), &"[".repeat(100_000), &limits);
    assert_eq!(diagnostics.iter().map(|diagnostic| diagnostic.code).collect::<Vec<_>>(), [Code::NestedTooDeep]);
}

#[test]
fn conditions_nest_as_deep_as_the_language_lets_them() {
    let depth = Limits::default().depth;
    let condition = (0..depth).fold(r#"{"flag":"has_link"}"#.to_owned(), |inner, _| {
        format!(r#"{{"all":[{inner},{inner_b}]}}"#, inner_b = r#"{"flag":"all_day"}"#)
    });
    let (_, diagnostics) = parse(&format!(r#"{{"rules":[{{"id":"r","do":"skip","when":{condition}}}]}}"#));
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
}

#[test]
fn long_files_and_rules_are_refused_with_their_limit() {
    let long = format!(r#"{{"rules":[{{"id":"r","do":"skip","because":"{}"}}]}}"#, "x".repeat(20_000));
    let (tree, diagnostics) = parse(&long);
    assert!(tree.rules.is_empty());
    assert_eq!(diagnostics[0].message, "a rule holds at most 16384 bytes, this one has 20035");
    let (_, diagnostics) = parse(&" ".repeat(70_000));
    assert_eq!(diagnostics[0].message, "a rule file holds at most 65536 bytes, this one has 70000");
}

#[test]
fn no_word_of_the_language_is_a_name_in_either_form() {
    for word in RESERVED {
        for (piece, json) in [
            (format!("list {word} = [@a.example]"), format!(r#"{{"lists":{{"{word}":["@a.example"]}}}}"#)),
            (format!("person {word} = [b@a.example]"), format!(r#"{{"people":{{"{word}":["b@a.example"]}}}}"#)),
            (format!("define {word} = has link"), format!(r#"{{"define":{{"{word}":{{"flag":"has_link"}}}}}}"#)),
        ] {
            let codes = |found: Vec<Diagnostic>| found.iter().map(|diagnostic| diagnostic.code).collect::<Vec<_>>();
            assert_eq!(codes(parse(&json).1), [Code::ReservedName], "{json}");
            let (_, found) = text::parse(SourceId(0), &format!("callsheet 1\n{piece}\n"), &Limits::default());
            assert_eq!(codes(found), [Code::ReservedName], "{piece}");
        }
    }
}
