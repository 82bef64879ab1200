//! The keys of `with`, `defaults`, `limits`, `recordable` and of a test's event.

use super::leaf::*;
use super::member;
use crate::syntax::json::shape::{Array, Comments, Def, Member, Object, Shape, Text, Variant, Words};

const fn text(text: &'static Text) -> Shape {
    Shape::Text(text)
}

const BEFORE: Member = member("before", text(&LENGTH), "this long before the start");
const AFTER: Member = member("after", text(&LENGTH), "this long after the start");
const OFFSETS: &[Variant] = &[Variant { head: &[BEFORE], with: &[] }, Variant { head: &[AFTER], with: &[] }];
const OFFSET_ABOUT: &str = "a time around the start such as `{\"before\": \"PT2M\"}`";

/// `{"before": "PT2M"}`, with comments.
pub static OFFSET: Object =
    Object { about: OFFSET_ABOUT, variants: OFFSETS, optional: &[], free: None, only_with: &[], comments: Comments::Around };

/// The same inside of something that carries the comments.
static BARE_OFFSET: Object =
    Object { about: OFFSET_ABOUT, variants: OFFSETS, optional: &[], free: None, only_with: &[], comments: Comments::Outside };

/// The value of a key that starts with `x_`.
const FREE: Shape = Shape::Def(|| &FREE_DEF);
static FREE_DEF: Def = Def {
    name: "free_value",
    about: "Passes to the bot untouched: a text, several, a whole number, true or false, a length of time, a time around the start.",
    shape: Shape::Commented(&Shape::AnyOf(&[
        Shape::Text(&TEXT),
        Shape::Whole(i64::MIN, i64::MAX),
        Shape::Flag,
        Shape::Array(&TEXTS),
        Shape::Object(&FREE_OBJECT),
    ])),
};

static FREE_OBJECT: Object = Object {
    about: "a time around the start or a length of time such as `{\"duration\": \"P30D\"}`",
    variants: &[
        Variant { head: &[BEFORE], with: &[] },
        Variant { head: &[AFTER], with: &[] },
        Variant { head: &[member("duration", text(&LENGTH), "a length of time")], with: &[] },
    ],
    optional: &[],
    free: None,
    only_with: &[],
    comments: Comments::Around,
};

/// `with`, `defaults`, and what a test expects of them.
pub const SOME_SETTINGS: Shape = Shape::Def(|| &SETTINGS_DEF);
static SETTINGS_DEF: Def = Def { name: "settings", about: "How a bot behaves when it joins.", shape: Shape::Object(&SETTINGS) };

/// The keys of settings.
pub static SETTINGS: Object = Object {
    about: "settings such as `{\"keep\": \"P180D\"}`",
    variants: &[Variant { head: &[], with: &[] }],
    optional: &[
        member(
            "join",
            Shape::Object(&OFFSET),
            "When the bot joins: `{\"before\": \"PT2M\"}` or `{\"after\": \"PT30S\"}`, counted from the start.",
        ),
        member("keep", Shape::Commented(&text(&LENGTH)), "How long the recording is kept, for example `P180D`."),
        member("bot_name", Shape::Commented(&text(&TEXT)), "The name that the bot shows in the meeting."),
        member("language", Shape::Commented(&text(&TEXT)), "The spoken language, a tag of BCP 47 such as `en-GB`."),
        member("tags", Shape::Commented(&Shape::Array(&TEXTS)), "Labels for the recording."),
        member(
            "on_live_cancel",
            Shape::Commented(&Shape::Word(&CANCEL)),
            "What a bot in the meeting does when the event is cancelled.",
        ),
    ],
    free: Some((&EXTRA, FREE)),
    only_with: &[],
    comments: Comments::Around,
};

/// `recordable`.
pub static RECORDABLE: Object = Object {
    about: "what may be recorded beyond the usual",
    variants: &[Variant { head: &[], with: &[] }],
    optional: &[
        member("all_day", Shape::Commented(&Shape::Flag), "Whether events without clock times may be recorded."),
        member("declined", Shape::Commented(&Shape::Flag), "Whether events that the connected user declined may be recorded."),
        member("kinds", Shape::Commented(&Shape::Array(&KINDS)), "The kinds of events that count as meetings."),
    ],
    free: None,
    only_with: &[],
    comments: Comments::Around,
};

/// `limits`.
pub static LIMITS: Object = Object {
    about: "limits on what user files may set",
    variants: &[Variant { head: &[], with: &[] }],
    optional: &[
        member(
            "join",
            Shape::Object(&JOIN_LIMIT),
            "The earliest that the bot may join, `{\"at_most\": {\"before\": \"PT5M\"}}`, or a fixed time around the start.",
        ),
        member(
            "keep",
            Shape::Commented(&Shape::AnyOf(&[Shape::Text(&LENGTH), Shape::Object(&KEEP_LIMIT)])),
            "The longest that recordings may be kept, `{\"at_most\": \"P90D\"}`, or a fixed length.",
        ),
        member("bot_name", Shape::Commented(&text(&TEXT)), "The name that every bot shows."),
        member("language", Shape::Commented(&text(&TEXT)), "The spoken language that is always set."),
        member("tags", Shape::Commented(&Shape::Array(&TEXTS)), "The labels that every recording gets."),
        member("on_live_cancel", Shape::Commented(&Shape::Word(&CANCEL)), "What every bot does when the event is cancelled."),
    ],
    free: Some((&EXTRA, FREE)),
    only_with: &[],
    comments: Comments::Around,
};

static KEEP_LIMIT: Object = Object {
    about: "a longest time such as `{\"at_most\": \"P90D\"}`",
    variants: &[Variant { head: &[member("at_most", text(&LENGTH), "the longest time allowed")], with: &[] }],
    optional: &[],
    free: None,
    only_with: &[],
    comments: Comments::Around,
};

static JOIN_LIMIT: Object = Object {
    about: "a time around the start such as `{\"at_most\": {\"before\": \"PT5M\"}}`",
    variants: &[
        Variant {
            head: &[member("at_most", Shape::Object(&BARE_OFFSET), "the farthest from the start that is allowed")],
            with: &[],
        },
        Variant { head: &[BEFORE], with: &[] },
        Variant { head: &[AFTER], with: &[] },
    ],
    optional: &[],
    free: None,
    only_with: &[],
    comments: Comments::Around,
};

static HIDDEN_DEF: Def = Def { name: "hidden", about: "The calendar does not show this fact.", shape: Shape::Object(&HIDDEN) };

/// `{"hidden": true}`: the calendar does not show this fact.
static HIDDEN: Object = Object {
    about: "`{\"hidden\": true}`",
    variants: &[Variant { head: &[member("hidden", Shape::True, "The calendar does not show this fact.")], with: &[] }],
    optional: &[],
    free: None,
    only_with: &[],
    comments: Comments::Around,
};

/// The facts of a test's event that are texts, people and so on, or hidden.
macro_rules! hideable {
    ($($name:ident = $shape:expr;)+) => { $(
        static $name: Shape = Shape::Commented(&Shape::AnyOf(&[$shape, Shape::Def(|| &HIDDEN_DEF)]));
    )+ };
}

hideable! {
    FACT_TEXT = Shape::Text(&TEXT);
    FACT_WHO = Shape::Text(&WHO);
    FACT_LENGTH = Shape::Text(&LENGTH);
    FACT_FLAG = Shape::Flag;
    FACT_LINK = Shape::AnyOf(&[Shape::Text(&TEXT), Shape::Flag]);
    FACT_GUESTS = Shape::Array(&GUESTS);
    FACT_OVERRIDE = Shape::Word(&OVERRIDE);
}

/// A fact that is a word of a closed set.
macro_rules! fact_words {
    ($($name:ident = $words:ident;)+) => { hideable! { $($name = Shape::Word(&$words);)+ } };
}

fact_words! {
    FACT_OCCURRENCE = OCCURRENCE;
    FACT_RESPONSE = RESPONSE;
    FACT_STATUS = ANY_STATUS;
    FACT_VISIBILITY = VISIBILITY;
    FACT_SHOWS_AS = SHOWS_AS;
    FACT_KIND = KIND;
    FACT_PROVIDER = PROVIDER;
    FACT_CONFERENCE = CONFERENCE;
    FACT_SOURCE = SOURCE;
}

/// `"2026-03-02T10:00"`, `"2026-03-02"`, `{"at": …, "in": "Asia/Tokyo"}`, or hidden.
static FACT_MOMENT: Shape =
    Shape::Commented(&Shape::AnyOf(&[Shape::Text(&MOMENT), Shape::Text(&DATE), Shape::Object(&ZONED_MOMENT)]));

static ZONED_MOMENT: Object = Object {
    about: "a date and time with its zone such as `{\"at\": \"2026-03-02T10:00\", \"in\": \"Asia/Tokyo\"}`",
    variants: &[
        Variant {
            head: &[
                member("at", text(&MOMENT), "date and time on the clocks of the zone"),
                member("in", text(&ZONE), "the zone"),
            ],
            with: &[],
        },
        Variant { head: &[member("hidden", Shape::True, "The calendar does not show this fact.")], with: &[] },
    ],
    optional: &[],
    free: None,
    only_with: &[],
    comments: Comments::Around,
};

arrays! {
    GUESTS = Shape::Commented(&Shape::AnyOf(&[Shape::Text(&WHO), Shape::Object(&GUEST)])), ANY_LEN, "guests in brackets";
}

static GUEST: Object = Object {
    about: "a guest such as `{\"who\": \"dana@acme.com\", \"response\": \"declined\"}`",
    variants: &[Variant { head: &[member("who", text(&WHO), "`me`, an address, or the name of a person")], with: &[] }],
    optional: &[
        member("response", Shape::Word(&RESPONSE), "The answer; accepted where none is written."),
        member("optional", Shape::Flag, "Whether the guest was invited as optional."),
        member("kind", Shape::Word(&GUEST_KIND), "What the guest stands for, where that is no person."),
    ],
    free: None,
    only_with: &[],
    comments: Comments::Around,
};

const fn word(words: &'static Words) -> Shape {
    Shape::Word(words)
}

/// The event of a test. What is not said is that of an ordinary recordable meeting.
pub static EVENT: Object = Object {
    about: "an event",
    variants: &[Variant { head: &[], with: &[] }],
    optional: &[
        member("title", FACT_TEXT, "The title."),
        member("description", FACT_TEXT, "The description."),
        member("location", FACT_TEXT, "The place."),
        member("calendar", FACT_TEXT, "The name of the calendar."),
        member("organizer", FACT_WHO, "Who called the meeting: `me`, an address, or the name of a person."),
        member("creator", FACT_WHO, "Who made the entry."),
        member("attendees", FACT_GUESTS, "The guests."),
        member("start", FACT_MOMENT, "The start, in the file's zone unless it says another; a date alone is a whole day."),
        member("end", FACT_MOMENT, "The end, likewise."),
        member("duration", FACT_LENGTH, "The length, instead of an end."),
        member("all_day", FACT_FLAG, "Whether the event has no clock times."),
        member("repeats", FACT_TEXT, "The recurrence rule of its series, for example `FREQ=WEEKLY`."),
        member("occurrence", FACT_OCCURRENCE, "What sets it apart in its series."),
        member("override", FACT_OVERRIDE, "A person's word on this occurrence."),
        member("series_override", FACT_OVERRIDE, "A person's word on its series."),
        member("my_response", FACT_RESPONSE, "What the connected user answered."),
        member("status", FACT_STATUS, "Whether the event stands."),
        member("visibility", FACT_VISIBILITY, "Who may see it."),
        member("shows_as", FACT_SHOWS_AS, "How it shows in the calendar."),
        member("kind", FACT_KIND, "What sort of entry it is."),
        member("provider", FACT_PROVIDER, "Whose calendar service holds it."),
        member("conference", FACT_CONFERENCE, "The meeting service of its link."),
        member("source", FACT_SOURCE, "How it came to us."),
        member("link", FACT_LINK, "The address of the meeting link, or whether there is one."),
        member("draft", FACT_FLAG, "Whether the organizer has not sent it yet."),
        member("zone", FACT_TEXT, "The time zone that the entry is written in."),
        member("user_zone", FACT_TEXT, "The connected user's time zone."),
        member("me", FACT_WHO, "The connected user's address."),
    ],
    free: None,
    only_with: &[],
    comments: Comments::Around,
};

/// A word with comments.
pub static COMMENTED_LAYER: Shape = Shape::Commented(&word(&LAYER));
/// `record` or `skip` with comments.
pub static COMMENTED_VERB: Shape = Shape::Commented(&word(&VERB));
