//! The strings of the JSON form.

use crate::syntax::json::shape::{Array, Leaf, Shape, Text, Words};
use crate::value::{Closed, Conference, EventKind, Provider, Response, ShowsAs, SourceKind, Status, Visibility};
use regex::Regex;
use std::collections::HashMap;
use std::sync::LazyLock;

/// A text of a pattern.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $leaf:ident $is_name:literal $pattern:expr, $about:literal;)+) => { $(
        $(#[$doc])*
        pub static $name: Text = Text {
            id: stringify!($name),
            about: $about,
            pattern: $pattern,
            name: $is_name,
            leaf: Leaf::$leaf,
        };
    )+

        /// The patterns of all texts, compiled.
        static PATTERNS: LazyLock<HashMap<&str, Regex>> = LazyLock::new(|| {
            let patterns: &[Option<&str>] = &[$($pattern),+];
            let compile = |pattern| (pattern, Regex::new(pattern).expect("patterns of the table are valid"));
            patterns.iter().flatten().copied().map(compile).collect()
        });
    };
}

/// Whether `written` matches a pattern of the table.
pub fn matches(pattern: &str, written: &str) -> bool {
    PATTERNS.get(pattern).is_some_and(|regex| regex.is_match(written))
}

texts! {
    /// Anything in quotes.
    TEXT: Text false None, "a text";
    /// An identifier of the author's.
    NAME: Text true Some(r"^\p{L}[\p{L}\p{M}\p{Nd}_-]*$"), "a name: letters, digits, `-` and `_`, a letter first, no word of the language";
    /// The id of a rule stands where nothing else can, so any word will do.
    RULE_ID: Text false Some(r"^\p{L}[\p{L}\p{M}\p{Nd}_-]*$"), "an id: letters, digits, `-` and `_`, a letter first";
    DATE: Date false Some("^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), "a date such as `2026-03-02`";
    CLOCK: Text false Some("^(?:(?:[01]?[0-9]|2[0-3]):[0-5][0-9]|24:00)$"), "a time of day such as `09:30`, up to `24:00`";
    /// ISO 8601 without weeks, months and years, whose lengths depend on the calendar.
    LENGTH: Duration false Some("^P(?:[0-9]{1,9}D(?:T(?:[0-9]{1,9}H(?:[0-9]{1,9}M)?(?:[0-9]{1,9}S)?|[0-9]{1,9}M(?:[0-9]{1,9}S)?|[0-9]{1,9}S))?|T(?:[0-9]{1,9}H(?:[0-9]{1,9}M)?(?:[0-9]{1,9}S)?|[0-9]{1,9}M(?:[0-9]{1,9}S)?|[0-9]{1,9}S))$"),
        "a length of time such as `PT10M`, `PT1H30M` or `P180D`";
    MOMENT: Moment false Some("^[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]$"), "a date and time such as `2026-03-02T10:00`";
    ADDRESS: Text false None, "a mail address such as `dana@acme.com`";
    DOMAIN: Text false None, "a domain such as `@acme.com`, or `@*.acme.com` for those below it";
    PERSON: Text false None, "an address or a domain such as `ceo@acme.com` or `@acme.com`";
    ITEM: Text false None, "an item such as `@acme.com`, `demo` or `2026-12-24`";
    ZONE: Text false None, "a time zone such as `Europe/London`";
    /// A backslash at the end would leave nothing to escape; a line end is written `\n`.
    REGEX: Text false Some(r"^(?:[^\\\r\n]|\\[^\r\n])+$"), "a regular expression on one line";
    FLAGS: Text false Some("^[isx]*$"), "some of the flags `i`, `s` and `x`";
    RRULE: Text false None, "a recurrence rule such as `FREQ=MONTHLY;BYDAY=-1FR`";
    CODE: Text false Some("^[a-z0-9-]+$"), "the code of a finding such as `unused-name`";
    EXTRA: Text false Some(r"^x_[\p{L}\p{M}\p{Nd}_-]*$"), "a key that starts with `x_`";
    /// `me`, an address, or a name.
    WHO: Word false Some(r"^(?:[^@]*@[\s\S]*|\p{L}[\p{L}\p{M}\p{Nd}_-]*)$"), "`me`, an address, or the name of a person";
    COMMENT: Text false None, "a comment";
    ONE_LINE: Text false Some(r"^[^\r\n]*$"), "a comment on one line";
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident = $words:expr, $about:literal;)+) => { $(
        $(#[$doc])*
        pub static $name: Words = Words { about: $about, words: $words };
    )+ };
}

words! {
    LAYER = &["organisation", "user"], "`organisation` or `user`";
    VERB = &["record", "skip"], "`record` or `skip`";
    DO = &["never_record", "always_record", "record", "skip"], "`never_record`, `always_record`, `record` or `skip`";
    WEEKDAY = &["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "a weekday (`mon` to `sun`)";
    LIST_KIND = &["people", "texts", "dates"], "`people`, `texts` or `dates`";
    CYCLE = &["daily", "weekly", "monthly", "yearly"], "`daily`, `weekly`, `monthly` or `yearly`";
    UNIT = &["days", "weeks", "months", "years"], "`days`, `weeks`, `months` or `years`";
    OCCURRENCE = &["first", "moved", "changed"], "`first`, `moved` or `changed`";
    FLAG = &["one_on_one", "all_day", "has_link"], "`one_on_one`, `all_day` or `has_link`";
    /// The organizer was not asked, so nobody is asked whether they answered so.
    ANSWER = &["accepted", "tentative", "declined", "none"], "an answer: `accepted`, `tentative`, `declined` or `none`";
    WHO_IS = &["me", "internal", "external", "organizer"], "`me`, `internal`, `external` or `organizer`";
    OVERRIDE = &["record", "stop"], "`record` or `stop`";
    GUEST_KIND = &["room", "resource", "group"], "`room`, `resource` or `group`";
    OUTCOME = &["record", "skip", "not_recordable", "default"], "`record`, `skip`, `not_recordable` or `default`";
    CANCEL = &["leave", "stay"], "`leave` or `stay`";
    RESPONSE = Response::WORDS, "a response";
    STATUS = &["confirmed", "tentative"], "`confirmed` or `tentative`";
    ANY_STATUS = Status::WORDS, "a status";
    VISIBILITY = Visibility::WORDS, "a visibility";
    SHOWS_AS = ShowsAs::WORDS, "how an event shows";
    KIND = EventKind::WORDS, "a kind of event";
    PROVIDER = Provider::WORDS, "a provider";
    CONFERENCE = Conference::WORDS, "a meeting service";
    SOURCE = SourceKind::WORDS, "a source";
}

/// As many items as the file may hold.
pub const ANY_LEN: (usize, usize) = (0, usize::MAX);

macro_rules! arrays {
    ($($(#[$doc:meta])* $name:ident = $item:expr, $len:expr, $about:literal;)+) => { $(
        $(#[$doc])*
        pub static $name: Array = Array { about: $about, item: $item, len: $len };
    )+ };
}
pub(super) use arrays;

arrays! {
    TEXTS = Shape::Commented(&Shape::Text(&TEXT)), ANY_LEN, "texts in brackets";
    DATES = Shape::Commented(&Shape::Text(&DATE)), ANY_LEN, "dates in brackets";
    PEOPLE = Shape::Commented(&Shape::Text(&PERSON)), ANY_LEN, "addresses and domains in brackets";
    ADDRESSES = Shape::Commented(&Shape::Text(&ADDRESS)), ANY_LEN, "addresses in brackets";
    DOMAINS = Shape::Commented(&Shape::Text(&DOMAIN)), ANY_LEN, "domains in brackets";
    KINDS = Shape::Commented(&Shape::Word(&KIND)), ANY_LEN, "kinds of events in brackets";
    WEEKDAYS = Shape::Word(&WEEKDAY), (1, usize::MAX), "weekdays in brackets";
    COMMENTS = Shape::Text(&COMMENT), ANY_LEN, "lines of comment in brackets";
}

/// Comments before something: a line, or several.
pub static LINES: Shape = Shape::AnyOf(&[Shape::Text(&COMMENT), Shape::Array(&COMMENTS)]);
/// A comment on the line where something ends.
pub static LINE: Shape = Shape::Text(&ONE_LINE);
