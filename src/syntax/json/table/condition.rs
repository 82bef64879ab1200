//! Conditions and tests of people: an object with one subject each.

use super::leaf::*;
use super::member;
use crate::syntax::json::shape::{Array, Comments, Def, Member, Object, Shape, Variant, Words};

/// A condition, wherever one may stand.
static CONDITION: Def = Def {
    name: "condition",
    about: "A condition: an object with one subject. Comments stand in it as `//` and `//end`.",
    shape: Shape::Object(&CONDITION_OBJECT),
};

/// A test of one person, wherever one may stand.
static PERSON_TEST: Def = Def {
    name: "person_test",
    about: "A question about one person: an object with one test.",
    shape: Shape::Object(&PERSON_TEST_OBJECT),
};

pub const A_CONDITION: Shape = Shape::Def(|| &CONDITION);
const A_TEST: Shape = Shape::Def(|| &PERSON_TEST);

/// An object that carries no comments and has these forms.
macro_rules! objects {
    ($($(#[$doc:meta])* $name:ident: $about:literal { $($head:expr $(=> [$($with:expr),+])?;)+ } $(+ [$($optional:expr),+])?)+) => { $(
        $(#[$doc])*
        static $name: Object = Object {
            about: $about,
            variants: &[$(Variant { head: &$head, with: &[$($($with),+)?] }),+],
            optional: &[$($($optional),+)?],
            free: None,
            only_with: &[],
            comments: Comments::Outside,
        };
    )+ };
}

static CONDITION_OBJECT: Object = Object {
    about: "a condition",
    variants: &[
        subject(&[member("all", Shape::Array(&CONDITIONS), "Every one of these holds.")]),
        subject(&[member("any", Shape::Array(&CONDITIONS), "At least one of these holds.")]),
        subject(&[member("none", Shape::Array(&CONDITIONS), "None of these holds.")]),
        subject(&[member("not", A_CONDITION, "This does not hold.")]),
        subject(&[member("surely", A_CONDITION, "This certainly holds; what is not known does not count.")]),
        subject(&[member("possibly", A_CONDITION, "This holds or may hold; what is not known counts.")]),
        subject(&[member("use", Shape::Text(&NAME), "The condition that `define` gives this name.")]),
        subject(&[member("title", TEXT_TEST, "About the title.")]),
        subject(&[member("description", TEXT_TEST, "About the description.")]),
        subject(&[member("location", TEXT_TEST, "About the place.")]),
        subject(&[member("calendar", TEXT_TEST, "About the name of the calendar.")]),
        subject(&[member("organizer", A_TEST, "About who called the meeting.")]),
        subject(&[member("creator", A_TEST, "About who made the entry.")]),
        subject(&[member("attendees", Shape::Object(&ATTENDEES), "About the people in the meeting, one by one.")]),
        subject(&[member("count", Shape::Object(&COUNT), "How many people are in the meeting.")]),
        subject(&[member("duration", Shape::Object(&DURATION), "How long it is.")]),
        subject(&[member("starts", CLOCK_TEST, "When it starts.")]),
        subject(&[member("ends", CLOCK_TEST, "When it ends.")]),
        subject(&[member("repeats", Shape::AnyOf(&[Shape::True, Shape::Object(&REPEATS)]), "Whether it repeats, and how.")]),
        subject(&[member("occurrence", Shape::Word(&OCCURRENCE), "What sets it apart in its series.")]),
        subject(&[member("my_response", RESPONSES, "What the connected user answered.")]),
        subject(&[member("status", STATUSES, "Whether the event stands.")]),
        subject(&[member("visibility", VISIBILITIES, "Who may see it.")]),
        subject(&[member("shows_as", SHOWN, "How it shows in the calendar.")]),
        subject(&[member("kind", EVENT_KINDS, "What sort of entry it is.")]),
        subject(&[member("provider", PROVIDERS, "Whose calendar service holds it.")]),
        subject(&[member("conference", CONFERENCES, "The meeting service of its link.")]),
        subject(&[member("source", SOURCES, "How it came to us.")]),
        subject(&[member("flag", Shape::Word(&FLAG), "One-on-one, all-day, or with a meeting link.")]),
    ],
    optional: &[],
    free: None,
    only_with: &[],
    comments: Comments::Around,
};

const fn subject(head: &'static [Member]) -> Variant {
    Variant { head, with: &[] }
}

arrays! {
    CONDITIONS = A_CONDITION, (1, usize::MAX), "conditions in brackets";
    TESTS = A_TEST, (1, usize::MAX), "tests of a person in brackets";
    NUMBERS = NUMBER, (2, 2), "two numbers in brackets";
    LENGTHS = Shape::Text(&LENGTH), (2, 2), "two lengths of time in brackets";
    CLOCKS = Shape::Text(&CLOCK), (2, 2), "two times of day in brackets";
}

/// `{"list": "interviews"}`
const A_LIST: Shape = Shape::Def(|| &LIST);
static LIST: Def = Def { name: "list", about: "The name of a list.", shape: Shape::Object(&LIST_NAME) };
const NUMBER: Shape = Shape::Whole(0, u32::MAX as i64);
const COUNTING: Shape = Shape::Whole(1, u32::MAX as i64);

const TEXT_OPERAND: Shape = Shape::Def(|| &OPERAND);
static OPERAND: Def = Def {
    name: "operand",
    about: "A text, several, or a list of texts.",
    shape: Shape::AnyOf(&[Shape::Text(&TEXT), Shape::Array(&TEXTS), A_LIST]),
};
const TEXT_TEST: Shape = Shape::Def(|| &TEXT_DEF);
static TEXT_DEF: Def = Def {
    name: "text_test",
    about: "A question about a text. Case and width do not matter, but for `matches`.",
    shape: Shape::Object(&TEXT_OBJECT),
};

objects! {
    LIST_NAME: "a list by its name such as `{\"list\": \"interviews\"}`" {
        [member("list", Shape::Text(&NAME), "The name of a list.")];
    }
    TEXT_OBJECT: "a comparison such as `{\"contains\": \"demo\"}`" {
        [member("is", TEXT_OPERAND, "It is this text, or one of these.")];
        [member("contains", TEXT_OPERAND, "It contains this text, or one of these.")];
        [member("starts_with", TEXT_OPERAND, "It starts with this text, or one of these.")];
        [member("ends_with", TEXT_OPERAND, "It ends with this text, or one of these.")];
        [member("matches", Shape::Text(&REGEX), "It matches this regular expression somewhere.")]
            => [member("flags", Shape::Text(&FLAGS), "`i`: whatever the case; `s`: `.` takes line ends; `x`: spaces are for the reader.")];
    }
    ATTENDEES: "a question about attendees such as `{\"any\": {\"is\": \"external\"}}`" {
        [member("any", A_TEST, "Somebody passes.")];
        [member("every", A_TEST, "Everybody passes, and there is somebody.")];
        [member("no", A_TEST, "Nobody passes.")];
        [member("at_least", NUMBER, "So many pass, or more."), WHO_PASSES];
        [member("at_most", NUMBER, "So many pass, or fewer."), WHO_PASSES];
        [member("exactly", NUMBER, "Exactly so many pass."), WHO_PASSES];
    }
    COUNT: "a comparison such as `{\"ge\": 3}`" {
        [member("eq", NUMBER, "as many as")];
        [member("ne", NUMBER, "not as many as")];
        [member("lt", NUMBER, "fewer than")];
        [member("le", NUMBER, "at most")];
        [member("gt", NUMBER, "more than")];
        [member("ge", NUMBER, "at least")];
        [member("between", Shape::Array(&NUMBERS), "from the first to the second, both included")];
    }
    DURATION: "a comparison such as `{\"lt\": \"PT10M\"}`" {
        [member("eq", Shape::Text(&LENGTH), "as long as")];
        [member("ne", Shape::Text(&LENGTH), "not as long as")];
        [member("lt", Shape::Text(&LENGTH), "shorter than")];
        [member("le", Shape::Text(&LENGTH), "at most")];
        [member("gt", Shape::Text(&LENGTH), "longer than")];
        [member("ge", Shape::Text(&LENGTH), "at least")];
        [member("between", Shape::Array(&LENGTHS), "from the first to the second, both included")];
    }
    CLOCK_OBJECT: "a time such as `{\"after\": \"18:00\", \"on\": [\"fri\"]}`" {
        [member("before", Shape::Text(&CLOCK), "Earlier than this time of day.")] => [ON];
        [member("after", Shape::Text(&CLOCK), "At this time of day or later.")] => [ON];
        [member("at", Shape::Text(&CLOCK), "At this time of day.")] => [ON];
        [member("between", Shape::Array(&CLOCKS), "In this part of the day.")]
            => [member("overnight", Shape::Flag, "Whether the part of the day goes over midnight."), ON];
        [member("rrule", Shape::Text(&RRULE), "On the dates of this recurrence rule.")]
            => [member("counting_from", Shape::Text(&DATE), "Where intervals are counted from.")];
        [ON];
    } + [member("in", Shape::Text(&ZONE), "On the clocks of this time zone.")]
    REPEATS: "a way to repeat such as `{\"freq\": \"weekly\"}`" {
        [member("freq", Shape::Word(&CYCLE), "The frequency, whatever the interval.")] => [BY_DAY, AT_LEAST, AT_MOST, FOREVER];
        [member("every", COUNTING, "The interval, exactly."), member("unit", Shape::Word(&UNIT), "What the interval counts.")]
            => [BY_DAY, AT_LEAST, AT_MOST, FOREVER];
        [BY_DAY] => [AT_LEAST, AT_MOST, FOREVER];
        [AT_LEAST] => [AT_MOST, FOREVER];
        [AT_MOST] => [FOREVER];
        [FOREVER];
    }
    PERSON_NAME: "a person such as `{\"person\": \"boss\"}` or `{\"address\": \"dana@acme.com\"}`" {
        [member("person", Shape::Text(&NAME), "The name that `people` gives somebody.")];
        [member("address", Shape::Text(&ADDRESS), "A mail address.")];
    }
}

const WHO_PASSES: Member = member("who", A_TEST, "What they pass.");
static DAYS: [Shape; 4] = [Shape::Array(&WEEKDAYS), Shape::Text(&DATE), Shape::Array(&DATES), A_LIST];
const ON: Member = member("on", Shape::AnyOf(&DAYS), "The days: weekdays, dates, or a list of dates.");
const BY_DAY: Member = member("on", Shape::Array(&WEEKDAYS), "The weekdays it repeats on.");
const AT_LEAST: Member = member("at_least", COUNTING, "It has so many occurrences, or more.");
const AT_MOST: Member = member("at_most", COUNTING, "It has so many occurrences, or fewer.");
const FOREVER: Member = member("forever", Shape::True, "It never ends.");
const CLOCK_TEST: Shape = Shape::Def(|| &CLOCK_DEF);
static CLOCK_DEF: Def =
    Def { name: "time_test", about: "A question about a point in time.", shape: Shape::Object(&CLOCK_OBJECT) };

static PERSON_TEST_OBJECT: Object = Object {
    about: "a test of a person",
    variants: &[
        subject(&[member(
            "is",
            Shape::AnyOf(&[Shape::Word(&WHO_IS), Shape::Object(&PERSON_NAME)]),
            "They are this person, or of this side.",
        )]),
        subject(&[member("in", A_LIST, "They are in this list of people.")]),
        subject(&[member(
            "from",
            Shape::AnyOf(&[Shape::Text(&DOMAIN), Shape::Array(&DOMAINS)]),
            "Their address is at one of these domains.",
        )]),
        subject(&[member("response", Shape::Word(&ANSWER), "They answered this; `none`: not yet.")]),
        subject(&[member("optional", Shape::True, "They were invited as optional.")]),
        subject(&[member("all", Shape::Array(&TESTS), "They pass every one of these.")]),
        subject(&[member("any", Shape::Array(&TESTS), "They pass at least one of these.")]),
        subject(&[member("none", Shape::Array(&TESTS), "They pass none of these.")]),
        subject(&[member("not", A_TEST, "They do not pass this.")]),
    ],
    optional: &[],
    free: None,
    only_with: &[],
    comments: Comments::Around,
};

/// One word of a closed set or several.
macro_rules! closed {
    ($($name:ident = $words:ident, $array:ident;)+) => { $(
        static $array: Array = Array { about: "words in brackets", item: a_word(&$words), len: (1, usize::MAX) };
        const $name: Shape = Shape::AnyOf(&[Shape::Word(&$words), Shape::Array(&$array)]);
    )+ };
}

const fn a_word(words: &'static Words) -> Shape {
    Shape::Word(words)
}

closed! {
    RESPONSES = RESPONSE, RESPONSE_ARRAY;
    STATUSES = STATUS, STATUS_ARRAY;
    VISIBILITIES = VISIBILITY, VISIBILITY_ARRAY;
    SHOWN = SHOWS_AS, SHOWS_AS_ARRAY;
    EVENT_KINDS = KIND, KIND_ARRAY;
    PROVIDERS = PROVIDER, PROVIDER_ARRAY;
    CONFERENCES = CONFERENCE, CONFERENCE_ARRAY;
    SOURCES = SOURCE, SOURCE_ARRAY;
}
