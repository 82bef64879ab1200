//! What the words of the language mean, in a sentence or two: for hovering, and beside what completion offers.

use crate::syntax::ast::{ClosedSet, ConditionKind, PersonRole, TextField};
use crate::value::words::{Edge, Flag};

/// What can be asked of a meeting, and how: by the words that a condition begins with.
const SUBJECTS: &[(&str, &str)] = &[
    (
        "title",
        "The title: `is`, `contains`, `starts with`, `ends with` a text, any of several or of a list; `matches /regex/i`. Upper and lower case are one, except in `matches`.",
    ),
    ("description", "The description, as text: `is`, `contains`, `starts with`, `ends with`, `matches`."),
    ("location", "The location: `is`, `contains`, `starts with`, `ends with`, `matches`."),
    ("calendar", "The name of the calendar that the meeting is in: `is`, `contains`, `starts with`, `ends with`, `matches`."),
    ("organizer", "Whoever called the meeting, held to a test of a person: `is internal`, `in customers`, `from @acme.com`."),
    ("creator", "Whoever made the entry, held to a test of a person. Not every calendar says who that is."),
    (
        "attendees",
        "How many people are in the meeting, the organizer among them, without rooms: `attendees >= 3`, `attendees between 3 and 9`. People who declined count.",
    ),
    ("any", "`any attendee …`: true where somebody passes the test. `any of (…)`: true where one of the conditions is."),
    ("any of", "`any of (…)`: true where one of the conditions is."),
    ("all of", "`all of (…)`: true where every condition is."),
    ("none of", "`none of (…)`: true where no condition is."),
    ("every", "`every attendee …`: true where everybody passes the test; false where there is nobody."),
    ("no", "`no attendee …`: true where nobody passes the test."),
    ("at least", "`at least 2 attendees …`: so many people pass the test, or more."),
    ("at most", "`at most 2 attendees …`: so many people pass the test, or fewer."),
    ("exactly", "`exactly 2 attendees …`: so many people pass the test."),
    ("one-on-one", "Exactly two people who have not declined."),
    (
        "starts",
        "When it starts: `before`, `after`, `at`, `between 09:00 and 18:00`, `on mon..fri`, `on 2026-12-24`, `on rrule \"…\"`, `in \"Europe/London\"`. Without `in`, the zone of the file counts, else the user's.",
    ),
    ("ends", "When it ends: as `starts`."),
    ("duration", "How long it is: `duration < 10m`, `duration between 30m and 1h30m`."),
    (
        "repeats",
        "Whether it is one of a series, and of which: `repeats weekly on mon`, `repeats every 2 weeks at least 4 times`, `repeats forever`.",
    ),
    ("occurrence is", "What sets it apart in its series: `occurrence is first`, `moved`, `changed`."),
    ("my response", "What the connected user answered: `accepted`, `tentative`, `declined`, `none`, `organizer`."),
    ("status", "Whether it stands: `confirmed` or `tentative`."),
    ("visibility", "Who may see it: `default`, `public`, `private`, `confidential`."),
    ("shows as", "How it shows in the user's calendar: `busy`, `free`, `tentative`, `out_of_office`, `elsewhere`."),
    (
        "kind",
        "What sort of entry it is: `default` for a meeting, `focus`, `out_of_office`, `working_location`, `birthday`, `from_gmail`, `other`.",
    ),
    ("provider", "Whose calendar service holds it: `google`, `microsoft`, `ics`."),
    ("conference", "The meeting service of its link: `meet`, `zoom`, `teams`, `webex`, `goto`, `other`, `none`."),
    ("source", "How it came here: through an `api`, from a `feed`, by an `invite`."),
    ("all-day", "It has days and no clock times. Such entries get no bot unless `recordable` says so."),
    ("has link", "It holds a meeting link."),
    ("surely", "`surely (…)`: true only where the condition certainly is, whatever a calendar hides."),
    ("possibly", "`possibly (…)`: true also where a calendar hides what the condition asks."),
    ("not", "Turns a condition around; binds tightest."),
];

/// Words that are no subjects.
const OTHERS: &[(&str, &str)] = &[
    ("never record", "No bot, whatever other rules say. Unknown facts count as a match."),
    ("always record", "A bot, unless a `never record` says otherwise. Unknown facts count as no match."),
    ("record", "A bot, unless a rule above says otherwise. Unknown facts count as no match."),
    ("skip", "No bot, unless a rule above says otherwise. Unknown facts count as a match."),
    ("locked", "No user's rule or word stands against it. The organisation's files only."),
    ("shadow", "Tried out: evaluated and reported, never effective."),
    ("when", "What has to hold."),
    ("unless", "What must not hold: `when A unless B` is `A and not B`."),
    ("with", "How the bot behaves: `with { join: 2m before start, keep: 180d }`."),
    ("because", "The reason, which explanations show."),
    ("internal", "At one of `our domains`."),
    ("external", "At a readable address that is not internal."),
    ("me", "The connected user, at any of their own addresses."),
    ("overnight", "The window runs past midnight."),
    ("provided", "Kept by the tenant outside of the file: `list customers provided people`."),
    ("rule", "Says what to do with which meetings."),
    ("test", "A meeting, and what has to come out for it."),
    ("list", "People, texts or dates under one name."),
    ("person", "Somebody with one address or several, under one name."),
    ("define", "A condition under a name."),
    ("our", "`our domains @acme.com`: where everybody is internal."),
    ("timezone", "The zone that dates and clocks of this file are read in."),
    ("layer", "Whose rules these are: `organisation` or `user`."),
    ("default", "What happens where no rule decides: `record` or `skip`."),
    ("defaults", "Settings for every rule of this file."),
    ("recordable", "What bots may join beyond the usual. The organisation's files only."),
    ("limits", "Caps for what users may set. The organisation's files only."),
    ("callsheet", "The version of the language: `callsheet 1`."),
];

const SETTINGS: &[(&str, &str)] = &[
    ("join", "When the bot comes: `2m before start`, `30s after start`."),
    ("keep", "How long the recording is kept: `180d`."),
    ("bot_name", "What the bot is called in the meeting."),
    ("language", "The language that is spoken, as a tag: `\"de-CH\"`."),
    ("tags", "Words that travel with the recording: `[\"sales\"]`."),
    ("on_live_cancel", "What the bot does when the meeting is called off while it runs: `leave` or `stay`."),
];

fn look_up(table: &[(&str, &'static str)], words: &str) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == words).map(|(_, about)| *about)
}

/// About words of the language.
pub(super) fn about(words: &str) -> Option<&'static str> {
    look_up(SUBJECTS, words).or_else(|| look_up(OTHERS, words))
}

/// About a setting.
pub(super) fn about_setting(key: &str) -> Option<&'static str> {
    if key.starts_with("x_") { Some("A setting of your own, which passes to the bot untouched.") } else { look_up(SETTINGS, key) }
}

/// About what a condition asks; `None` where it is made of others.
pub(super) fn about_condition(kind: &ConditionKind) -> Option<&'static str> {
    let words = match kind {
        ConditionKind::Text { field, .. } | ConditionKind::Matches { field, .. } => match field {
            TextField::Title => "title",
            TextField::Description => "description",
            TextField::Location => "location",
            TextField::Calendar => "calendar",
        },
        ConditionKind::Person { role: PersonRole::Organizer, .. } => "organizer",
        ConditionKind::Person { role: PersonRole::Creator, .. } => "creator",
        ConditionKind::Count(_) => "attendees",
        ConditionKind::Duration(_) => "duration",
        ConditionKind::Clock { edge, .. } | ConditionKind::DateRule { edge, .. } => match edge {
            Edge::Starts => "starts",
            Edge::Ends => "ends",
        },
        ConditionKind::Repeats(_) => "repeats",
        ConditionKind::Occurrence(_) => "occurrence is",
        ConditionKind::Is(set) => match set {
            ClosedSet::MyResponse(_) => "my response",
            ClosedSet::Status(_) => "status",
            ClosedSet::Visibility(_) => "visibility",
            ClosedSet::ShowsAs(_) => "shows as",
            ClosedSet::Kind(_) => "kind",
            ClosedSet::Provider(_) => "provider",
            ClosedSet::Conference(_) => "conference",
            ClosedSet::Source(_) => "source",
        },
        ConditionKind::Flag(Flag::OneOnOne) => "one-on-one",
        ConditionKind::Flag(Flag::AllDay) => "all-day",
        ConditionKind::Flag(Flag::HasLink) => "has link",
        ConditionKind::Surely(_) => "surely",
        ConditionKind::Possibly(_) => "possibly",
        _ => return None,
    };
    look_up(SUBJECTS, words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::semantics::SETTING_KEYS;
    use crate::syntax::text::next::{What, expected};

    #[test]
    fn all_that_a_condition_can_begin_with_is_explained() {
        for found in expected("rule r:\n  record\n  when ") {
            if let What::Words(words) = found.what {
                assert!(look_up(SUBJECTS, &words).is_some(), "{words}");
            }
        }
    }

    #[test]
    fn every_piece_and_setting_is_explained() {
        for (piece, _) in crate::syntax::text::scan::PIECES {
            assert!(about(piece).is_some(), "{piece}");
        }
        assert!(SETTING_KEYS.iter().all(|key| about_setting(key).is_some()));
    }
}
