//! What an editor is answered: over the examples, over what is half written, and over what nobody would write.

use crate::support::ast_strategy;
use callsheet::editor::position::{Encoding, Lines};
use callsheet::editor::{ActionKind, NameKind, Snapshot, TokenKind, layout};
use callsheet::engine::{CheckOptions, RuleText, format};
use callsheet::event::{Address, ConnectedUser, Occurrence, ProvidedLists, Question};
use callsheet::lint::Options;
use callsheet::providers;
use callsheet::source::{SourceId, Span};
use callsheet::syntax::names::RESERVED;
use callsheet::syntax::printer;
use callsheet::syntax::text::scan::{Scan, TokenKind as Scanned};
use callsheet::time::{Date, Zone};
use callsheet::value::{Decision, Overrides};
use callsheet::vm::Machine;
use expect_test::{Expect, expect};
use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};

const FIRST: SourceId = SourceId(0);

fn snapshot(text: &str) -> Snapshot {
    of(&[text])
}

fn of(texts: &[&str]) -> Snapshot {
    let texts: Vec<RuleText> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| RuleText { name: format!("{index}.rules"), text: (*text).to_owned(), layer: None })
        .collect();
    Snapshot::of(&texts, &options())
}

fn options() -> CheckOptions {
    CheckOptions { today: Some(Date::constant(2026, 3, 1)), ..CheckOptions::default() }
}

/// A text with its place, which is written `‸`.
fn place(text: &str) -> (String, usize) {
    let at = text.find('‸').expect("a place");
    (text.replace('‸', ""), at)
}

/// The example folders, and the text of each in one form.
fn examples(form: &str) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules-examples");
    let mut folders: Vec<PathBuf> =
        fs::read_dir(root).expect("the examples").map(|entry| entry.expect("an entry").path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    let read = |folder: PathBuf| {
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(folder.join(format!("{name}.{form}"))).expect("an example");
        (folder, text)
    };
    folders.into_iter().map(read).collect()
}

// ------------------------------------------------------------------------------------------------------ completion

const HEAD: &str = "our domains @acme.com
list customers = [@customer.com]
list words = [\"demo\"]
list holidays = [2026-12-24]
person boss = [dana@acme.com]
define big = attendees > 9
rule first:
  record
";

fn offered(text: &str) -> Vec<String> {
    let (text, at) = place(&format!("{HEAD}{text}"));
    snapshot(&text).complete(FIRST, at).into_iter().map(|offered| offered.label).collect()
}

fn completes(text: &str, expected: Expect) {
    expected.assert_eq(&offered(text).join(", "));
}

#[test]
fn a_condition_begins_with_what_can_be_asked() {
    completes(
        "  when ‸",
        expect![
            "any, every, no, at least, at most, exactly, attendees, all of, any of, one-on-one, all-day, has link, title, description, location, calendar, duration, organizer, creator, my response, status, visibility, shows as, kind, provider, conference, source, starts, ends, not, none of, occurrence is, repeats, surely, possibly, big"
        ],
    );
}

#[test]
fn names_are_those_that_fit() {
    completes("  when any attendee in ‸", expect!["customers"]);
    completes("  when any attendee in cu‸ and has link", expect!["customers"]);
    completes("  when title contains any of ‸", expect!["words"]);
    completes("  when starts on any of ‸", expect!["holidays"]);
    completes(
        "  when (big and (any attendee (is external and is ‸",
        expect!["address, me, internal, external, organizer, boss, optional"],
    );
    completes("\ntest \"x\":\n  event {}\n  expect record by ‸", expect!["first"]);
    completes("\ntest \"x\":\n  event { attendees: [me, b‸] }", expect!["me, boss"]);
}

#[test]
fn operators_are_those_of_the_field() {
    completes("  when title ‸", expect!["is, contains, starts with, ends with, matches"]);
    completes(
        "  when organizer ‸",
        expect!["is, is optional, in, from, all of, any of, none of, accepted, tentative, declined, has not answered"],
    );
    completes("  when duration ‸", expect!["between"]);
    completes("  when starts ‸", expect!["on rrule, before, after, at, between, on"]);
    completes("  when starts on mon..‸", expect!["mon, tue, wed, thu, fri, sat, sun"]);
    completes(
        "  when repeats ‸",
        expect![
            "daily, weekly, monthly, yearly, every, on, at least, at most, forever, and, or, when, with, never record, always record, record, skip, unless, because"
        ],
    );
    completes("  when visibility is ‸", expect!["any of, default, public, private, confidential"]);
    completes("  when shows as is any of [busy, ‸", expect!["busy, free, tentative, out_of_office, elsewhere"]);
    completes("  when occurrence is ‸", expect!["first, moved, changed"]);
}

#[test]
fn settings_keys_and_pieces_are_offered() {
    completes("  with { keep: 3d, ‸", expect!["join, keep, bot_name, language, tags, on_live_cancel"]);
    completes("  with { on_live_cancel: ‸", expect!["leave, stay"]);
    completes(
        "\n‸",
        expect![
            "callsheet, layer, our, timezone, default, defaults, recordable, limits, list, person, define, rule, test, from, until, shadow, when, with, never record, always record, record, skip, unless, because"
        ],
    );
    completes("\nlayer ‸", expect!["organisation, user"]);
    completes("\ntest \"x\":\n  event { visibility: ‸", expect!["default, public, private, confidential, hidden"]);
    completes(
        "\n# lint: allow rule-n‸",
        expect![
            "unused-name, setting-on-skip, constant-condition, unused-suppression, duplicate-condition, long-condition, rule-never-matches, rule-shadowed, rule-overridden, condition-always-true, unless-never-applies, default-unreachable, rule-redundant, condition-redundant, rule-partly-shadowed, never-meets-always, order-dependence, gap-to-default, rules-mergeable, undecided, widens-recording, weakens-never, no-op-edit, broad-always, free-mail-domain, own-domain-as-customer, any-vs-every, keyword-hits-common-words, confusable-or-bidi-text, regex-matches-everything, regex-matches-nothing, regex-is-plain-text, unescaped-dot, pattern-subsumed, time-without-zone, dst-edge, expired-rule, never-active-yet, weekday-vs-holiday, unknown-provider-fact, join-offset-beyond-duration, missing-because-on-never, id-style, rule-untested, condition-uncovered"
        ],
    );
}

#[test]
fn zones_and_codes_are_offered_inside_of_what_holds_them() {
    let zones = offered("  when starts before 10:00 in \"Europe/Lon‸");
    assert!(zones.contains(&"Europe/London".to_owned()) && zones.len() > 400);
    assert_eq!(offered("\ntimezone \"‸\""), zones);
    assert!(offered("  when title is \"‸\"").is_empty());
    assert!(offered("\n# lint: allow rul‸\nrule x: skip").contains(&"rule-shadowed".to_owned()));
    assert!(offered("\n# about lint ‸").is_empty());
}

#[test]
fn mistakes_further_up_do_not_matter() {
    completes("  when titel is \"x\" and visibility ‸", expect!["is"]);
    completes("  frobnicate\n  when any attendee in ‸", expect!["customers"]);
    completes("  when (title matches /a( / and any attendee in ‸", expect!["customers"]);
}

/// At the place of every word of every example, that word is offered; so nothing that the grammar takes is left out.
#[test]
fn the_word_that_comes_next_is_offered() {
    let (mut words, mut missing) = (0, Vec::new());
    for (folder, text) in examples("rules") {
        let snapshot = snapshot(&text);
        for (index, token) in Scan::of(&text).tokens.iter().enumerate() {
            let word = &text[token.range.clone()];
            let named = snapshot.names().iter().any(|name| name.span.range() == token.range && !name.gives);
            let is_word = RESERVED.contains(&word) || named;
            // The second word of `starts with` is offered with the first; a name that is made up is not.
            let given = snapshot.names().iter().any(|name| name.span.range() == token.range && name.gives);
            if token.kind != Scanned::Run || !is_word || given {
                continue;
            }
            words += 1;
            let before = index.checked_sub(1).map_or("", |before| &text[Scan::of(&text).tokens[before].range.clone()]);
            let at = |offset: usize, wanted: &str| {
                let offered = snapshot.complete(FIRST, offset);
                offered.iter().any(|offered| offered.label == wanted || offered.label.starts_with(&format!("{wanted} ")))
            };
            let second = ["with", "of", "least", "most", "record", "link", "as", "response", "not", "answered", "domains"];
            if !at(token.range.start, word) && !second.contains(&word) {
                missing.push(format!("{}: `{before} {word}` at {}", folder.display(), token.range.start));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    assert!(words > 500, "only {words} words");
}

// ------------------------------------------------------------------------------------------------------------ hover

fn hovers(text: &str, expected: Expect) {
    let (text, at) = place(&format!("{HEAD}{text}"));
    let shown = snapshot(&text).hover(FIRST, at);
    expected.assert_eq(&shown.map_or("nothing".to_owned(), |hover| format!("[{}] {}", &text[hover.span.range()], hover.text)));
}

#[test]
fn a_rule_a_name_a_condition_and_a_setting_are_told() {
    hovers(
        "  when one-on-one\nrule sec‸ond \"The *second*\":\n  skip\n  when big",
        expect![[r#"
        [second] **second** — The \*second\*

        Skip a meeting when `big` holds."#]],
    );
    hovers(
        "  wh‸en one-on-one",
        expect![[r#"
        [first] **first**

        Record a meeting when it is a one-on-one."#]],
    );
    hovers("  when any attendee in cust‸omers", expect!["[customers] `customers` is a list of 1: @customer.com."]);
    hovers("  when bi‸g", expect!["[big] `big` means that there are more than 9 attendees."]);
    hovers("  when organizer is bo‸ss", expect!["[boss] `boss` is whoever has one of the addresses dana@acme.com."]);
    hovers(
        "  when big and vis‸ibility is private",
        expect![[r#"
        [visibility is private] Its visibility is private.

        Who may see it: `default`, `public`, `private`, `confidential`."#]],
    );
    hovers(
        "  with { keep: 9‸0d }",
        expect![[r#"
        [keep: 90d] The recording is kept for 90 days.

        How long the recording is kept: `180d`."#]],
    );
    hovers(
        "\nrecordab‸le { all_day: yes }",
        expect!["[recordable] What bots may join beyond the usual. The organisation's files only."],
    );
    hovers("  when has link\n  # a com‸ment\n", expect!["nothing"]);
}

// ------------------------------------------------------------------------------------------------------------ names

#[test]
fn names_lead_to_where_they_are_given_and_used_across_layers() {
    let organisation =
        "layer organisation\nour domains @a.com\nlist vips = [@v.com]\nrule r:\n  record\n  when any attendee in vips\n";
    let user = "layer user\nlist own = [\"x\"]\nrule mine:\n  skip\n  when organizer in vips and title contains any of own\ntest \"t\":\n  event {}\n  expect record by r\n";
    let both = of(&[organisation, user]);
    let used = user.find("vips").expect("it is used");
    assert_eq!(both.definition(SourceId(1), used), Some(Span::new(FIRST, 43, 47)));
    let places: Vec<(u16, &str)> = (both.references(SourceId(1), used + 4).iter())
        .map(|span| (span.source.0, &[organisation, user][usize::from(span.source.0)][span.range()]))
        .collect();
    assert_eq!(places, [(0, "vips"), (0, "vips"), (1, "vips")]);
    assert_eq!(both.definition(SourceId(1), user.rfind('r').expect("a rule")), Some(Span::new(FIRST, 64, 65)));
    assert_eq!(both.definition(SourceId(1), 0), None);
    let edits = both.rename(SourceId(1), used, "guests").expect("a name");
    assert_eq!(edits.len(), 3);
}

#[test]
fn bad_names_are_refused() {
    let text = "our domains @a.com\nlist a = [@v.com]\nlist b = [@w.com]\nlist c provided people\nrule r:\n  record\n  when any attendee in a or any attendee in b or any attendee in c\ntest \"t\":\n  event { organizer: boss }\n  expect skip\nperson boss = [d@a.com]\n";
    let given = snapshot(text);
    let refused = |word: &str, new: &str| {
        let at = text.find(word).expect("a name");
        given.rename(FIRST, at + word.len() - 1, new).expect_err("a bad name").to_string()
    };
    assert_eq!(refused("list a", "b"), "there is a list called `b` already");
    assert_eq!(refused("list a", "and"), "`and` is a word of the language, and so no name");
    for bad in ["", "1a", "a b", "a#b", "a\nb", "\"", "@x"] {
        assert_eq!(refused("list a", bad), format!("`{bad}` is no name: a letter, then letters, digits, `-` and `_`"));
    }
    assert_eq!(refused("list c", "d"), "the list `c` is kept outside of the rules under this name");
    assert_eq!(refused("person boss", "hidden"), "`hidden` would mean something else in some place");
    assert_eq!(given.rename(FIRST, 0, "x").expect_err("nothing").to_string(), "there is no name here that could be changed");
}

#[test]
fn a_name_is_not_renamed_into_what_another_layer_uses() {
    let organisation = "list a = [\"x\"]\nrule r:\n  record\n  when title contains any of a\n";
    let user = "layer user\nlist b = [\"y\"]\nrule s:\n  skip\n  when title contains any of a or title contains any of b\n";
    let both = of(&[organisation, user]);
    assert!(both.rename(FIRST, 5, "b").is_err());
    assert!(both.rename(FIRST, 5, "c").is_ok());
}

/// Every name of every example, in both forms, gets another one; every meeting is decided as before.
#[test]
fn renaming_keeps_decisions() {
    let mut renamed = 0;
    for form in ["rules", "json"] {
        for (folder, text) in examples(form) {
            let before = snapshot(&text);
            let decided = decisions(&before, &folder);
            for (index, name) in before.names().iter().enumerate().filter(|(_, name)| name.gives) {
                let new = format!("renamed-{index}");
                let Ok(edits) = before.rename(FIRST, name.span.range().start, &new) else { continue };
                let after = Snapshot::of(&before.edited(&edits), &options());
                assert_eq!(decisions(&after, &folder), decided, "{}: {}", folder.display(), name.name);
                assert!(!after.names().iter().any(|other| other.name == name.name && other.kind == name.kind));
                renamed += 1;
            }
        }
    }
    assert!(renamed > 150, "only {renamed}");
}

fn decisions(snapshot: &Snapshot, folder: &Path) -> Vec<Decision> {
    let rules = snapshot.checked().rule_set.as_ref().expect("the example compiles");
    let bytes = fs::read(folder.join("events.ics")).expect("a calendar");
    let zone = Zone::utc();
    let calendar = providers::read(&bytes, &zone).expect("a calendar");
    let day = |text: &str| text.parse().expect("an instant");
    let found = calendar.occurrences(day("2026-01-01T00:00:00Z")..day("2026-07-01T00:00:00Z"), &zone);
    let me = calendar.owner.clone().or_else(|| Address::parse("me@acme.example"));
    let user = ConnectedUser { addresses: me.into_iter().collect(), zone: Some(zone), bots: Vec::new() };
    let lists = ProvidedLists::default();
    let mut machine = Machine::new();
    let mut decide = |occurrence: &Occurrence| {
        rules.decide(&mut machine, &Question { occurrence, user: &user, overrides: Overrides::default(), lists: &lists })
    };
    let decided: Vec<Decision> = found.occurrences.iter().map(&mut decide).collect();
    assert!(!decided.is_empty());
    decided
}

// --------------------------------------------------------------------------------------------------- tokens, actions

#[test]
fn every_word_has_its_colour() {
    let text = "# c 🎥\nrule r \"T\":\n  record\n  when title matches /x/i and attendees >= 3 and starts on mon..fri and kind is focus\n  with { keep: 9d }\n";
    let tokens: Vec<String> = (snapshot(text).tokens(FIRST).iter())
        .map(|token| format!("{}:{:?}{}", &text[token.span.range()], token.kind, if token.gives { "!" } else { "" }))
        .collect();
    expect![[r##"# c 🎥:Comment rule:Keyword r:Name(Rule)! "T":Text record:Keyword when:Keyword title:Keyword matches:Keyword /x/i:Regex and:Keyword attendees:Keyword >=:Operator 3:Number and:Keyword starts:Keyword on:Keyword mon..fri:Keyword and:Keyword kind:Keyword is:Keyword focus:Value with:Keyword keep:Key 9d:Number"##]]
        .assert_eq(&tokens.join(" "));
}

#[test]
fn remarks_can_be_cured_or_allowed() {
    let text = "our domains @a.com\nrule r:\n  skip\n  when title contains any of [\"ab\", \"xab\"]\n  with { keep: 9d }\n";
    let given = snapshot(text);
    let remarks = given.checked().remarks(&Options::default());
    let actions = given.actions(FIRST, 0..text.len(), &remarks);
    let titles: Vec<String> = actions.iter().map(|action| format!("{:?}: {}", action.kind, action.title)).collect();
    expect![[r#"
        Allow: allow `rule-redundant` here
        Allow: allow `keyword-hits-common-words` here
        SafeFix: remove "xab"
        Allow: allow `pattern-subsumed` here
        SafeFix: remove the settings
        Allow: allow `setting-on-skip` here"#]]
    .assert_eq(&titles.join("\n"));
    let fixed = given.fix_all(FIRST, &remarks).expect("two safe fixes");
    assert_eq!(fixed.kind, ActionKind::FixAll);
    let [text] = given.edited(&fixed.edits).try_into().expect("one text");
    assert_eq!(text.text, "our domains @a.com\nrule r:\n  skip\n  when title contains any of [\"ab\"]\n");
    for action in actions.iter().filter(|action| action.kind == ActionKind::Allow) {
        let allowed = Snapshot::of(&given.edited(&action.edits), &options()).checked().remarks(&Options::default());
        let code = remarks[action.remark.expect("one remark")].code;
        assert!(allowed.iter().all(|remark| remark.code != code), "{}: {allowed:?}", action.title);
    }
}

#[test]
fn the_outline_has_every_piece() {
    let text = format!("{HEAD}test \"it works\":\n  event {{}}\n  expect skip\n");
    let told: Vec<String> =
        snapshot(&text).symbols(FIRST).iter().map(|symbol| format!("{:?} {}", symbol.kind, symbol.name)).collect();
    assert_eq!(
        told,
        [
            "Some(List) customers",
            "Some(List) words",
            "Some(List) holidays",
            "Some(Person) boss",
            "Some(Definition) big",
            "Some(Rule) first",
            "None it works"
        ]
    );
}

#[test]
fn json_has_names_hover_and_layout() {
    for (folder, text) in examples("json") {
        let given = snapshot(&text);
        let rules = given.names().iter().filter(|name| name.kind == NameKind::Rule && name.gives);
        for name in rules {
            assert!(
                given.hover(FIRST, name.span.range().start).is_some_and(|hover| hover.text.contains("meeting")),
                "{}",
                folder.display()
            );
        }
        assert!(given.complete(FIRST, 10).is_empty() && given.tokens(FIRST).is_empty());
        assert!(layout(&text).expect("it can be read").is_none());
    }
}

// ------------------------------------------------------------------------------------------------ whatever the text

/// Asks everything at a place.
fn ask_all(given: &Snapshot, text: &str, offset: usize) {
    for offered in given.complete(FIRST, offset) {
        assert!(text.get(offered.span.range()).is_some(), "{offered:?}");
    }
    if let Some(hover) = given.hover(FIRST, offset) {
        assert!(text.get(hover.span.range()).is_some(), "{hover:?}");
    }
    for span in given.references(FIRST, offset).into_iter().chain(given.definition(FIRST, offset)) {
        assert!(text.get(span.range()).is_some());
    }
    let _maybe_refused = given.rename(FIRST, offset, "another-name");
    let lines = Lines::of(text);
    for encoding in [Encoding::Utf8, Encoding::Utf16] {
        let _somewhere = lines.offset(lines.position(offset, encoding), encoding);
    }
}

fn ask_about_all(given: &Snapshot, text: &str) {
    let mut end = 0;
    for token in given.tokens(FIRST) {
        assert!(token.span.range().start >= end && !text[token.span.range()].contains(['\n', '\r']), "{token:?}");
        end = token.span.range().end;
    }
    for symbol in given.symbols(FIRST) {
        assert!(text.get(symbol.span.range()).is_some() && text.get(symbol.name_span.range()).is_some());
        assert!(symbol.span.start <= symbol.name_span.start && symbol.name_span.end <= symbol.span.end, "{symbol:?}");
    }
    let remarks = &given.checked().diagnostics;
    for action in given.actions(FIRST, 0..text.len(), remarks) {
        assert!(action.edits.iter().all(|(span, _)| text.get(span.range()).is_some()), "{action:?}");
    }
    let _maybe_none = given.fix_all(FIRST, remarks);
    laid_out_as_formatted(text);
}

/// Where a text can be read, the edit of its layout makes what `fmt` writes.
fn laid_out_as_formatted(text: &str) {
    match (layout(text), format("text", text)) {
        (Ok(None), Ok(formatted)) => assert_eq!(formatted, text),
        (Ok(Some((range, new))), Ok(formatted)) => {
            let mut edited = text.to_owned();
            edited.replace_range(range, &new);
            assert_eq!(edited, formatted);
        }
        (Err(_), Err(_)) => {}
        other => panic!("{other:?}"),
    }
}

/// An example that breaks off, with something put into it.
fn half_written() -> impl Strategy<Value = (String, usize)> {
    let all: Vec<String> = examples("rules").into_iter().chain(examples("json")).map(|(_, text)| text).collect();
    let pieces =
        ["", "(", "\"", "any of [", "/", "🎥", "\r\n", " not ", "{", "# lint: allow ", "]", "rule ", "\u{feff}", "@", "mon.."];
    (
        proptest::sample::select(all),
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        proptest::sample::select(pieces.to_vec()),
    )
        .prop_map(|(text, end, at, piece)| {
            let mut text = text[..text.floor_char_boundary(end.index(text.len() + 1))].to_owned();
            text.insert_str(text.floor_char_boundary(at.index(text.len() + 1)), piece);
            let at = at.index(text.len() + 1) + piece.len();
            (text, at)
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_is_half_written_is_too_much((text, at) in half_written()) {
        let given = snapshot(&text);
        for offset in [at, text.len(), at / 2, usize::MAX] {
            ask_all(&given, &text, offset);
        }
        ask_about_all(&given, &text);
    }

    #[test]
    fn whatever_the_text_every_question_is_answered(text in "[\\PC\n\r\t\"\\[\\](){}:#/@. a-z0-9]{0,80}", at in 0..100_usize) {
        let given = snapshot(&text);
        ask_all(&given, &text, at);
        ask_about_all(&given, &text);
    }

    #[test]
    fn the_edits_of_a_layout_make_what_fmt_writes(file in ast_strategy::file(), crlf in any::<bool>(), wide in any::<bool>()) {
        let text = printer::text(&file);
        let text = if wide { text.replace(":\n", " :\n\n\n").replace(", ", "  ,\t") } else { text };
        let text = if crlf { text.replace('\n', "\r\n") } else { text };
        laid_out_as_formatted(&text);
    }
}

#[test]
fn deep_nesting_offers_nothing_and_ends() {
    let deep = format!("rule r:\n  record\n  when {}", "not (".repeat(20_000));
    let given = snapshot(&deep);
    assert!(given.complete(FIRST, deep.len()).is_empty());
    assert!(given.tokens(FIRST).iter().any(|token| token.kind == TokenKind::Keyword));
}
