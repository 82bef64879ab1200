//! From our answers to the protocol's.

use super::documents::{Member, Opened, uri_of};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::editor::position::{Encoding, Lines};
use crate::editor::{CompletionKind, NameKind, TokenKind};
use crate::source::Span;
use lsp_types::{
    CompletionItemKind, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, Location, NumberOrString, Position,
    Range, SemanticTokenModifier, SemanticTokenType, SymbolKind, TextEdit,
};
use serde_json::{Map, Value, json};

/// The range of a place.
pub fn range(lines: &Lines<'_>, span: std::ops::Range<usize>, encoding: Encoding) -> Range {
    let at = |offset| {
        let position = lines.position(offset, encoding);
        Position { line: position.line, character: position.column }
    };
    Range { start: at(span.start), end: at(span.end) }
}

/// The range of a place in a set's text.
pub fn range_in(opened: &Opened, span: Span, encoding: Encoding) -> Range {
    range(&Lines::of(&opened.member(span.source).text.text), span.range(), encoding)
}

pub fn location(opened: &Opened, span: Span, encoding: Encoding) -> Option<Location> {
    let uri = uri_of(&opened.member(span.source).uri)?;
    Some(Location { uri, range: range_in(opened, span, encoding) })
}

/// Edits of a set, by the address of each text.
pub fn workspace_edit(opened: &Opened, edits: &[(Span, String)], encoding: Encoding) -> Value {
    let mut changes = Map::new();
    for (span, new) in edits {
        let edit = TextEdit { range: range_in(opened, *span, encoding), new_text: new.clone() };
        let list = changes.entry(opened.member(span.source).uri.clone()).or_insert_with(|| json!([]));
        if let (Some(list), Ok(edit)) = (list.as_array_mut(), serde_json::to_value(edit)) {
            list.push(edit);
        }
    }
    json!({ "changes": changes })
}

/// The lines of each text of a set, with its address: looked for once, however many places are told.
pub fn lines_of(members: &[Member]) -> Vec<(&str, Lines<'_>)> {
    members.iter().map(|member| (member.uri.as_str(), Lines::of(&member.text.text))).collect()
}

/// A remark. `texts` in the order of [`crate::source::SourceId`]s.
pub fn diagnostic(remark: &Diagnostic, texts: &[(&str, Lines<'_>)], encoding: Encoding) -> lsp_types::Diagnostic {
    let place = |span: Span| {
        let (uri, lines) = texts.get(usize::from(span.source.0))?;
        Some((uri_of(uri)?, range(lines, span.range(), encoding)))
    };
    let related: Vec<DiagnosticRelatedInformation> = (remark.secondary.iter())
        .filter_map(|label| {
            let (uri, range) = place(label.span)?;
            let message = if label.text.is_empty() { "here".to_owned() } else { label.text.clone() };
            Some(DiagnosticRelatedInformation { location: Location { uri, range }, message })
        })
        .collect();
    let unnecessary = matches!(remark.code, Code::UnusedName | Code::UnusedSuppression | Code::SettingOnSkip);
    let lines: Vec<&str> = std::iter::once(&remark.message).chain(&remark.help).map(String::as_str).collect();
    lsp_types::Diagnostic {
        range: place(remark.primary.span).map(|(_, range)| range).unwrap_or_default(),
        severity: Some(match remark.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
            Severity::Info => DiagnosticSeverity::INFORMATION,
        }),
        code: Some(NumberOrString::String(remark.code.as_str().to_owned())),
        source: Some("callsheet".to_owned()),
        message: lines.join("\n"),
        related_information: (!related.is_empty()).then_some(related),
        tags: unnecessary.then(|| vec![DiagnosticTag::UNNECESSARY]),
        ..lsp_types::Diagnostic::default()
    }
}

pub fn completion_kind(kind: CompletionKind) -> CompletionItemKind {
    match kind {
        CompletionKind::Keyword => CompletionItemKind::KEYWORD,
        CompletionKind::Value => CompletionItemKind::ENUM_MEMBER,
        CompletionKind::Key => CompletionItemKind::PROPERTY,
        CompletionKind::Name(NameKind::Rule) => CompletionItemKind::EVENT,
        CompletionKind::Name(NameKind::List) => CompletionItemKind::VARIABLE,
        CompletionKind::Name(NameKind::Person) => CompletionItemKind::CLASS,
        CompletionKind::Name(NameKind::Definition) => CompletionItemKind::FUNCTION,
        CompletionKind::Text => CompletionItemKind::TEXT,
        CompletionKind::Code => CompletionItemKind::CONSTANT,
    }
}

pub fn symbol_kind(kind: Option<NameKind>) -> SymbolKind {
    match kind {
        Some(NameKind::Rule) => SymbolKind::EVENT,
        Some(NameKind::List) => SymbolKind::ARRAY,
        Some(NameKind::Person) => SymbolKind::CLASS,
        Some(NameKind::Definition) => SymbolKind::FUNCTION,
        None => SymbolKind::METHOD,
    }
}

/// The types of semantic tokens, in the order of their numbers.
pub const TOKEN_TYPES: [SemanticTokenType; 12] = [
    SemanticTokenType::COMMENT,
    SemanticTokenType::KEYWORD,
    SemanticTokenType::STRING,
    SemanticTokenType::REGEXP,
    SemanticTokenType::NUMBER,
    SemanticTokenType::OPERATOR,
    SemanticTokenType::PROPERTY,
    SemanticTokenType::ENUM_MEMBER,
    SemanticTokenType::EVENT,
    SemanticTokenType::VARIABLE,
    SemanticTokenType::CLASS,
    SemanticTokenType::FUNCTION,
];
/// The modifiers, in the order of their bits.
pub const TOKEN_MODIFIERS: [SemanticTokenModifier; 1] = [SemanticTokenModifier::DECLARATION];

/// The number of a word's type in [`TOKEN_TYPES`].
pub fn token_type(kind: TokenKind) -> u32 {
    let wanted = match kind {
        TokenKind::Comment => SemanticTokenType::COMMENT,
        TokenKind::Keyword => SemanticTokenType::KEYWORD,
        TokenKind::Text => SemanticTokenType::STRING,
        TokenKind::Regex => SemanticTokenType::REGEXP,
        TokenKind::Number => SemanticTokenType::NUMBER,
        TokenKind::Operator => SemanticTokenType::OPERATOR,
        TokenKind::Key => SemanticTokenType::PROPERTY,
        TokenKind::Value => SemanticTokenType::ENUM_MEMBER,
        TokenKind::Name(NameKind::Rule) => SemanticTokenType::EVENT,
        TokenKind::Name(NameKind::List) => SemanticTokenType::VARIABLE,
        TokenKind::Name(NameKind::Person) => SemanticTokenType::CLASS,
        TokenKind::Name(NameKind::Definition) => SemanticTokenType::FUNCTION,
    };
    let index = TOKEN_TYPES.iter().position(|known| *known == wanted).expect("the table has every type");
    u32::try_from(index).expect("a short table")
}
