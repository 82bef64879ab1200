//! What was expected, in the words of the language.
//!
//! The names of productions never reach a message: [`spelled`] and [`described`] turn them into words.

use super::grammar::Rule;

/// Whether the productions that were tried are ways to ask a subject.
pub(super) fn asks_how(expected: &[Rule]) -> bool {
    expected.iter().any(|production| {
        matches!(
            production,
            Rule::text_op
                | Rule::kw_contains
                | Rule::kw_matches
                | Rule::compare_op
                | Rule::between_numbers
                | Rule::between_durations
                | Rule::window
                | Rule::is_person
                | Rule::is_optional
                | Rule::in_list
                | Rule::frequency
                | Rule::kw_is
        )
    })
}

/// What was expected somewhere.
#[derive(Default)]
pub(super) struct Expected {
    /// Words of the language, as a message names them.
    words: Vec<&'static str>,
    /// Anything else.
    phrases: Vec<&'static str>,
    /// What a slip could have meant.
    pub suggestions: Vec<&'static str>,
}

impl Expected {
    pub fn of(entry: Rule, tried: &[Rule]) -> Self {
        let mut expected = Self::default();
        let summary = SUMMARIES.iter().find(|(signs, ..)| signs.iter().all(|sign| tried.contains(sign)));
        for production in tried {
            let words = spelled(*production);
            expected.suggestions.extend(&words);
            if summary.is_some_and(|(_, _, covered)| covered.contains(production)) {
                continue;
            }
            match if *production == Rule::EOI { ending(entry) } else { described(*production) } {
                Some(phrase) if !expected.phrases.contains(&phrase) => expected.phrases.push(phrase),
                Some(_) => {}
                None => expected.add_words(&words),
            }
        }
        if let Some((_, phrase, _)) = summary {
            expected.phrases.insert(0, phrase);
        }
        if tried.contains(&Rule::EOI) {
            expected.add_words(if matches!(entry, Rule::only_condition | Rule::only_test_part) { &["and", "or"] } else { &[] });
            expected.suggestions.extend(match entry {
                Rule::only_rule_clause => RULE_CLAUSES,
                Rule::only_test_clause => TEST_CLAUSES,
                _ => &[],
            });
        }
        expected
    }

    fn add_words(&mut self, words: &[&'static str]) {
        for word in words {
            if !self.words.contains(word) {
                self.words.push(word);
            }
        }
    }

    /// `a, b or c`; `None` where there is nothing to say.
    pub fn list(&self) -> Option<String> {
        let mut all: Vec<String> = self.words.iter().map(|word| format!("`{word}`")).collect();
        all.extend(self.phrases.iter().map(|phrase| (*phrase).to_owned()));
        let last = all.pop()?;
        Some(if all.is_empty() { last } else { format!("{} or {last}", all.join(", ")) })
    }
}

/// Where some productions were all tried, a phrase says more than they and those beside them.
const SUMMARIES: &[(&[Rule], &str, &[Rule])] = &[
    (
        &[Rule::answered],
        "a test such as `is external`, `in customers`, `from @acme.com` or `declined`",
        &[
            Rule::answered,
            Rule::is_person,
            Rule::is_optional,
            Rule::in_list,
            Rule::at_domains,
            Rule::kw_is,
            Rule::kw_in,
            Rule::kw_from,
            Rule::kw_all,
            Rule::kw_any,
            Rule::kw_none,
            Rule::kw_not,
            Rule::open_group,
        ],
    ),
    (
        &[Rule::kw_internal],
        "somebody such as `me`, `external`, `dana@acme.com` or the name of a person",
        &[
            Rule::kw_me,
            Rule::kw_internal,
            Rule::kw_external,
            Rule::kw_organizer,
            Rule::kw_optional,
            Rule::kw_address,
            Rule::address,
            Rule::name,
        ],
    ),
    (
        &[Rule::string, Rule::duration, Rule::word],
        "a value",
        &[Rule::string, Rule::duration, Rule::number, Rule::word, Rule::open_list, Rule::address, Rule::kw_address, Rule::date],
    ),
    (&[Rule::address], "an address such as `dana@acme.com` or `@acme.com`", &[Rule::address, Rule::kw_address]),
];

/// The words that begin clauses of a rule.
pub(super) const RULE_CLAUSES: &[&str] =
    &["never record", "always record", "record", "skip", "when", "unless", "with", "because"];
/// The words that begin clauses of a test.
pub(super) const TEST_CLAUSES: &[&str] = &["given", "event", "expect"];

/// What may follow where the production that was read could have ended.
fn ending(entry: Rule) -> Option<&'static str> {
    match entry {
        Rule::only_condition => Some("the end of the condition"),
        Rule::only_test_part => Some("the end of the test"),
        Rule::only_rule_clause | Rule::only_test_clause => Some("the next clause"),
        Rule::only_rule_head | Rule::only_test_head => None,
        Rule::only_list_item
        | Rule::only_address
        | Rule::only_text
        | Rule::only_date
        | Rule::only_word
        | Rule::only_guest
        | Rule::only_setting
        | Rule::only_limit
        | Rule::only_recordable_entry
        | Rule::only_event_entry => Some("a comma"),
        _ => Some("a new line with the next piece"),
    }
}

/// The words that a production begins with, where it is made of words.
fn spelled(production: Rule) -> Vec<&'static str> {
    match production {
        Rule::text_op => vec!["is", "contains", "starts with", "ends with"],
        Rule::verb => vec!["record", "skip"],
        Rule::frequency => vec!["daily", "weekly", "monthly", "yearly"],
        Rule::every => vec!["every"],
        Rule::cycle => vec!["days", "weeks", "months", "years"],
        Rule::window => vec!["before", "after", "at", "between"],
        Rule::before => vec!["before"],
        Rule::after => vec!["after"],
        Rule::at => vec!["at"],
        Rule::between_clocks | Rule::between_numbers | Rule::between_durations => vec!["between"],
        Rule::on_days | Rule::on_weekdays => vec!["on"],
        Rule::zone => vec!["in"],
        Rule::counting_from => vec!["counting from"],
        Rule::at_least_times => vec!["at least"],
        Rule::at_most_times => vec!["at most"],
        Rule::forever => vec!["forever"],
        Rule::is_person | Rule::is_optional => vec!["is"],
        Rule::in_list => vec!["in"],
        Rule::at_domains => vec!["from"],
        Rule::answered => vec!["accepted", "tentative", "declined", "has not answered"],
        Rule::not_answered => vec!["has not answered"],
        Rule::from => vec!["from"],
        Rule::until => vec!["until"],
        Rule::shadow => vec!["shadow"],
        Rule::expect_with => vec!["with"],
        Rule::expect_default => vec!["default"],
        Rule::not_recordable => vec!["not recordable"],
        Rule::decided => vec!["record", "skip"],
        Rule::connective => vec!["and", "or"],
        Rule::weekday | Rule::day_range | Rule::weekdays => vec!["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
        Rule::equals => vec!["="],
        Rule::colon => vec![":"],
        Rule::open_list
        | Rule::list_items
        | Rule::address_list
        | Rule::text_list
        | Rule::date_list
        | Rule::word_list
        | Rule::guest_list => {
            vec!["["]
        }
        Rule::open_set | Rule::settings => vec!["{"],
        Rule::open_group | Rule::whole_conditions | Rule::whole_test_conditions | Rule::whole_group | Rule::whole_test_group => {
            vec!["("]
        }
        Rule::conditions | Rule::test_conditions | Rule::group | Rule::test_group => vec!["("],
        Rule::kw_one_on_one => vec!["one-on-one"],
        Rule::kw_all_day => vec!["all-day"],
        _ => keyword(production).into_iter().collect(),
    }
}

/// The word of a keyword's production.
fn keyword(production: Rule) -> Option<&'static str> {
    let name = format!("{production:?}");
    let word = name.strip_prefix("kw_")?;
    crate::syntax::names::RESERVED.iter().find(|known| **known == word).copied()
}

/// What a production is, where it is not made of words.
fn described(production: Rule) -> Option<&'static str> {
    match production {
        Rule::string => Some("a text in quotes"),
        Rule::regex => Some("a regular expression such as `/stand-?up/i`"),
        Rule::number => Some("a number"),
        Rule::duration => Some("a length of time such as `10m` or `1h30m`"),
        Rule::offset => Some("a time such as `2m before start`"),
        Rule::clock => Some("a time of day such as `09:00`"),
        Rule::date | Rule::civil => Some("a date such as `2026-01-31`"),
        Rule::name | Rule::rule_id => Some("a name"),
        Rule::word => Some("a word"),
        Rule::weekday | Rule::day_range | Rule::weekdays => Some("days such as `mon..fri`"),
        Rule::compare_op => Some("a comparison such as `>= 3`"),
        Rule::condition | Rule::complete | Rule::use_name | Rule::only_condition => Some("a condition"),
        Rule::only_test_part | Rule::complete_test | Rule::test_not => Some("a test such as `is external` or `declined`"),
        Rule::guest | Rule::only_guest => Some("a guest such as `me` or `dana@acme.com`"),
        Rule::setting | Rule::only_setting => Some("a setting such as `keep: 180d`"),
        Rule::limit | Rule::only_limit => Some("a limit such as `keep: at most 90d`"),
        Rule::recordable_entry | Rule::only_recordable_entry => Some("an entry such as `all_day: yes`"),
        Rule::event_entry | Rule::only_event_entry => Some("an entry such as `title: \"Weekly\"`"),
        Rule::only_list_item => Some("a text in quotes, an address or a date"),
        Rule::only_address => Some("an address such as `dana@acme.com` or `@acme.com`"),
        Rule::only_text => Some("a text in quotes"),
        Rule::only_date => Some("a date such as `2026-01-31`"),
        Rule::only_word => Some("a word"),
        _ => None,
    }
}
