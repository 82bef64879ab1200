//! What can be written at a place: the grammar says which words and which kinds of values may come next, the rules say which names
//! there are.

use super::words::{about, about_setting};
use super::{NameKind, Snapshot};
use crate::diagnostic::Code;
use crate::semantics::{SETTING_KEYS, TEST_EVENT_KEYS};
use crate::source::{Form, SourceId, Span};
use crate::syntax::ast::{List, ListItem};
use crate::syntax::text::next::{Expected, What, expected};
use crate::syntax::text::scan::{Scan, TokenKind};
use crate::time::zone_names;
use crate::value::words::{Layer, ListKind};
use crate::value::{Closed, Conference, EventKind, Provider, Response, ShowsAs, SourceKind, Status, Visibility};

/// Something that can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What is offered, which is also what is written.
    pub label: String,
    /// What sort of thing it is.
    pub kind: CompletionKind,
    /// What it means.
    pub about: Option<String>,
    /// What it takes the place of.
    pub span: Span,
}

/// What sort of thing is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompletionKind {
    /// Words of the language.
    Keyword,
    /// One of a closed set, or of a fixed choice.
    Value,
    /// The key of an entry.
    Key,
    /// A name.
    Name(NameKind),
    /// A text: a time zone, an example.
    Text,
    /// The code of a finding.
    Code,
}

impl Snapshot {
    /// What can be written at a place of a text of the text form; of JSON nothing, whose schema editors know.
    #[must_use]
    pub fn complete(&self, source: SourceId, offset: usize) -> Vec<Completion> {
        let text = self.text(source);
        let offset = text.floor_char_boundary(offset);
        if self.form(source) == Form::Json {
            return Vec::new();
        }
        let before = &text[..offset];
        let scan = Scan::of(before);
        if let Some(comment) = scan.comments.last().filter(|comment| comment.range.end == offset) {
            return self.codes(source, comment.range.start, offset);
        }
        let last = scan.tokens.last().filter(|token| token.range.end == offset);
        let (start, quoted) = match last.map(|token| (token.kind, token.range.start)) {
            Some((TokenKind::Text { closed: false }, start)) => (start, true),
            Some((TokenKind::Text { closed: true } | TokenKind::Regex { .. }, _)) => return Vec::new(),
            Some((TokenKind::Run, start)) => (start + begun_word(&before[start..]), false),
            _ => (offset, false),
        };
        let written = if quoted { Span::new(source, start + 1, offset) } else { Span::new(source, start, offset) };
        let mut out = Offers { snapshot: self, source, text: before, written, out: Vec::new() };
        for found in expected(&before[..start]) {
            match (&found.what, quoted) {
                (What::Own("string"), true) => out.texts(&found),
                // A value of a test's event is not always somebody; `address "…"` is for the few who need it.
                (What::Words(words), false) if words == "address" && is_in(&found, "event") => {}
                (What::Words(words), false) => out.words(words),
                (What::Own(production), false) => out.own(production, &found, start),
                _ => {}
            }
        }
        out.out
    }

    /// The codes of findings, in a `# lint: allow` comment.
    fn codes(&self, source: SourceId, comment: usize, offset: usize) -> Vec<Completion> {
        let text = &self.text(source)[comment..offset];
        let words: Vec<&str> = text.trim_start_matches('#').split_whitespace().collect();
        let start = text.rfind(char::is_whitespace).map_or(offset, |space| comment + space + 1);
        let written = Span::new(source, start, offset);
        let is_asked = match words.as_slice() {
            ["lint:", "allow"] => start == offset,
            ["lint:", "allow", _] => start < offset,
            _ => false,
        };
        let codes = Code::ALL.iter().filter(|code| is_asked && crate::lint::can_change(**code));
        codes
            .map(|code| Completion {
                label: code.as_str().to_owned(),
                kind: CompletionKind::Code,
                about: Some(code.about().to_owned()),
                span: written,
            })
            .collect()
    }
}

/// Where the word that is being written begins in a run: `fri` of `mon..fri`.
fn begun_word(run: &str) -> usize {
    run.rfind("..").map_or(0, |dots| dots + 2)
}

/// What is offered so far.
struct Offers<'a> {
    snapshot: &'a Snapshot,
    source: SourceId,
    text: &'a str,
    written: Span,
    out: Vec<Completion>,
}

impl Offers<'_> {
    fn offer(&mut self, label: &str, kind: CompletionKind, about: Option<String>) {
        if self.out.iter().all(|other| other.label != label || other.kind != kind) {
            self.out.push(Completion { label: label.to_owned(), kind, about, span: self.written });
        }
    }

    fn words(&mut self, words: &str) {
        self.offer(words, CompletionKind::Keyword, about(words).map(str::to_owned));
    }

    fn values<'w>(&mut self, words: impl IntoIterator<Item = &'w str>) {
        words.into_iter().for_each(|word| self.offer(word, CompletionKind::Value, None));
    }

    fn closed<T: Closed>(&mut self) {
        self.values(T::WORDS.iter().copied());
    }

    /// Values in quotes, inside of them.
    fn texts(&mut self, found: &Expected) {
        if is_in(found, "timezone") || is_in(found, "zone") {
            zone_names().for_each(|zone| self.offer(zone, CompletionKind::Text, None));
        } else if is_in(found, "date_rule") {
            for (rule, about) in DATE_RULES {
                self.offer(rule, CompletionKind::Text, Some((*about).to_owned()));
            }
        }
    }

    /// Values that are the author's own, outside of quotes.
    fn own(&mut self, production: &str, found: &Expected, at: usize) {
        match production {
            "name" => self.names_for(found),
            "rule_id" if is_in(found, "decided") => self.names(NameKind::Rule, |_| true),
            "word" => self.words_for(found, at),
            _ => {}
        }
    }

    fn names_for(&mut self, found: &Expected) {
        if is_in(found, "in_list") {
            self.lists(ListKind::People);
        } else if is_in(found, "text_operand") {
            self.lists(ListKind::Texts);
        } else if is_in(found, "on_days") {
            self.lists(ListKind::Dates);
        } else if is_in(found, "is_person") {
            self.names(NameKind::Person, |_| true);
        } else if is_in(found, "given") {
            self.names(NameKind::List, |_| true);
        } else if is_in(found, "use_name") {
            // A definition sees those before it.
            let (source, here) = (self.source, self.written.start);
            let in_definition = is_in(found, "define");
            self.names(NameKind::Definition, |given| !in_definition || given.source != source || given.start < here);
        }
    }

    fn names(&mut self, kind: NameKind, fits: impl Fn(Span) -> bool) {
        let snapshot = self.snapshot;
        let layer = snapshot.file(self.source).map_or(Layer::Organisation, |file| file.layer());
        for name in snapshot.names.visible(layer, kind).filter(|name| fits(name.span)) {
            let about = snapshot.hover(name.span.source, name.span.range().start).map(|hover| hover.text);
            self.offer(&name.name, CompletionKind::Name(kind), about);
        }
    }

    fn lists(&mut self, wanted: ListKind) {
        let snapshot = self.snapshot;
        self.names(NameKind::List, |given| snapshot.list_kind(given).is_none_or(|kind| kind == wanted));
    }

    /// Words that stand for themselves: values of closed sets, keys, people of a test.
    fn words_for(&mut self, found: &Expected, at: usize) {
        let text = self.text;
        let frame = |production: &str| found.inside.iter().rev().find(|inside| inside.production == production);
        let key = |production: &str| frame(production).map(|inside| text[inside.start..].trim_start());
        let begins = |production: &str| frame(production).is_some_and(|inside| inside.start == at);
        if let Some(asked) = key("closed") {
            self.closed_set(asked);
        } else if is_in(found, "occurrence") {
            self.values(["first", "moved", "changed"]);
        } else if is_in(found, "layer") {
            self.values(["organisation", "user"]);
        } else if is_in(found, "list") {
            self.values(["people", "texts", "dates"]);
        } else if begins("setting") || begins("limit") {
            SETTING_KEYS.iter().for_each(|key| self.offer(key, CompletionKind::Key, about_setting(key).map(str::to_owned)));
        } else if key("setting").or(key("limit")).is_some_and(|key| key.starts_with("on_live_cancel")) {
            self.values(["leave", "stay"]);
        } else if begins("recordable_entry") {
            ["all_day", "declined", "kinds"].iter().for_each(|key| self.offer(key, CompletionKind::Key, None));
        } else if let Some(entry) = key("recordable_entry") {
            if entry.starts_with("kinds") { self.closed::<EventKind>() } else { self.values(["yes", "no"]) }
        } else if is_in(found, "guest") {
            self.guest(begins("guest"));
        } else if begins("event_entry") {
            TEST_EVENT_KEYS.iter().for_each(|key| self.offer(key, CompletionKind::Key, None));
        } else if let Some(entry) = key("event_entry") {
            self.event_value(entry);
        }
    }

    fn closed_set(&mut self, asked: &str) {
        match asked.split(|character: char| !character.is_alphanumeric()).next() {
            Some("my") => self.closed::<Response>(),
            // A meeting that was called off is not recordable, so that no rule can ask for it.
            Some("status") => self.values(Status::WORDS.iter().copied().filter(|word| *word != Status::Cancelled.word())),
            Some("visibility") => self.closed::<Visibility>(),
            Some("shows") => self.closed::<ShowsAs>(),
            Some("kind") => self.closed::<EventKind>(),
            Some("provider") => self.closed::<Provider>(),
            Some("conference") => self.closed::<Conference>(),
            Some("source") => self.closed::<SourceKind>(),
            _ => {}
        }
    }

    fn guest(&mut self, is_first: bool) {
        if is_first {
            self.values(["me"]);
            self.names(NameKind::Person, |_| true);
        } else {
            self.values(["accepted", "tentative", "declined", "optional", "room", "resource", "group"]);
        }
    }

    fn event_value(&mut self, entry: &str) {
        let key = entry.split(|character: char| !character.is_alphanumeric() && character != '_').next().unwrap_or_default();
        match key {
            "organizer" | "creator" => {
                self.values(["me"]);
                self.names(NameKind::Person, |_| true);
            }
            "my_response" => self.closed::<Response>(),
            "status" => self.closed::<Status>(),
            "visibility" => self.closed::<Visibility>(),
            "shows_as" => self.closed::<ShowsAs>(),
            "kind" => self.closed::<EventKind>(),
            "provider" => self.closed::<Provider>(),
            "conference" => self.closed::<Conference>(),
            "source" => self.closed::<SourceKind>(),
            "override" | "series_override" => self.values(["record", "stop"]),
            "occurrence" => self.values(["first", "moved", "changed"]),
            "all_day" | "draft" => self.values(["yes", "no"]),
            _ => {}
        }
        self.values(["hidden"]);
    }
}

impl Snapshot {
    /// What a list holds; `None` where nothing is in it.
    fn list_kind(&self, given: Span) -> Option<ListKind> {
        match &self.list(given)?.value {
            List::Provided(kind) => Some(kind.value),
            List::Items(items) => items.first().map(|item| match item.value {
                ListItem::Person(_) => ListKind::People,
                ListItem::Text(_) => ListKind::Texts,
                ListItem::Date(_) => ListKind::Dates,
            }),
        }
    }
}

fn is_in(found: &Expected, production: &str) -> bool {
    found.inside.iter().any(|inside| inside.production == production)
}

const DATE_RULES: &[(&str, &str)] = &[
    ("FREQ=MONTHLY;BYDAY=-1FR", "The last Friday of every month."),
    ("FREQ=MONTHLY;BYDAY=1MO", "The first Monday of every month."),
    ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "The last working day of every month."),
    ("FREQ=WEEKLY;INTERVAL=2", "Every other week; needs `counting from` a date."),
];
