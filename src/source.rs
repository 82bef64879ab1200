//! Rule text and places in it: which file, which bytes, which line and column.
//!
//! Everything that a diagnostic, a trace or an explanation points at is a [`Span`]. The texts themselves stay with whoever
//! read them; nothing here opens a file.

/// Names one rule text among those that are compiled together. An index into [`Sources`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u16);

/// A range of bytes in one rule text: `start..end`, both on character boundaries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The text that the range lies in.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The bytes `start..end` of `source`.
    ///
    /// Rule texts are at most 64 KiB by default and never reach 4 GiB, so offsets fit.
    #[must_use]
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        let narrow = |offset: usize| u32::try_from(offset).expect("rule texts are shorter than 4 GiB");
        Self { source, start: narrow(start), end: narrow(end) }
    }

    /// The range as `usize`, for slicing.
    #[must_use]
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The smallest span that holds both; `self` wins where they lie in different texts.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        if self.source != other.source {
            return self;
        }
        Self { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// Which of the two spellings a rule text uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The text form of `grammar/rules.pest`.
    Text,
    /// The JSON form of `grammar/rules.schema.json`.
    Json,
}

impl Form {
    /// The form that a text looks like: JSON where the first character that is no white space opens an object.
    ///
    /// ```
    /// use callsheet::source::Form;
    /// assert_eq!(Form::of("\u{feff} {\"callsheet\": 1}"), Form::Json);
    /// assert_eq!(Form::of("rule r: record"), Form::Text);
    /// ```
    #[must_use]
    pub fn of(text: &str) -> Self {
        let first = text.trim_start_matches('\u{feff}').trim_start().chars().next();
        if first == Some('{') { Self::Json } else { Self::Text }
    }
}

/// One rule text with the name its author knows it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What the author calls it, usually a path. Shown in diagnostics, never opened.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// The rule texts that are compiled together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    list: Vec<Source>,
}

impl Sources {
    /// Adds a text and names it.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        let id = SourceId(u16::try_from(self.list.len()).expect("fewer than 65,536 rule files"));
        self.list.push(Source { name: name.into(), text: text.into() });
        id
    }

    /// The text that `id` names.
    #[must_use]
    pub fn get(&self, id: SourceId) -> &Source {
        &self.list[usize::from(id.0)]
    }

    /// All texts in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        self.list.iter().enumerate().map(|(index, source)| (SourceId(index as u16), source))
    }

    /// The bytes that `span` covers.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        &self.get(span.source).text[span.range()]
    }

    /// Where `span` begins, for a person.
    #[must_use]
    pub fn position(&self, span: Span) -> Position {
        Position::of(&self.get(span.source).text, span.start as usize)
    }
}

/// A place as editors count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

impl Position {
    /// The position of byte `offset` in `text`; an offset past the end is the end.
    ///
    /// ```
    /// use callsheet::source::Position;
    /// assert_eq!(Position::of("a\nbü!", 5), Position { line: 2, column: 3 });
    /// ```
    #[must_use]
    pub fn of(text: &str, offset: usize) -> Self {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &text[..offset];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }
}
