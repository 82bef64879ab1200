//! Arbitrary rule files as trees: well-formed, canonical, spellable in both forms.
//!
//! What "canonical" asks of a tree stands here once, for every round trip:
//! - `header` is written; names are identifiers, no reserved words, unique among the pieces of their kind;
//! - `All` and `Any` hold two elements or more, `None` one or more; groups of one kind may nest and stay nested;
//! - `Operand::Several` is never a single item without comments; flags of a pattern stand in the order `isx`;
//! - a clause's comments are those of the clause: its whole condition has none. Inside, elements of `all of`, `any of` and
//!   `none of` carry comments, what stands under `not`, `surely` and `possibly` does not;
//! - comments are single lines without white space around them and never start with `lint:`.

use callsheet::source::Span;
use callsheet::syntax::ast::*;
use callsheet::time::{Civil, ClockTime, Date, WeekdaySet};
use callsheet::value::{Closed, EventKind, Response};
use proptest::collection::{btree_set, vec};
use proptest::option::{of, weighted};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// A whole file of all kinds of pieces.
pub fn file() -> impl Strategy<Value = File> {
    let settings = (
        commented(Just(())),
        of(commented(select(vec![Layer::Organisation, Layer::User]))),
        of(commented(vec(plain_item(domain()), 1..3))),
        of(commented(text())),
        of(commented(verb())),
        of(commented(with())),
        of(commented(recordable())),
        of(commented(limits())),
    );
    let pieces = (
        pieces(list(), true),
        pieces(vec(item(address()), 1..3).prop_map(|addresses| PersonAlias { addresses }), true),
        pieces(clause().prop_map(|condition| Definition { condition }), true),
        pieces(rule(), true),
        tests(),
        before(),
    );
    (settings, pieces).prop_map(|(settings, pieces)| {
        let (header, layer, our_domains, timezone, default, defaults, recordable, limits) = settings;
        let (lists, people, definitions, rules, tests, tail) = pieces;
        File {
            header: Some(header),
            layer,
            our_domains,
            timezone,
            default,
            defaults,
            recordable,
            limits,
            lists,
            people,
            definitions,
            rules,
            tests,
            tail,
        }
    })
}

/// A rule without its id.
pub fn rule() -> BoxedStrategy<Rule> {
    let clauses = (of(commented(clause())), of(commented(clause())), of(commented(with())), of(commented(text())));
    (of(text()), commented(action()), clauses)
        .prop_map(|(title, action, (when, unless, with, because))| Rule { title, action, when, unless, with, because })
        .boxed()
}

/// The whole condition of a clause: its comments are the clause's.
pub fn clause() -> BoxedStrategy<Condition> {
    condition().prop_map(|condition| Condition { trivia: Trivia::default(), ..condition }).boxed()
}

/// A condition as an element of a group, with comments.
pub fn condition() -> BoxedStrategy<Condition> {
    let leaf = (atom(), trivia()).prop_map(|(kind, trivia)| Condition { kind, at: At::default(), trivia });
    leaf.prop_recursive(3, 10, 3, |inner| {
        let bare = inner.clone().prop_map(|condition| Box::new(Condition { trivia: Trivia::default(), ..condition }));
        let kind = prop_oneof![
            3 => vec(inner.clone(), 2..4).prop_map(ConditionKind::All),
            3 => vec(inner.clone(), 2..4).prop_map(ConditionKind::Any),
            2 => vec(inner, 1..3).prop_map(ConditionKind::None),
            2 => bare.clone().prop_map(ConditionKind::Not),
            1 => bare.clone().prop_map(ConditionKind::Surely),
            1 => bare.prop_map(ConditionKind::Possibly),
        ];
        (kind, trivia()).prop_map(|(kind, trivia)| Condition { kind, at: At::default(), trivia })
    })
    .boxed()
}

/// A name that both forms can spell.
pub fn name() -> BoxedStrategy<String> {
    "[a-z][a-z0-9]{0,4}([-_][a-z0-9]{1,3}){0,2}".prop_filter("reserved", |name| !is_reserved(name)).boxed()
}

/// Any text: quotes, slashes, newlines, control characters, every script.
pub fn text() -> BoxedStrategy<String> {
    prop_oneof![
        3 => "[a-zA-Z ]{0,12}",
        2 => "[\\PC\n\t\"\\\\/#'{}]{0,8}",
        1 => vec(any::<char>(), 0..6).prop_map(|chars| chars.into_iter().collect::<String>()),
        1 => select(vec!["2026-03-02", "@acme.com", "hidden", "P1D", "me", "面接", "a\r\nb", "\u{feff}", "\u{202e}x", "// no", "null"])
            .prop_map(str::to_owned),
    ]
    .boxed()
}

fn pieces<T: std::fmt::Debug + 'static>(
    value: impl Strategy<Value = T> + 'static,
    may_allow: bool,
) -> BoxedStrategy<Vec<Piece<T>>> {
    let allow = if may_allow { vec(allow(), 0..3).boxed() } else { Just(Vec::new()).boxed() };
    let body = (value, trivia(), prop_oneof![4 => Just(Vec::new()).boxed(), 1 => allow.boxed()]);
    (names(3), vec(body, 3))
        .prop_map(|(names, bodies)| {
            let piece = |(name, (value, trivia, allow))| Piece { name: located(name), value, at: At::default(), trivia, allow };
            names.into_iter().zip(bodies).map(piece).collect()
        })
        .boxed()
}

fn tests() -> BoxedStrategy<Vec<Piece<Test>>> {
    (pieces(test(), true), vec(text(), 3))
        .prop_map(|(mut tests, titles)| {
            for (index, (test, title)) in tests.iter_mut().zip(titles).enumerate() {
                test.name.value = format!("{title}{index}");
            }
            tests
        })
        .boxed()
}

/// Up to `most` different names, in any order.
fn names(most: usize) -> impl Strategy<Value = Vec<String>> {
    btree_set(name(), 0..=most).prop_map(|names| names.into_iter().collect::<Vec<_>>()).prop_shuffle()
}

fn allow() -> BoxedStrategy<Allow> {
    let code = select(vec!["unused-name", "constant-condition", "setting-on-skip"]);
    (code, of(date()), of(text()))
        .prop_map(|(code, until, reason)| Allow { code: located(code.to_owned()), until, reason, at: At::default() })
        .boxed()
}

fn list() -> BoxedStrategy<List> {
    let kinds = select(vec![ListKind::People, ListKind::Texts, ListKind::Dates]);
    prop_oneof![3 => list_items().prop_map(List::Items), 1 => kinds.prop_map(|kind| List::Provided(located(kind)))].boxed()
}

fn list_items() -> BoxedStrategy<Vec<Item<ListItem>>> {
    prop_oneof![
        vec(item(prop_oneof![4 => domain(), 4 => address(), 1 => text()].prop_map(ListItem::Person)), 1..4),
        vec(
            item(
                prop_oneof![4 => text(), 1 => address(), 1 => date().prop_map(|date| date.to_string())].prop_map(ListItem::Text)
            ),
            1..4
        ),
        vec(item(date().prop_map(ListItem::Date)), 1..4),
    ]
    .boxed()
}

fn action() -> BoxedStrategy<Action> {
    let verb = select(vec![
        Tiered::NeverRecord,
        Tiered::AlwaysRecord { locked: false },
        Tiered::AlwaysRecord { locked: true },
        Tiered::Record,
        Tiered::Skip,
    ]);
    (verb, any::<bool>(), of(date()), of(date()))
        .prop_map(|(verb, shadow, from, until)| Action { verb, shadow, from, until })
        .boxed()
}

fn verb() -> impl Strategy<Value = Verb> {
    select(vec![Verb::Record, Verb::Skip])
}

/// Settings with different keys.
fn with() -> BoxedStrategy<Vec<Setting>> {
    let word = |word: &str| SettingValue::Word(word.to_owned());
    let known = (
        of(offset()),
        of(seconds().prop_map(SettingValue::Duration)),
        of(text().prop_map(SettingValue::Text)),
        of(select(vec!["en", "de-CH", "zh-Hant"]).prop_map(|tag| SettingValue::Text(tag.to_owned()))),
        of(vec(item(text()), 0..3).prop_map(SettingValue::Texts)),
        of(select(vec![word("leave"), word("stay")])),
    );
    let free = prop_oneof![
        text().prop_map(SettingValue::Text),
        vec(item(text()), 0..3).prop_map(SettingValue::Texts),
        select(vec![word("yes"), word("no")]),
        any::<i32>().prop_map(|number| SettingValue::Number(number.into())),
        seconds().prop_map(SettingValue::Duration),
        offset(),
    ];
    (known, of(("x_[a-z]{1,4}", free)), vec(trivia(), 7))
        .prop_map(|((join, keep, bot_name, language, tags, cancel), free, trivia)| {
            let known = [
                ("join", join),
                ("keep", keep),
                ("bot_name", bot_name),
                ("language", language),
                ("tags", tags),
                ("on_live_cancel", cancel),
            ];
            let known = known.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
            let entries = known.chain(free).zip(trivia);
            entries.map(|((key, value), trivia)| Setting { key: located(key), value: located(value), trivia }).collect::<Vec<_>>()
        })
        .prop_shuffle()
        .boxed()
}

fn recordable() -> BoxedStrategy<Vec<RecordableEntry>> {
    let kinds = vec(item(select(EventKind::ALL)), 1..4);
    (of(any::<bool>()), of(any::<bool>()), of(kinds), vec(trivia(), 3))
        .prop_map(|(all_day, declined, kinds, trivia)| {
            let entries = [
                all_day.map(RecordableValue::AllDay),
                declined.map(RecordableValue::Declined),
                kinds.map(RecordableValue::Kinds),
            ];
            let entries = entries.into_iter().flatten().zip(trivia);
            entries.map(|(value, trivia)| RecordableEntry { value, at: At::default(), trivia }).collect::<Vec<_>>()
        })
        .prop_shuffle()
        .boxed()
}

fn limits() -> BoxedStrategy<Vec<Limit>> {
    let capped = |value: SettingValue, cap: bool| if cap { LimitValue::AtMost(value) } else { LimitValue::Fixed(value) };
    let keep = (seconds().prop_map(SettingValue::Duration), any::<bool>());
    let join = (offset(), any::<bool>());
    let name = (text().prop_map(SettingValue::Text), Just(false));
    let cancel = (Just(SettingValue::Word("stay".to_owned())), Just(false));
    (of(keep), of(join), of(name), of(cancel), vec(trivia(), 4))
        .prop_map(move |(keep, join, name, cancel, trivia)| {
            let entries = [("keep", keep), ("join", join), ("bot_name", name), ("on_live_cancel", cancel)];
            let entries = entries.into_iter().filter_map(|(key, entry)| Some((key, entry?))).zip(trivia);
            entries
                .map(|((key, (value, cap)), trivia)| Limit {
                    key: located(key.to_owned()),
                    value: located(capped(value, cap)),
                    trivia,
                })
                .collect::<Vec<_>>()
        })
        .prop_shuffle()
        .boxed()
}

fn atom() -> BoxedStrategy<ConditionKind> {
    let field = || select(vec![TextField::Title, TextField::Description, TextField::Location, TextField::Calendar]);
    let op = select(vec![TextOp::Is, TextOp::Contains, TextOp::StartsWith, TextOp::EndsWith]);
    let role = select(vec![PersonRole::Organizer, PersonRole::Creator]);
    let edge = || select(vec![Edge::Starts, Edge::Ends]);
    let zone = || of(select(vec!["Asia/Tokyo", "Europe/London"]).prop_map(|zone| located(zone.to_owned())));
    let rule = select(vec!["FREQ=MONTHLY;BYDAY=-1FR", "FREQ=WEEKLY;INTERVAL=2"]).prop_map(|rule| located(rule.to_owned()));
    let flags = subsequence(vec!['i', 's', 'x'], 0..=3).prop_map(|flags| flags.into_iter().collect::<String>());
    prop_oneof![
        name().prop_map(|name| ConditionKind::Use(located(name))),
        (field(), op, operand(text())).prop_map(|(field, op, operand)| ConditionKind::Text { field, op, operand }),
        (field(), pattern(), flags).prop_map(|(field, pattern, flags)| ConditionKind::Matches {
            field,
            pattern: located(pattern),
            flags
        }),
        (role, person_clause()).prop_map(|(role, test)| ConditionKind::Person { role, test }),
        (quantifier(), person_clause()).prop_map(|(quantifier, test)| ConditionKind::Attendees { quantifier, test }),
        comparison(0..2_000).prop_map(ConditionKind::Count),
        comparison(0..200_000).prop_map(ConditionKind::Duration),
        (edge(), when_of_day(), zone()).prop_map(|(edge, (window, on), zone)| ConditionKind::Clock { edge, window, on, zone }),
        (edge(), rule, of(date()), zone()).prop_map(|(edge, rule, counting_from, zone)| ConditionKind::DateRule {
            edge,
            rule,
            counting_from,
            zone,
        }),
        repeats().prop_map(ConditionKind::Repeats),
        select(vec![OccurrenceIs::First, OccurrenceIs::Moved, OccurrenceIs::Changed]).prop_map(ConditionKind::Occurrence),
        closed_set().prop_map(ConditionKind::Is),
        select(vec![Flag::OneOnOne, Flag::AllDay, Flag::HasLink]).prop_map(ConditionKind::Flag),
    ]
    .boxed()
}

/// A window, days, or both.
fn when_of_day() -> BoxedStrategy<(Option<ClockWindow>, Option<Days>)> {
    let minute = || prop_oneof![8 => 0..=1439_u16, 1 => Just(1440_u16)];
    let window = || {
        prop_oneof![
            minute().prop_map(ClockWindow::Before),
            minute().prop_map(ClockWindow::After),
            minute().prop_map(ClockWindow::At),
            (minute(), minute(), any::<bool>()).prop_map(|(from, to, overnight)| ClockWindow::Between { from, to, overnight }),
        ]
    };
    prop_oneof![
        window().prop_map(|window| (Some(window), None)),
        days().prop_map(|days| (None, Some(days))),
        (window(), days()).prop_map(|(window, days)| (Some(window), Some(days))),
    ]
    .boxed()
}

fn days() -> BoxedStrategy<Days> {
    prop_oneof![weekdays().prop_map(Days::Weekdays), operand(date()).prop_map(Days::Dates)].boxed()
}

fn weekdays() -> impl Strategy<Value = WeekdaySet> {
    (1..128_u8).prop_map(WeekdaySet)
}

fn repeats() -> BoxedStrategy<Repeats> {
    let cycle = || select(vec![Cycle::Daily, Cycle::Weekly, Cycle::Monthly, Cycle::Yearly]);
    let rate = prop_oneof![cycle().prop_map(Rate::Freq), (1..60_u32, cycle()).prop_map(|(n, cycle)| Rate::Every(n, cycle))];
    let times = || weighted(0.3, 1..500_u32);
    (of(rate), weighted(0.3, weekdays()), times(), times(), any::<bool>())
        .prop_map(|(rate, on, at_least, at_most, forever)| Repeats { rate, on, at_least, at_most, forever })
        .boxed()
}

fn closed_set() -> BoxedStrategy<ClosedSet> {
    fn some<T: Closed + std::fmt::Debug>(refused: impl Fn(&T) -> bool) -> impl Strategy<Value = Vec<T>> {
        let values: Vec<T> = T::ALL.iter().copied().filter(|value| !refused(value)).collect();
        let most = values.len();
        subsequence(values, 1..=most).prop_shuffle()
    }
    prop_oneof![
        some(|_| false).prop_map(ClosedSet::MyResponse),
        some(|status| *status == callsheet::value::Status::Cancelled).prop_map(ClosedSet::Status),
        some(|_| false).prop_map(ClosedSet::Visibility),
        some(|_| false).prop_map(ClosedSet::ShowsAs),
        some(|_| false).prop_map(ClosedSet::Kind),
        some(|_| false).prop_map(ClosedSet::Provider),
        some(|_| false).prop_map(ClosedSet::Conference),
        some(|_| false).prop_map(ClosedSet::Source),
    ]
    .boxed()
}

fn quantifier() -> impl Strategy<Value = Quantifier> {
    prop_oneof![
        3 => select(vec![Quantifier::Any, Quantifier::Every, Quantifier::No]),
        1 => (0..50_u32).prop_map(Quantifier::AtLeast),
        1 => (0..50_u32).prop_map(Quantifier::AtMost),
        1 => (0..50_u32).prop_map(Quantifier::Exactly),
    ]
}

fn comparison(range: std::ops::Range<u64>) -> BoxedStrategy<Comparison> {
    let number = || range.clone();
    prop_oneof![
        number().prop_map(Comparison::Eq),
        number().prop_map(Comparison::Ne),
        number().prop_map(Comparison::Lt),
        number().prop_map(Comparison::Le),
        number().prop_map(Comparison::Gt),
        number().prop_map(Comparison::Ge),
        (number(), number()).prop_map(|(a, b)| Comparison::Between(a, b)),
    ]
    .boxed()
}

/// The whole test of a condition: its comments are the condition's.
fn person_clause() -> BoxedStrategy<PersonTest> {
    person_test().prop_map(|test| PersonTest { trivia: Trivia::default(), ..test }).boxed()
}

fn person_test() -> BoxedStrategy<PersonTest> {
    let person = prop_oneof![
        4 => select(vec![PersonRef::Me, PersonRef::Internal, PersonRef::External, PersonRef::Organizer]),
        1 => name().prop_map(|name| PersonRef::Name(located(name))),
        1 => address().prop_map(|address| PersonRef::Address(located(address))),
    ];
    let answer = select(vec![Response::Accepted, Response::Tentative, Response::Declined, Response::None]);
    let leaf = prop_oneof![
        3 => person.prop_map(PersonTestKind::Is),
        1 => name().prop_map(|name| PersonTestKind::In(located(name))),
        1 => operand(domain())
            .prop_filter("not from a list", |operand| !matches!(operand, Operand::List(_)))
            .prop_map(PersonTestKind::From),
        1 => answer.prop_map(PersonTestKind::Response),
        1 => Just(PersonTestKind::Optional),
    ];
    let leaf = (leaf, trivia()).prop_map(|(kind, trivia)| PersonTest { kind, at: At::default(), trivia });
    leaf.prop_recursive(2, 6, 3, |inner| {
        let bare = inner.clone().prop_map(|test| Box::new(PersonTest { trivia: Trivia::default(), ..test }));
        let kind = prop_oneof![
            2 => vec(inner.clone(), 2..4).prop_map(PersonTestKind::All),
            2 => vec(inner.clone(), 2..4).prop_map(PersonTestKind::Any),
            1 => vec(inner, 1..3).prop_map(PersonTestKind::None),
            2 => bare.prop_map(PersonTestKind::Not),
        ];
        (kind, trivia()).prop_map(|(kind, trivia)| PersonTest { kind, at: At::default(), trivia })
    })
    .boxed()
}

fn operand<T: std::fmt::Debug + Clone + 'static>(value: impl Strategy<Value = T> + 'static) -> BoxedStrategy<Operand<T>> {
    let value = value.boxed();
    let several = vec(item(value.clone()), 1..4)
        .prop_filter("one bare item is `One`", |items| items.len() != 1 || items[0].trivia != Trivia::default());
    prop_oneof![
        3 => value.prop_map(|value| Operand::One(located(value))),
        2 => several.prop_map(Operand::Several),
        1 => name().prop_map(|name| Operand::List(located(name))),
    ]
    .boxed()
}

fn test() -> BoxedStrategy<Test> {
    let given = (names(2), vec((list_items(), trivia()), 2)).prop_map(|(names, lists)| {
        let given = names.into_iter().zip(lists).map(|(name, (items, trivia))| Commented {
            value: GivenList { name: located(name), items },
            at: At::default(),
            trivia,
        });
        given.collect::<Vec<_>>()
    });
    (given, commented(event_entries()), commented(expectation()))
        .prop_map(|(given, event, expect)| Test { given, event, expect })
        .boxed()
}

fn event_entries() -> BoxedStrategy<Vec<EventEntry>> {
    let hidden = |value: BoxedStrategy<EventValue>| prop_oneof![5 => value, 1 => Just(EventValue::Hidden)].boxed();
    let texts = hidden(text().prop_map(EventValue::Text).boxed());
    let who = || prop_oneof![1 => Just("me".to_owned()), 2 => address(), 1 => name()];
    let person = hidden(who().prop_map(EventValue::Word).boxed());
    let word = |words: &'static [&'static str]| hidden(select(words).prop_map(|word| EventValue::Word(word.to_owned())).boxed());
    let response = of(select(vec![Response::Accepted, Response::Tentative, Response::Declined, Response::None]));
    let kind = of(select(vec![GuestKind::Room, GuestKind::Resource, GuestKind::Group]));
    let guest = (who(), response, any::<bool>(), kind).prop_map(|(who, response, optional, kind)| Guest {
        who: located(who),
        response,
        optional,
        kind,
    });
    let guests = hidden(vec(item(guest), 0..4).prop_map(EventValue::Guests).boxed());
    let zone = of(Just(located("Asia/Tokyo".to_owned())));
    let moment = prop_oneof![
        3 => (civil(), zone).prop_map(|(civil, zone)| EventValue::At(civil, zone)),
        1 => date().prop_map(EventValue::Day),
    ];
    let entries = prop_oneof![
        (select(vec!["title", "description", "location", "calendar", "repeats"]), texts),
        (select(vec!["organizer", "creator"]), person),
        (Just("attendees"), guests),
        (select(vec!["start", "end"]), moment),
        (Just("duration"), seconds().prop_map(EventValue::Duration)),
        (Just("all_day"), any::<bool>().prop_map(EventValue::Flag)),
        (Just("override"), select(vec!["record", "stop"]).prop_map(|word| EventValue::Word(word.to_owned()))),
        (Just("visibility"), word(callsheet::value::Visibility::WORDS)),
        (Just("shows_as"), word(callsheet::value::ShowsAs::WORDS)),
    ];
    vec((entries, trivia()), 0..6)
        .prop_map(|entries| {
            let mut seen = Vec::new();
            let mut kept = Vec::new();
            for ((key, value), trivia) in entries {
                if !seen.contains(&key) {
                    seen.push(key);
                    kept.push(EventEntry { key: located(key.to_owned()), value: located(value), trivia });
                }
            }
            kept
        })
        .boxed()
}

fn expectation() -> BoxedStrategy<Expectation> {
    let decided = (verb(), of(name().prop_map(located)), prop_oneof![Just(Vec::new()).boxed(), with().boxed()])
        .prop_map(|(verb, by, with)| Expectation { outcome: ExpectedOutcome::Decided { verb, by }, with });
    prop_oneof![
        1 => Just(Expectation { outcome: ExpectedOutcome::NotRecordable, with: Vec::new() }),
        1 => Just(Expectation { outcome: ExpectedOutcome::Default, with: Vec::new() }),
        4 => decided,
    ]
    .boxed()
}

fn domain() -> BoxedStrategy<String> {
    ("@(\\*\\.)?", host()).prop_map(|(at, host)| at + &host).boxed()
}

fn address() -> BoxedStrategy<String> {
    ("[a-zA-Z][a-z0-9]{0,4}([.+_-][a-z0-9]{1,3})?", host()).prop_map(|(local, host)| format!("{local}@{host}")).boxed()
}

fn host() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9]{0,4}(-[a-z0-9]{1,2})?(\\.[a-z]{2,4}){1,2}"
}

/// A regular expression as the tree holds it: no slash that is still escaped, no backslash alone at the end.
fn pattern() -> impl Strategy<Value = String> {
    vec(prop_oneof![4 => "[^\\pC\\\\]", 1 => "\\\\[^\\pC/]"], 1..8).prop_map(|parts| parts.concat())
}

fn date() -> impl Strategy<Value = Date> {
    (1900..2200_i16, 1..=12_i8, 1..=31_i8).prop_filter_map("no such day", |(year, month, day)| Date::new(year, month, day).ok())
}

fn civil() -> impl Strategy<Value = Civil> {
    (date(), 0..24_i8, 0..60_i8).prop_map(|(date, hour, minute)| date.to_datetime(ClockTime::constant(hour, minute, 0, 0)))
}

fn seconds() -> impl Strategy<Value = Seconds> {
    prop_oneof![0..100_000_u64, (0..1_000_u64).prop_map(|days| days * 86_400)]
}

fn offset() -> impl Strategy<Value = SettingValue> {
    (-10_000..10_000_i64).prop_map(SettingValue::Offset)
}

/// Comments before and after something, mostly none.
fn trivia() -> BoxedStrategy<Trivia> {
    prop_oneof![4 => Just(Trivia::default()), 1 => (before(), of(comment())).prop_map(|(before, end)| Trivia { before, end })]
        .boxed()
}

fn before() -> impl Strategy<Value = Vec<String>> {
    vec(comment(), 0..3)
}

/// One line of a comment, never empty.
fn comment() -> impl Strategy<Value = String> {
    "[^\\pC\\pZ]([^\\pC\\p{Zl}\\p{Zp}]{0,10}[^\\pC\\pZ])?"
        .prop_filter("lint directives are no comments", |line| !line.starts_with("lint:"))
}

fn item<T: std::fmt::Debug + 'static>(value: impl Strategy<Value = T> + 'static) -> BoxedStrategy<Item<T>> {
    commented(value).boxed()
}

fn plain_item<T: std::fmt::Debug + 'static>(value: impl Strategy<Value = T> + 'static) -> BoxedStrategy<Item<T>> {
    value.prop_map(|value| Commented { value, at: At::default(), trivia: Trivia::default() }).boxed()
}

fn commented<T: std::fmt::Debug + 'static>(value: impl Strategy<Value = T> + 'static) -> BoxedStrategy<Commented<T>> {
    (value, trivia()).prop_map(|(value, trivia)| Commented { value, at: At::default(), trivia }).boxed()
}

fn located<T>(value: T) -> Located<T> {
    Located { value, at: At(Span::default()) }
}

/// Words of the language, which are no names.
fn is_reserved(name: &str) -> bool {
    RESERVED.split_whitespace().any(|word| word == name)
}

const RESERVED: &str = "accepted after all all-day always and any at at_least at_most attendee attendees because before between by \
    calendar callsheet changed conference contains counting counting_from creator daily day days declined default defaults \
    define description duration ends event every exactly expect external fields first forever freq from given group has \
    hidden in internal is kind layer least limits link list location locked matches me monthly months month most moved my \
    never no none not occurrence of on one-on-one optional or organisation organizer our overnight person people possibly \
    provided provider record recordable repeats resource response room rrule rule shadow shows skip source start starts \
    status surely tentative test times timezone title unless until user visibility week weekly weeks when with year yearly \
    years yes mon tue wed thu fri sat sun texts dates answered end to as";
