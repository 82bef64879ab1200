//! What is printed reads back as the same tree, comments and all.

use crate::support::ast_strategy;
use crate::text_reader::PAGE;
use callsheet::source::{Form, SourceId};
use callsheet::syntax::printer::{convert, format};
use callsheet::syntax::{Limits, ast, printer, text};
use proptest::prelude::*;

/// Reads what was printed; nothing may be wrong with it.
fn read(printed: &str) -> ast::File {
    let (file, diagnostics) = text::parse(SourceId(0), printed, &Limits::default());
    let messages: Vec<&str> = diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
    assert!(messages.is_empty(), "{messages:?} in\n{printed}");
    file
}

proptest! {
    #[test]
    fn a_printed_tree_reads_back_as_itself(file in ast_strategy::file()) {
        let printed = printer::text(&file);
        let again = read(&printed);
        prop_assert_eq!(&again, &file, "{}", printed);
        prop_assert_eq!(printer::text(&again), printed);
    }

    #[test]
    fn text_to_json_to_text_is_the_identity_on_formatted_text(file in ast_strategy::file()) {
        let printed = printer::text(&file);
        let json = convert(SourceId(0), &printed, Form::Json, &Limits::default()).expect("converts");
        let back = convert(SourceId(0), &json, Form::Text, &Limits::default()).expect("converts back");
        prop_assert_eq!(back, printed);
    }

    #[test]
    fn any_text_is_read_with_places_inside_of_it(rules in "(?s).{0,400}") {
        check_places(&rules);
    }

    #[test]
    fn torn_rules_are_read_with_places_inside_of_them(file in ast_strategy::file(), cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..4)) {
        let mut rules = printer::text(&file);
        for (from, to) in cuts {
            let (a, b) = (from.index(rules.len().max(1)), to.index(rules.len().max(1)));
            let (a, b) = (rules.floor_char_boundary(a.min(b)), rules.floor_char_boundary(a.max(b).min(a.min(b) + 30)));
            rules.replace_range(a..b, "");
        }
        check_places(&rules);
    }

    #[test]
    fn formatting_twice_is_formatting_once_and_keeps_every_comment(rules in commented_rules()) {
        let Ok(once) = format(SourceId(0), &rules, &Limits::default()) else { return Ok(()) };
        let twice = format(SourceId(0), &once, &Limits::default()).expect("formatted text formats");
        prop_assert_eq!(&twice, &once);
        prop_assert_eq!(comments(&rules), comments(&once), "{}\n{}", rules, once);
    }
}

fn check_places(rules: &str) {
    let (_, diagnostics) = text::parse(SourceId(0), rules, &Limits::default());
    for diagnostic in &diagnostics {
        let edits = diagnostic.fixes.iter().flat_map(|fix| fix.edits.iter().map(|(span, _)| *span));
        let labels = diagnostic.secondary.iter().map(|label| label.span);
        for span in std::iter::once(diagnostic.primary.span).chain(labels).chain(edits) {
            assert!(rules.get(span.range()).is_some(), "{span:?} of {diagnostic:?}");
        }
        assert!(!diagnostic.message.contains(char::is_control), "{:?}", diagnostic.message);
        let ours: String = diagnostic.message.split('`').step_by(2).collect();
        assert!(rules.contains('`') || !ours.contains('_'), "a production's name? {:?}", diagnostic.message);
    }
}

/// Words of valid rules with comments and line ends sprinkled between them.
fn commented_rules() -> impl Strategy<Value = String> {
    let words = PAGE.lines().map(str::to_owned).collect::<Vec<_>>();
    prop::collection::vec((0..40_u8, any::<bool>()), words.len()).prop_map(move |marks| {
        let mut rules = String::new();
        for (number, (line, (mark, own_line))) in words.iter().zip(marks).enumerate() {
            match mark {
                0..8 if own_line => rules += &format!("# own {number}\n{line}\n"),
                0..8 => rules += &format!("{line}  # end {number}\n"),
                8..12 => rules += &format!("{}\n", line.replacen(", ", &format!(", # comma {number}\n"), 1)),
                12..16 => rules += &format!("{}\n", line.replacen('[', &format!("[ # open {number}\n"), 1)),
                16..20 => rules += &format!("{}\n", line.replacen(" and ", &format!(" and # and {number}\n"), 1)),
                20..24 => rules += &format!("{}\n", line.replacen(" }", &format!("\n # close {number}\n}}"), 1)),
                24..28 => rules += &format!("{}\n", line.replacen('=', &format!("= # equals {number}\n"), 1)),
                _ => rules += &format!("{line}\n"),
            }
        }
        rules
    })
}

/// The comments of a text, sorted. None of the texts here holds a sign of a comment elsewhere.
fn comments(rules: &str) -> Vec<String> {
    let mut comments: Vec<String> =
        rules.lines().filter_map(|line| line.split_once('#')).map(|(_, comment)| comment.trim().to_owned()).collect();
    comments.sort();
    comments
}

#[test]
fn the_page_s_example_changes_only_where_a_line_is_too_long() {
    let formatted = format(SourceId(0), PAGE, &Limits::default()).expect("formats");
    let event = "  event { title: \"Catch-up\", attendees: [me, dana@acme.com], start: 2026-03-02 10:00, duration: 30m }";
    let broken = "  event {\n    title: \"Catch-up\",\n    attendees: [me, dana@acme.com],\n    start: 2026-03-02 10:00,\n    \
                  duration: 30m,\n  }";
    assert_eq!(formatted, PAGE.replace(event, broken));
    assert_eq!(format(SourceId(0), &formatted, &Limits::default()).expect("formats again"), formatted);
}

/// A condition's canonical text on one line.
fn canonical(condition: &str) -> String {
    let file = read(&format!("define x = {condition}\n"));
    printer::condition(&file.definitions[0].value.condition)
}

#[test]
fn every_form_of_a_condition_prints_as_the_language_page_spells_it() {
    let forms = r#"
        title is "a"
        description contains "a"
        location starts with "a\n\"b\""
        calendar ends with "a"
        title contains any of ["a", "b"]
        title contains any of interviews
        title matches /\b(hr|salary)\b\//isx
        organizer is external
        creator is me
        any attendee is dana@acme.com
        any attendee is boss
        every attendee is internal
        no attendee is organizer
        at least 2 attendees from @p.example
        at most 1 attendee from any of [@a.com, @*.b.com]
        exactly 3 attendees accepted
        any attendee (is external and not declined)
        any attendee (tentative or has not answered or is optional)
        any attendee none of (is me, in customers)
        any attendee (not is internal)
        any attendee is address "a#b@c.com"
        attendees = 3
        attendees != 3
        attendees < 3
        attendees <= 3
        attendees > 3
        attendees >= 3
        attendees between 3 and 9
        one-on-one
        starts before 09:00
        starts after 09:00 on mon..fri, sun
        starts at 24:00 on mon, wed in "Asia/Tokyo"
        starts between 22:00 and 06:00 overnight on fri in "Asia/Tokyo"
        starts on 2026-12-24
        starts on any of [2026-12-24, 2026-12-25] in "UTC"
        ends on any of holidays
        starts on rrule "FREQ=WEEKLY;INTERVAL=2" counting from 2026-01-05 in "UTC"
        duration < 10m
        duration between 1h30m and 2d
        repeats
        repeats daily
        repeats every 2 weeks on mon at least 4 times at most 9 times forever
        occurrence is first
        occurrence is moved
        occurrence is changed
        my response is any of [accepted, tentative]
        status is confirmed
        visibility is any of [private, confidential]
        shows as is out_of_office
        kind is focus
        provider is google
        conference is none
        source is feed
        all-day
        has link
        not all-day
        not (all-day and has link)
        surely (all-day or has link)
        possibly (not all-day)
        none of (all-day, has link and one-on-one)
        all-day and (has link or one-on-one)
        (all-day and has link) and one-on-one
        all-day or has link
    "#;
    for form in forms.lines().map(str::trim).filter(|form| !form.is_empty()) {
        assert_eq!(canonical(form), form);
    }
}

#[test]
fn other_spellings_have_one_canonical_text() {
    let spellings = [
        ("all of (all-day, has link,)", "all-day and has link"),
        ("((all-day))", "all-day"),
        ("any of (all-day, all of (has link, one-on-one))", "all-day or (has link and one-on-one)"),
        ("title contains any of [\"a\"]", "title contains \"a\""),
        ("visibility is any of [private]", "visibility is private"),
        ("any attendees is me", "any attendee is me"),
        ("duration < 90m", "duration < 1h30m"),
        ("duration < 48h", "duration < 2d"),
        ("starts at 9:05 on sat, mon, tue, wed", "starts at 09:05 on mon..wed, sat"),
        ("starts on fri..mon", "starts on mon, fri..sun"),
        ("repeats every 1 weeks", "repeats every 1 week"),
        ("title matches /a/xi", "title matches /a/ix"),
        ("title is \"\\u{e9}\"", "title is \"é\""),
    ];
    for (written, expected) in spellings {
        assert_eq!(canonical(written), expected);
    }
}

#[test]
fn a_rule_s_condition_is_cited_on_one_line() {
    let file = read("rule a:\n  skip\n  unless all-day\n  when all of (\n    # why\n    has link,\n    one-on-one,\n  )\n");
    assert_eq!(printer::rule_condition(&file.rules[0].value), "when has link and one-on-one unless all-day");
}

#[test]
fn the_deepest_tree_survives_both_forms() {
    let depth = Limits::default().depth;
    let rules = format!(
        "callsheet 1\n\ndefine x = {}title contains any of [\"a\", \"b\"]{}\n",
        "surely (".repeat(depth),
        ")".repeat(depth)
    );
    let json = convert(SourceId(0), &rules, Form::Json, &Limits::default()).expect("converts");
    let text = convert(SourceId(0), &json, Form::Text, &Limits::default()).expect("converts back");
    assert_eq!(format(SourceId(0), &rules, &Limits::default()).expect("formats"), text);
}

#[test]
fn byte_order_marks_and_line_ends_of_other_systems_change_nothing() {
    let windows = format!("\u{feff}{}", PAGE.replace('\n', "\r\n"));
    let plain = format(SourceId(0), PAGE, &Limits::default()).expect("formats");
    assert_eq!(format(SourceId(0), &windows, &Limits::default()).expect("formats"), plain);
}

#[test]
fn comments_stay_with_what_they_are_about() {
    let rules = r#"# about the file
callsheet 1  # one
# about the list
list a = [
  # first
  "x",  # x
  "y"   # y
  # dangling
]  # the list
# lint: allow unused-name until 2026-12-31 "soon"
rule b:  # the rule
  record  # the action
  # about when
  when all-day  # all-day
    and has link  # link
  # last
  with { keep: 3d }  # with
# the end
"#;
    let expected = r#"# about the file
callsheet 1  # one

# about the list
list a = [
  # first
  "x",  # x
  # dangling
  "y",  # y
]  # the list

# lint: allow unused-name until 2026-12-31 "soon"
rule b:  # the rule
  record  # the action
  # about when
  when all of (
    all-day,  # all-day
    has link,
  )  # link
  # last
  with { keep: 3d }  # with

# the end
"#;
    assert_eq!(format(SourceId(0), rules, &Limits::default()).expect("formats"), expected);
}

#[test]
fn rules_with_errors_are_not_rewritten() {
    let refused = format(SourceId(0), "rule a: recrod", &Limits::default());
    assert!(matches!(refused, Err(printer::FormatError::Broken(diagnostics)) if diagnostics.len() == 1));
}

#[test]
fn white_space_at_the_end_of_a_comment_moves_nothing() {
    for end in [" ", "\t", "\u{2028}"] {
        let rules = format!("rule r:\n  # first\n  skip\n  # second{end}\n  when has link\n");
        let rule = &read(&rules).rules[0].value;
        let before = rule.when.as_ref().map(|when| when.trivia.before.as_slice());
        assert_eq!(rule.action.trivia.before, ["first"], "{end:?}");
        assert_eq!(before, Some(&["second".to_owned()][..]), "{end:?}");
    }
}
