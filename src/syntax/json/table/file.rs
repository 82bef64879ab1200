//! The file and its pieces.

use super::condition::A_CONDITION;
use super::leaf::*;
use super::member;
use super::setting::*;
use crate::syntax::json::shape::{Array, Comments, Def, Map, Member, Object, OnlyWith, Shape, Variant};

/// A whole rule file.
pub static FILE: Object = Object {
    about: "a rule file",
    variants: &[Variant { head: &[], with: &[] }],
    optional: &[
        member("callsheet", Shape::Commented(&Shape::Version), "The version of the language: 1."),
        member("layer", COMMENTED_LAYER, "Whose rules these are: the organisation's, or one user's."),
        member(
            "our_domains",
            Shape::Commented(&Shape::Array(&DOMAINS)),
            "The organisation's own mail domains, for example `@acme.com`; who is in them is internal.",
        ),
        member("timezone", Shape::Commented(&Shape::Text(&ZONE)), "The time zone of every date and clock in this file."),
        member("default", COMMENTED_VERB, "What happens when no rule decides."),
        member("defaults", SOME_SETTINGS, "Settings for every rule of this file that does not say its own."),
        member(
            "recordable",
            Shape::Object(&RECORDABLE),
            "What may be recorded beyond ordinary meetings. The organisation's only.",
        ),
        member(
            "limits",
            Shape::Object(&LIMITS),
            "Caps and fixed values for the settings of user files. The organisation's only.",
        ),
        member("lists", Shape::Map(&LISTS), "Lists of people, texts or dates, by name."),
        member("people", Shape::Map(&PEOPLE_MAP), "Persons by name, each with all of their addresses."),
        member("define", Shape::Map(&DEFINITIONS), "Conditions by name. One may use those before it."),
        member("rules", Shape::Array(&RULES), "The rules. Among `record` and `skip` the first that matches decides."),
        member("tests", Shape::Array(&TESTS), "Events with the decision that is expected."),
    ],
    free: None,
    only_with: &[],
    comments: Comments::File,
};

static LISTS: Map = Map { about: "lists by name", key: &NAME, value: Shape::Commented(&A_LIST) };
static A_LIST: Shape = Shape::AnyOf(&[Shape::Def(|| &ITEMS), Shape::Object(&LIST)]);
static A_GIVEN_LIST: Shape = Shape::AnyOf(&[Shape::Def(|| &ITEMS), Shape::Object(&GIVEN_LIST)]);

/// `["@acme.com", "ceo@acme.com"]`; [`crate::syntax::json::item_kind`] tells the kinds.
static ITEMS: Def = Def {
    name: "items",
    about: "Items whose kind their spelling tells: what begins with `@` or has the shape of a mail address is a person or a \
            domain, `YYYY-MM-DD` is a date, anything else is a text. Where that is not what is meant, `people`, `texts` or \
            `dates` around the items says the kind.",
    shape: Shape::Array(&ITEM_ARRAY),
};

const ITEM_VARIANTS: &[Variant] = &[
    Variant { head: &[member("people", Shape::Array(&PEOPLE), "Addresses, and domains such as `@acme.com`.")], with: &[] },
    Variant { head: &[member("texts", Shape::Array(&TEXTS), "Texts.")], with: &[] },
    Variant { head: &[member("dates", Shape::Array(&DATES), "Dates.")], with: &[] },
];

static LIST: Object = Object {
    about: "a list such as `{\"people\": [\"@acme.com\"]}` or `{\"texts\": [\"demo\"]}`",
    variants: &[
        Variant { head: &[member("people", Shape::Array(&PEOPLE), "Addresses, and domains such as `@acme.com`.")], with: &[] },
        Variant { head: &[member("texts", Shape::Array(&TEXTS), "Texts.")], with: &[] },
        Variant { head: &[member("dates", Shape::Array(&DATES), "Dates.")], with: &[] },
        Variant {
            head: &[member("provided", Shape::Word(&LIST_KIND), "The list is kept outside of this file and holds these.")],
            with: &[],
        },
    ],
    optional: &[],
    free: None,
    only_with: &[],
    comments: Comments::Around,
};

static GIVEN_LIST: Object = Object {
    about: "a list such as `{\"people\": [\"@acme.com\"]}` or `{\"texts\": [\"demo\"]}`",
    variants: ITEM_VARIANTS,
    optional: &[],
    free: None,
    only_with: &[],
    comments: Comments::Around,
};

static PEOPLE_MAP: Map = Map { about: "persons by name", key: &NAME, value: Shape::Commented(&Shape::Array(&ADDRESSES)) };
static DEFINITIONS: Map = Map { about: "conditions by name", key: &NAME, value: A_CONDITION };
static GIVEN: Map = Map { about: "lists by name", key: &NAME, value: Shape::Commented(&A_GIVEN_LIST) };

arrays! {
    ITEM_ARRAY = Shape::Commented(&Shape::Text(&ITEM)), ANY_LEN, "items such as `[\"@acme.com\", \"ceo@acme.com\"]`";
    RULES = Shape::Def(|| &RULE), ANY_LEN, "rules in brackets";
    TESTS = Shape::Def(|| &TEST), ANY_LEN, "tests in brackets";
    ALLOWS = Shape::Object(&ALLOW), ANY_LEN, "suppressions in brackets";
}

static RULE: Def = Def { name: "rule", about: "A rule: what to do, and when.", shape: Shape::Object(&RULE_OBJECT) };
static TEST: Def = Def { name: "test", about: "A test: an event and what must come out.", shape: Shape::Object(&TEST_OBJECT) };

static A_VERB: Shape = Shape::Word(&DO);
const REQUIRED_OF_RULE: &[Member] = &[
    member("id", Shape::Text(&RULE_ID), "The name that explanations and tests call the rule by. Unique in the file."),
    member("do", Shape::Commented(&A_VERB), "What to do. `never_record` and `always_record` outrank `record` and `skip`."),
];

static RULE_OBJECT: Object = Object {
    about: "a rule",
    variants: &[Variant { head: REQUIRED_OF_RULE, with: &[] }],
    optional: &[
        member("title", Shape::Text(&TEXT), "The rule in a few words."),
        member("locked", Shape::Flag, "With `always_record`: no user's rule can undo it. The organisation's only."),
        member("shadow", Shape::Flag, "Whether the rule is only reported, never effective."),
        member("from", Shape::Text(&DATE), "The first start date that the rule is for."),
        member("until", Shape::Text(&DATE), "The last one."),
        member("when", A_CONDITION, "The condition. Without one the rule is for every event."),
        member("unless", A_CONDITION, "The exception."),
        member("with", SOME_SETTINGS, "Settings for the bot."),
        member("because", Shape::Commented(&Shape::Text(&TEXT)), "The reason, shown with every decision of the rule."),
        member("allow", Shape::Array(&ALLOWS), "Findings of the linter that are accepted here."),
    ],
    free: None,
    only_with: &[OnlyWith { member: "locked", other: "do", words: &["always_record"] }],
    comments: Comments::Around,
};

static ALLOW: Object = Object {
    about: "a suppression such as `{\"code\": \"unused-name\", \"until\": \"2026-12-31\", \"reason\": \"…\"}`",
    variants: &[Variant { head: &[member("code", Shape::Text(&CODE), "The code of the finding.")], with: &[] }],
    optional: &[
        member("until", Shape::Text(&DATE), "The last day that it is accepted."),
        member("reason", Shape::Text(&TEXT), "Why."),
    ],
    free: None,
    only_with: &[],
    comments: Comments::Outside,
};

static TEST_OBJECT: Object = Object {
    about: "a test",
    variants: &[Variant {
        head: &[
            member("name", Shape::Text(&TEXT), "The test in a sentence."),
            member("event", Shape::Object(&EVENT), "The event. What is not said is that of an ordinary recordable meeting."),
            member("expect", Shape::Object(&EXPECT), "What must come out."),
        ],
        with: &[],
    }],
    optional: &[member("given", Shape::Map(&GIVEN), "What lists hold in this test.")],
    free: None,
    only_with: &[],
    comments: Comments::Around,
};

static EXPECT: Object = Object {
    about: "what must come out such as `{\"outcome\": \"skip\"}`",
    variants: &[Variant {
        head: &[member("outcome", Shape::Word(&OUTCOME), "The decision; `default`: no rule decides.")],
        with: &[],
    }],
    optional: &[
        member("by", Shape::Text(&RULE_ID), "The id of the rule that must decide."),
        member("with", SOME_SETTINGS, "Settings that must hold; others may differ."),
    ],
    free: None,
    only_with: &[OnlyWith { member: "by", other: "outcome", words: &["record", "skip"] }],
    comments: Comments::Around,
};
