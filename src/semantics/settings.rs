//! Settings: typed, merged key by key, and capped by the organisation.
//!
//! > Settings: the deciding rule's `with`, then `defaults with { … }` of its file, then of the organisation's, key by key (a
//! > list replaces). `limits { … }` caps or fixes what user files may set; a cap that acts is in the explanation.
//!
//! The organisation's own word is never capped. What nobody said counts as unlimited where a user's file, or nobody's rule,
//! decides, so that leaving a setting out is no way around its limit.

use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::semantics::language_tag;
use crate::syntax::ast::{self, LimitValue, Located, Setting, SettingValue};
use crate::syntax::literal;
use crate::value::words::{Layer, Seconds};
use crate::value::{ExtraValue, JOIN_DEFAULT_SECS, OnLiveCancel, Settings};
use std::collections::BTreeMap;

/// The settings that bots know.
pub const KEYS: [&str; 6] = ["join", "keep", "bot_name", "language", "tags", "on_live_cancel"];

/// Most seconds between a start and the bot's coming, either way.
const JOIN_SECS_MAX: i64 = 24 * 60 * 60;
/// Longest time that a recording can be kept: 100 years.
const KEEP_SECS_MAX: Seconds = 36_525 * 24 * 60 * 60;
/// Longest display name, in characters.
const BOT_NAME_CHARS_MAX: usize = 100;

/// Most bytes that tags and settings of the author's own take in one place: every rule below `defaults` has a copy of them.
const OWN_BYTES_MAX: usize = 4096;
/// What a setting or a text takes besides its characters.
const TEXT_BYTES: usize = 32;

/// The settings that one place sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Partial {
    pub join: Option<i64>,
    pub keep: Option<Seconds>,
    pub bot_name: Option<String>,
    pub language: Option<String>,
    pub tags: Option<Vec<String>>,
    pub on_live_cancel: Option<OnLiveCancel>,
    pub extra: BTreeMap<String, ExtraValue>,
}

/// What the organisation lets user files set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Limits {
    pub fixed: Partial,
    pub join_at_most: Option<i64>,
    pub keep_at_most: Option<Seconds>,
}

/// Reads a block of settings; what is wrong in it is reported and left out.
pub(super) fn read_settings(settings: &[Setting], diagnostics: &mut Vec<Diagnostic>) -> Partial {
    let mut weight = Weight(0);
    let mut partial = Partial::default();
    for setting in settings {
        let (key, value) = (&setting.key, &setting.value);
        if weight.fits(key, &value.value, diagnostics) {
            read_setting(&mut partial, key, &value.value, value.at.0, diagnostics);
        }
    }
    partial
}

/// Reads `limits { … }`; what is wrong in it is reported and left out.
pub(super) fn read_limits(entries: &[ast::Limit], diagnostics: &mut Vec<Diagnostic>) -> Limits {
    let mut limits = Limits::default();
    let mut weight = Weight(0);
    for entry in entries {
        let at = entry.value.at.0;
        match &entry.value.value {
            LimitValue::Fixed(value) => {
                if weight.fits(&entry.key, value, diagnostics) {
                    read_setting(&mut limits.fixed, &entry.key, value, at, diagnostics);
                }
            }
            LimitValue::AtMost(value) => {
                let mut read = Partial::default();
                read_setting(&mut read, &entry.key, value, at, diagnostics);
                limits.join_at_most = read.join.or(limits.join_at_most);
                limits.keep_at_most = read.keep.or(limits.keep_at_most);
                let capped = Partial { join: None, keep: None, ..read };
                if capped != Partial::default() {
                    let message = format!("`{}` has no most: it can only be fixed", entry.key.value);
                    diagnostics.push(
                        Diagnostic::new(Code::BadSetting, at, message).help("`join` and `keep` can be limited with `at most`"),
                    );
                }
            }
        }
    }
    limits
}

/// Bytes of tags and of settings of the author's own so far.
struct Weight(usize);

impl Weight {
    /// Whether one more setting fits; says once where none does any more.
    fn fits(&mut self, key: &Located<String>, value: &SettingValue, diagnostics: &mut Vec<Diagnostic>) -> bool {
        if key.value != "tags" && !key.value.starts_with("x_") {
            return true;
        }
        let texts = match value {
            SettingValue::Text(text) | SettingValue::Word(text) => text.len(),
            SettingValue::Texts(texts) => texts.iter().map(|text| TEXT_BYTES + text.value.len()).sum(),
            SettingValue::Duration(_) | SettingValue::Offset(_) | SettingValue::Number(_) => 0,
        };
        let before = self.0;
        self.0 += TEXT_BYTES + key.value.len() + texts;
        if before <= OWN_BYTES_MAX && self.0 > OWN_BYTES_MAX {
            let message = format!("tags and `x_` settings take more than {OWN_BYTES_MAX} bytes in one place");
            diagnostics.push(Diagnostic::new(Code::LimitExceeded, key.at.0, message).label("past the limit here"));
        }
        self.0 <= OWN_BYTES_MAX
    }
}

fn read_setting(
    partial: &mut Partial,
    key: &Located<String>,
    value: &SettingValue,
    at: crate::source::Span,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if let Err(problem) = set(partial, &key.value, value) {
        let place = if matches!(problem, Problem::UnknownKey) { key.at.0 } else { at };
        diagnostics.push(problem.tell(&key.value, place));
    }
}

/// What can be wrong with a setting.
enum Problem {
    UnknownKey,
    Needs(&'static str),
    Range(&'static str),
    Language,
}

impl Problem {
    fn tell(self, key: &str, at: crate::source::Span) -> Diagnostic {
        match self {
            Self::UnknownKey => {
                let diagnostic = Diagnostic::new(Code::BadSetting, at, format!("there is no setting `{key}`"));
                match nearest(key, KEYS) {
                    Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), at, near),
                    None => {
                        diagnostic.help(format!("settings are {}; keys that start with `x_` pass to the bot", KEYS.join(", ")))
                    }
                }
            }
            Self::Needs(what) => Diagnostic::new(Code::BadSetting, at, format!("`{key}` takes {what}")),
            Self::Range(what) => Diagnostic::new(Code::ValueOutOfRange, at, format!("`{key}` {what}")),
            Self::Language => Diagnostic::new(Code::BadLanguageTag, at, "this is not a language tag of BCP 47")
                .help("tags look like `en`, `de-CH` or `zh-Hant-TW`"),
        }
    }
}

fn set(partial: &mut Partial, key: &str, value: &SettingValue) -> Result<(), Problem> {
    match (key, value) {
        ("join", SettingValue::Offset(secs)) if secs.abs() <= JOIN_SECS_MAX => partial.join = Some(*secs),
        ("join", SettingValue::Offset(_)) => return Err(Problem::Range("is within a day of the start")),
        ("join", _) => return Err(Problem::Needs("a time such as `2m before start`")),
        ("keep", SettingValue::Duration(secs)) if (1..=KEEP_SECS_MAX).contains(secs) => partial.keep = Some(*secs),
        ("keep", SettingValue::Duration(_)) => return Err(Problem::Range("is more than nothing and at most 100 years")),
        ("keep", _) => return Err(Problem::Needs("a length of time such as `180d`")),
        ("bot_name", SettingValue::Text(name)) => {
            if name.trim().is_empty() || name.chars().count() > BOT_NAME_CHARS_MAX {
                return Err(Problem::Range("has 1 to 100 characters"));
            }
            partial.bot_name = Some(name.clone());
        }
        ("bot_name", _) => return Err(Problem::Needs("a text such as `\"Acme Notetaker\"`")),
        ("language", SettingValue::Text(tag)) if language_tag::is_well_formed(tag) => partial.language = Some(tag.clone()),
        ("language", SettingValue::Text(_)) => return Err(Problem::Language),
        ("language", _) => return Err(Problem::Needs("a language tag such as `\"en-GB\"`")),
        ("tags", SettingValue::Texts(tags)) => partial.tags = Some(tags.iter().map(|tag| tag.value.clone()).collect()),
        ("tags", _) => return Err(Problem::Needs("texts in brackets such as `[\"sales\"]`")),
        // JSON writes words as texts.
        ("on_live_cancel", SettingValue::Word(word) | SettingValue::Text(word)) => {
            partial.on_live_cancel = Some(match word.as_str() {
                "leave" => OnLiveCancel::Leave,
                "stay" => OnLiveCancel::Stay,
                _ => return Err(Problem::Needs("`leave` or `stay`")),
            });
        }
        ("on_live_cancel", _) => return Err(Problem::Needs("`leave` or `stay`")),
        (key, value) if key.starts_with("x_") => {
            partial.extra.insert(key.to_owned(), extra(value));
        }
        _ => return Err(Problem::UnknownKey),
    }
    Ok(())
}

fn extra(value: &SettingValue) -> ExtraValue {
    match value {
        SettingValue::Text(text) => ExtraValue::Text(text.clone()),
        SettingValue::Texts(texts) => ExtraValue::Texts(texts.iter().map(|text| text.value.clone()).collect()),
        SettingValue::Word(word) => match word.as_str() {
            "yes" => ExtraValue::Flag(true),
            "no" => ExtraValue::Flag(false),
            other => ExtraValue::Text(other.to_owned()),
        },
        SettingValue::Duration(secs) => ExtraValue::Duration(*secs),
        SettingValue::Offset(secs) => ExtraValue::Offset(*secs),
        SettingValue::Number(number) => ExtraValue::Number(*number),
    }
}

/// What one place said, and whose place it is.
pub(super) type Said<'a> = (&'a Partial, Layer);

/// Merges what several places said, the first one to set a key winning, and applies the organisation's limits to what is not
/// the organisation's own word. `decider`: whose rule decides.
pub(super) fn merge(said: &[Said<'_>], decider: Layer, limits: &Limits) -> Settings {
    let mut capped = Capping { limits, decider, capped: Vec::new() };
    let join = capped.join(first(said, |partial| partial.join));
    let keep = capped.keep(first(said, |partial| partial.keep));
    let bot_name =
        capped.fix("bot_name", first(said, |partial| partial.bot_name.clone()), &limits.fixed.bot_name, |name| name.clone());
    let language =
        capped.fix("language", first(said, |partial| partial.language.clone()), &limits.fixed.language, |tag| tag.clone());
    let tags = capped.fix("tags", first(said, |partial| partial.tags.clone()), &limits.fixed.tags, |tags| tags.join(", "));
    let on_live_cancel =
        capped.fix("on_live_cancel", first(said, |partial| partial.on_live_cancel), &limits.fixed.on_live_cancel, |word| {
            match word {
                OnLiveCancel::Leave => "leave".to_owned(),
                OnLiveCancel::Stay => "stay".to_owned(),
            }
        });
    let extra = capped.extra(said);
    Settings {
        join: join.unwrap_or(JOIN_DEFAULT_SECS),
        keep,
        bot_name,
        language,
        tags: tags.unwrap_or_default(),
        on_live_cancel: on_live_cancel.unwrap_or(OnLiveCancel::Leave),
        extra,
        capped: capped.capped,
    }
}

fn first<T>(said: &[Said<'_>], key: impl Fn(&Partial) -> Option<T>) -> Option<(T, Layer)> {
    said.iter().find_map(|(partial, layer)| key(partial).map(|value| (value, *layer)))
}

/// The organisation's limits at work on the settings of one rule.
struct Capping<'a> {
    limits: &'a Limits,
    decider: Layer,
    /// What they changed, in words.
    capped: Vec<String>,
}

impl Capping<'_> {
    /// Whether limits act on a value that was said by this layer, or by nobody.
    fn acts_on<T>(&self, said: Option<&(T, Layer)>) -> bool {
        said.map_or(self.decider, |(_, layer)| *layer) == Layer::User
    }

    fn fix<T: Clone + PartialEq>(
        &mut self,
        key: &str,
        said: Option<(T, Layer)>,
        fixed: &Option<T>,
        shown: impl Fn(&T) -> String,
    ) -> Option<T> {
        let acts = self.acts_on(said.as_ref());
        let value = said.map(|(value, _)| value);
        let Some(fixed) = fixed.as_ref().filter(|_| acts) else { return value };
        if value.as_ref() != Some(fixed) {
            self.capped.push(format!("`{key}` is {}, fixed by the organisation", literal::shown(&shown(fixed))));
        }
        Some(fixed.clone())
    }

    fn keep(&mut self, said: Option<(Seconds, Layer)>) -> Option<Seconds> {
        let acts = self.acts_on(said.as_ref());
        let value = self.fix("keep", said, &self.limits.fixed.keep, |secs| literal::duration(*secs));
        let Some(most) = self.limits.keep_at_most.filter(|_| acts) else { return value };
        if value.is_some_and(|value| value <= most) {
            return value;
        }
        self.capped.push(format!("`keep` is {}, the most that the organisation allows", literal::duration(most)));
        Some(most)
    }

    /// `at most 5m before start` keeps bots from coming earlier, `at most 30s after start` from coming later.
    fn join(&mut self, said: Option<(i64, Layer)>) -> Option<i64> {
        let acts = self.acts_on(said.as_ref());
        let value = self.fix("join", said, &self.limits.fixed.join, |secs| offset(*secs));
        let Some(most) = self.limits.join_at_most.filter(|_| acts) else { return value };
        let asked = value.unwrap_or(JOIN_DEFAULT_SECS);
        let allowed = if most <= 0 { asked.max(most) } else { asked.min(most) };
        if allowed == asked {
            return value;
        }
        self.capped.push(format!("`join` is {}, the most that the organisation allows", offset(allowed)));
        Some(allowed)
    }

    fn extra(&mut self, said: &[Said<'_>]) -> BTreeMap<String, ExtraValue> {
        let mut keys: Vec<&String> = said.iter().flat_map(|(partial, _)| partial.extra.keys()).collect();
        keys.extend(self.limits.fixed.extra.keys());
        keys.sort_unstable();
        keys.dedup();
        let mut merged = BTreeMap::new();
        for key in keys {
            let value = first(said, |partial| partial.extra.get(key).cloned());
            let fixed = self.limits.fixed.extra.get(key).cloned();
            let value = self.fix(key, value, &fixed, shown_extra);
            merged.extend(value.map(|value| (key.clone(), value)));
        }
        merged
    }
}

fn shown_extra(value: &ExtraValue) -> String {
    match value {
        ExtraValue::Text(text) => text.clone(),
        ExtraValue::Texts(texts) => texts.join(", "),
        ExtraValue::Number(number) => number.to_string(),
        ExtraValue::Flag(true) => "yes".to_owned(),
        ExtraValue::Flag(false) => "no".to_owned(),
        ExtraValue::Duration(secs) => literal::duration(*secs),
        ExtraValue::Offset(secs) => offset(*secs),
    }
}

/// `2m before start`, `30s after start`
fn offset(secs: i64) -> String {
    let side = if secs <= 0 { "before" } else { "after" };
    format!("{} {side} start", literal::duration(secs.unsigned_abs()))
}
