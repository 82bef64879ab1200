//! JSON text to a tree of values with their places. Strict (RFC 8259), duplicate members kept, nesting bounded before
//! anything recurses. The only module that knows the JSON library.

use crate::diagnostic::{Code, Diagnostic};
use crate::source::{SourceId, Span};
use jsonc_parser::ast::{ObjectProp, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::errors::ParseErrorKind;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use std::borrow::Cow;

/// A value and where it stands.
pub struct Node<'a> {
    pub span: Span,
    pub kind: Kind<'a>,
}

/// What a value is. Numbers are kept as written.
pub enum Kind<'a> {
    Null,
    Flag(bool),
    Number(&'a str),
    Text(Cow<'a, str>),
    Array(Vec<Node<'a>>),
    Object(Vec<Entry<'a>>),
}

/// A member of an object.
pub struct Entry<'a> {
    pub key: Cow<'a, str>,
    pub key_at: Span,
    pub value: Node<'a>,
}

impl<'a> Node<'a> {
    /// The members of an object, else none.
    pub fn entries(&self) -> &[Entry<'a>] {
        match &self.kind {
            Kind::Object(entries) => entries,
            _ => &[],
        }
    }

    /// The items of an array, else none.
    pub fn items(&self) -> &[Node<'a>] {
        match &self.kind {
            Kind::Array(items) => items,
            _ => &[],
        }
    }

    /// The first member of this name.
    pub fn get(&self, key: &str) -> Option<&Node<'a>> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// The text of a string.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The opening bracket: the place of what is missing inside, where the whole value would underline half a file.
    pub fn opening(&self) -> Span {
        Span { end: (self.span.start + 1).min(self.span.end), ..self.span }
    }
}

/// Reads `text`.
///
/// # Errors
/// The one place where it stops being JSON, or where values nest deeper than `depth_max`.
pub fn read(source: SourceId, text: &str, depth_max: usize) -> Result<Node<'_>, Box<Diagnostic>> {
    let json = text.strip_prefix('\u{feff}').unwrap_or(text);
    let reader = Reader { source, skipped: text.len() - json.len() };
    reader.scan(json, depth_max)?;
    let options = ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let parsed = parse_to_ast(json, &CollectOptions::default(), &options).map_err(|error| {
        let range = error.range();
        reader.error(range.start, range.end, error.kind())
    })?;
    match parsed.value {
        Some(value) => Ok(reader.node(value)),
        None => Err(Box::new(Diagnostic::new(Code::JsonSyntax, reader.span(0, 0), "the file is empty"))),
    }
}

struct Reader {
    source: SourceId,
    /// Bytes of a byte order mark before the JSON.
    skipped: usize,
}

impl Reader {
    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.source, self.skipped + start, self.skipped + end)
    }

    /// Refuses, in one pass and without recursion, what the library would let through: deep nesting, raw control characters
    /// in strings, white space that JSON does not have.
    fn scan(&self, json: &str, depth_max: usize) -> Result<(), Box<Diagnostic>> {
        let mut depth = 0_usize;
        let mut in_string = false;
        let mut escaped = false;
        for (at, character) in json.char_indices() {
            let refuse =
                |code, message: String| Err(Box::new(Diagnostic::new(code, self.span(at, at + character.len_utf8()), message)));
            if in_string {
                match character {
                    _ if character < ' ' => {
                        let message = format!("a control character in a text is written `\\u{:04x}`", u32::from(character));
                        return refuse(Code::JsonSyntax, message);
                    }
                    _ if escaped => escaped = false,
                    '\\' => escaped = true,
                    '"' => in_string = false,
                    _ => {}
                }
                continue;
            }
            match character {
                '"' => in_string = true,
                '{' | '[' => depth += 1,
                '}' | ']' => depth = depth.saturating_sub(1),
                ' ' | '\t' | '\n' | '\r' => {}
                _ if character.is_whitespace() || character.is_control() => {
                    return refuse(Code::JsonSyntax, "JSON has no such white space".to_owned());
                }
                _ => {}
            }
            if depth > depth_max {
                let message = format!("values are nested more than {depth_max} deep");
                return refuse(Code::NestedTooDeep, message);
            }
        }
        Ok(())
    }

    fn error(&self, start: usize, end: usize, kind: &ParseErrorKind) -> Box<Diagnostic> {
        let span = self.span(start, end.max(start));
        if matches!(kind, ParseErrorKind::NestingDepthExceeded) {
            return Box::new(Diagnostic::new(Code::NestedTooDeep, span, "values are nested too deep"));
        }
        Box::new(Diagnostic::new(Code::JsonSyntax, span, message(kind)))
    }

    /// Recursion is bounded by the scan.
    fn node<'a>(&self, value: Value<'a>) -> Node<'a> {
        let range = value.range();
        let kind = match value {
            Value::NullKeyword(_) => Kind::Null,
            Value::BooleanLit(flag) => Kind::Flag(flag.value),
            Value::NumberLit(number) => Kind::Number(number.value),
            Value::StringLit(text) => Kind::Text(text.value),
            Value::Array(array) => Kind::Array(array.elements.into_iter().map(|item| self.node(item)).collect()),
            Value::Object(object) => Kind::Object(object.properties.into_iter().map(|entry| self.entry(entry)).collect()),
        };
        Node { span: self.span(range.start, range.end), kind }
    }

    fn entry<'a>(&self, entry: ObjectProp<'a>) -> Entry<'a> {
        let range = entry.name.range();
        Entry {
            key: Cow::Owned(entry.name.into_string()),
            key_at: self.span(range.start, range.end),
            value: self.node(entry.value),
        }
    }
}

/// A syntax error in the author's words.
fn message(kind: &ParseErrorKind) -> &'static str {
    use ParseErrorKind as K;
    match kind {
        K::CommentsNotAllowed | K::UnterminatedCommentBlock => "JSON has no comments; write them as a member `\"//\"`",
        K::TrailingCommasNotAllowed => "a comma after the last one",
        K::ExpectedComma => "a comma is missing here",
        K::ExpectedColonAfterObjectKey => "a colon is missing after this name",
        K::ExpectedObjectValue => "a value is missing here",
        K::ExpectedStringObjectProperty => "names stand in double quotes",
        K::SingleQuotedStringsNotAllowed => "texts stand in double quotes",
        K::UnterminatedObject => "this object never ends: `}` is missing",
        K::UnterminatedArray => "this array never ends: `]` is missing",
        K::MultipleRootJsonValues => "the file goes on after its end",
        K::UnexpectedCloseBrace => "a `}` that closes nothing",
        K::UnexpectedCloseBracket => "a `]` that closes nothing",
        K::UnexpectedComma => "a value is missing before this comma",
        K::UnexpectedColon => "a colon that follows no name",
        K::UnexpectedWord => "texts stand in double quotes; without them JSON knows `true`, `false` and `null`",
        K::UnexpectedToken => "JSON has no such sign",
        K::UnexpectedTokenInObject => "a name in double quotes is expected here",
        K::String(_) => "a text that never ends, or an escape that JSON does not have",
        K::BareDecimalPointNumbersNotAllowed
        | K::ExpectedDigit
        | K::ExpectedDigitFollowingNegativeSign
        | K::ExpectedPlusMinusOrDigitInNumberLiteral
        | K::HexadecimalNumbersNotAllowed
        | K::NonFiniteNumbersNotAllowed
        | K::UnaryPlusNumbersNotAllowed => "not a number as JSON writes it",
        // What has a code of its own, and kinds that features of the library add.
        _ => "this is not JSON",
    }
}
