//! The codes of all remarks: one table. A code that was released is never used for anything else.

use crate::diagnostic::{Level, Severity};

macro_rules! codes {
    (
        checking { $($name:ident = $code:literal, $level:ident, $about:literal;)+ }
        linting { $($found_name:ident = $found_code:literal, $found_level:ident, $found_about:literal;)* }
    ) => {
        codes! { @table
            [$($name = $code, $level, $about;)+ $($found_name = $found_code, $found_level, $found_about;)*]
            [$($found_name = $found_code;)*]
        }
    };
    (@table
        [$($name:ident = $code:literal, $level:ident, $about:literal;)+] [$($finding:ident = $finding_code:literal;)*]
    ) => {
        /// What sort of remark a diagnostic is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $about] $name,)+
        }

        impl Code {
            /// Every code, in table order.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The code as shown, in kebab-case.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// At which level such remarks are made unless configuration says otherwise.
            #[must_use]
            pub fn level(self) -> Level {
                match self { $(Self::$name => Level::$level,)+ }
            }

            /// Whether it is found by a lint, in rules that can be used; not by the check, which says whether they can.
            #[must_use]
            pub fn is_finding(self) -> bool {
                matches!(self, $(Self::$finding)|*)
            }

            /// The page of a finding, as Markdown; `None` for remarks of the check, which explain themselves.
            #[must_use]
            pub fn page(self) -> Option<&'static str> {
                match self {
                    $(Self::$finding => Some(include_str!(
                        concat!(env!("CARGO_MANIFEST_DIR"), "/docs/findings/", $finding_code, ".md")
                    )),)*
                    _ => None,
                }
            }

            /// One sentence about it, without a full stop.
            #[must_use]
            pub fn about(self) -> &'static str {
                match self { $(Self::$name => $about,)+ }
            }
        }
    };
}

impl Code {
    /// The code that is written `word`.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == word)
    }

    /// How much such a remark matters where it is made.
    #[must_use]
    pub fn severity(self) -> Severity {
        self.level().severity().unwrap_or(Severity::Info)
    }
}

codes! {
    checking {
        // Reading the file.
        SyntaxError = "syntax-error", Error, "the text cannot be read as rules at this place";
        JsonSyntax = "json-syntax", Error, "the file is not valid JSON";
        JsonShape = "json-shape", Error, "a JSON value has another type or shape than this place takes";
        UnknownKey = "unknown-key", Error, "a member that this object does not have";
        DuplicateKey = "duplicate-key", Error, "a member is written twice in one object";
        NullValue = "null-value", Error, "`null` says nothing in a rule file";
        MixedAndOr = "mixed-and-or", Error, "`and` and `or` do not mix without parentheses";
        AmbiguousNot = "ambiguous-not", Error, "`any attendee is not X` can be read in two ways";
        UnknownSubject = "unknown-subject", Error, "a condition asks about something that events do not have";
        UnknownOperator = "unknown-operator", Error, "a subject cannot be compared in this way";
        UnknownValue = "unknown-value", Error, "a word that is not in the closed set of this place";
        UnknownVersion = "unknown-version", Error, "a version of the language that this program does not know";
        Misplaced = "misplaced", Error, "something that is right elsewhere, but not here";
        MissingPart = "missing-part", Error, "a piece lacks a part that it needs";
        DuplicateClause = "duplicate-clause", Error, "a clause or setting is written twice";
        // Names.
        DuplicateId = "duplicate-id", Error, "two pieces of one kind have one name";
        UndefinedName = "undefined-name", Error, "a name that nothing defines";
        UnusedName = "unused-name", Warning, "a list, person or definition that no rule uses";
        ReservedName = "reserved-name", Error, "a word of the language used as a name";
        LayerConflict = "layer-conflict", Error, "the file and the command say different layers";
        LayerViolation = "layer-violation", Error, "something that only the organisation may say, or that the other layer cannot see";
        // Types and values.
        TypeMismatch = "type-mismatch", Error, "a value of another type than this place takes";
        ValueOutOfRange = "value-out-of-range", Error, "a number, time or date outside of its range";
        EmptyRange = "empty-range", Error, "a range that nothing can lie in";
        EmptyList = "empty-list", Error, "a list without items where items are needed";
        MixedList = "mixed-list", Error, "a list that holds more than one kind of item";
        BadAddress = "bad-address", Error, "not a mail address";
        BadDomain = "bad-domain", Error, "not a domain, or one that covers a public suffix";
        PublicMailDomain = "public-mail-domain", Error, "a public mail provider's domain is nobody's own domain";
        NoOwnDomains = "no-own-domains", Error, "`internal` or `external` without any own domain";
        UnknownZone = "unknown-zone", Error, "a time zone that the zone database does not have";
        RegexInvalid = "regex-invalid", Error, "a regular expression that cannot be read";
        RegexTooLarge = "regex-too-large", Error, "a regular expression past its size limit";
        BadDateRule = "bad-date-rule", Error, "a recurrence rule that cannot be used as a test of dates";
        BadSetting = "bad-setting", Error, "a setting with an unknown key or a value it does not take";
        BadLanguageTag = "bad-language-tag", Error, "not a language tag of BCP 47";
        SettingOnSkip = "setting-on-skip", Warning, "settings on a rule that never lets a bot join";
        ConstantCondition = "constant-condition", Warning, "a condition that is always true or always false here";
        // Limits.
        LimitExceeded = "limit-exceeded", Error, "a limit of the language is exceeded";
        NestedTooDeep = "nested-too-deep", Error, "conditions or values are nested too deep";
        TooManyDiagnostics = "too-many-diagnostics", Error, "more remarks than are shown";
        // Suppressions.
        BadSuppression = "bad-suppression", Error, "a `lint:` comment that cannot be read, or that stands before nothing";
        UnusedSuppression = "unused-suppression", Warning, "a suppression of a finding that is not there";
        ExpiredSuppression = "expired-suppression", Error, "a suppression past its date";
        // Tests.
        TestStale = "test-stale", Error, "a test expects a rule that does not exist";
    }
    linting {
        // A condition and its parts.
        DuplicateCondition = "duplicate-condition", Info, "a part of a condition is written twice in one place";
        LongCondition = "long-condition", Off, "a rule asks more conditions than a team wants";
        // Proven, each with an example meeting where one shows it.
        RuleNeverMatches = "rule-never-matches", Error, "no meeting makes the condition of a rule true";
        RuleShadowed = "rule-shadowed", Error, "earlier rules decide about every meeting of a rule";
        RuleOverridden = "rule-overridden", Warning, "rules of higher tiers decide about every meeting of a rule";
        ConditionAlwaysTrue = "condition-always-true", Warning, "no meeting makes the condition of a rule false";
        UnlessNeverApplies = "unless-never-applies", Warning, "no meeting of a rule is one of its exceptions";
        DefaultUnreachable = "default-unreachable", Warning, "rules decide about every meeting, so that the default never does";
        RuleRedundant = "rule-redundant", Info, "without a rule the same would come of every meeting";
        ConditionRedundant = "condition-redundant", Info, "a condition changes nothing beside the others of its rule";
        RulePartlyShadowed = "rule-partly-shadowed", Off, "earlier rules decide otherwise about some meetings of a rule";
        NeverMeetsAlways = "never-meets-always", Off, "`never record` decides about some meetings that a rule always records";
        OrderDependence = "order-dependence", Off, "two rules of a file would decide otherwise if they changed places";
        GapToDefault = "gap-to-default", Off, "some meetings are left to the default";
        RulesMergeable = "rules-mergeable", Off, "two rules that stand together and do the same could be one";
        Undecided = "undecided", Info, "whether something holds of a rule could not be found out within the bounds";
        // A change of rules.
        WidensRecording = "widens-recording", Warning, "after a change of the rules, meetings are recorded that were not";
        WeakensNever = "weakens-never", Error, "after a change of the rules, meetings leave the reach of a `never record`";
        NoOpEdit = "no-op-edit", Info, "a change of the rules changes no decision";
        // Reach.
        BroadAlways = "broad-always", Warning, "a rule always records and asks neither for people nor for a text";
        FreeMailDomain = "free-mail-domain", Warning, "a rule always records whoever has an address at a public mail provider";
        OwnDomainAsCustomer = "own-domain-as-customer", Warning, "one of our own is named where people outside are meant";
        AnyVsEvery = "any-vs-every", Info, "a condition on every attendee leaves out that the user is one";
        // Texts.
        KeywordHitsCommonWords = "keyword-hits-common-words", Info, "a short keyword also stands inside of common words";
        ConfusableOrBidiText = "confusable-or-bidi-text", Warning, "letters that look like others, or characters that cannot be seen";
        RegexMatchesEverything = "regex-matches-everything", Warning, "a regular expression that every text matches";
        RegexMatchesNothing = "regex-matches-nothing", Error, "a regular expression that no text matches";
        RegexIsPlainText = "regex-is-plain-text", Info, "a regular expression that a plain comparison says as well";
        UnescapedDot = "unescaped-dot", Info, "a dot in a regular expression stands for any character in what looks like a domain";
        PatternSubsumed = "pattern-subsumed", Warning, "an item or alternative finds nothing that another one does not find";
        // Times.
        TimeWithoutZone = "time-without-zone", Info, "the organisation asks for a time of day without naming a time zone";
        DstEdge = "dst-edge", Info, "a window begins or ends at a time that a change of clocks skips or repeats";
        ExpiredRule = "expired-rule", Warning, "a rule for meetings that are all over";
        NeverActiveYet = "never-active-yet", Off, "a rule for meetings of which none has begun";
        WeekdayVsHoliday = "weekday-vs-holiday", Off, "a rule asks for days of the week and nothing before it asks for dates";
        // Facts and settings.
        UnknownProviderFact = "unknown-provider-fact", Warning, "a condition about something that a provider never tells";
        JoinOffsetBeyondDuration = "join-offset-beyond-duration", Warning, "a bot joins when a meeting of its rule is over";
        // What a team may want.
        MissingBecauseOnNever = "missing-because-on-never", Off, "a rule forbids recording and does not say why";
        IdStyle = "id-style", Off, "a name is not of the style of a team";
        RuleUntested = "rule-untested", Off, "where there are tests, none expects this rule";
        ConditionUncovered = "condition-uncovered", Off, "where there are tests, none shows a condition of a rule both true and false";
    }
}
