//! Requests about texts: from the protocol's places to ours, and back with the answer.

use super::background::Background;
use super::convert::{self, range_in};
use super::documents::{Documents, Opened};
use super::server::{Refusal, parse};
use crate::editor::position::{Encoding, LineColumn, Lines};
use crate::editor::{Action, ActionKind, layout};
use crate::source::{SourceId, Span};
use lsp_server::ErrorCode;
use lsp_types::{
    CodeActionKind, CodeActionParams, CompletionItem, CompletionParams, CompletionTextEdit, DocumentFormattingParams,
    DocumentHighlight, DocumentSymbolParams, Documentation, GotoDefinitionParams, Hover, HoverContents, HoverParams,
    MarkupContent, MarkupKind, Position, ReferenceParams, RenameParams, SemanticToken, SemanticTokens, SemanticTokensParams,
    TextDocumentPositionParams, TextEdit, Uri,
};
use serde_json::{Value, json};

/// The answer to a request; texts that are not open have none.
pub fn answer(
    method: &str,
    params: Value,
    documents: &mut Documents,
    background: &Background,
    encoding: Encoding,
) -> Result<Value, Refusal> {
    let mut asker = Asker { documents, background, encoding };
    match method {
        "textDocument/completion" => asker.completion(&parse::<CompletionParams>(params)?.text_document_position),
        "textDocument/hover" => asker.hover(&parse::<HoverParams>(params)?.text_document_position_params),
        "textDocument/definition" => asker.definition(&parse::<GotoDefinitionParams>(params)?.text_document_position_params),
        "textDocument/references" => asker.references(&parse(params)?),
        "textDocument/documentHighlight" => asker.highlights(&parse(params)?),
        "textDocument/prepareRename" => asker.prepare_rename(&parse(params)?),
        "textDocument/rename" => asker.rename(&parse(params)?),
        "textDocument/formatting" => asker.formatting(&parse::<DocumentFormattingParams>(params)?.text_document.uri),
        "textDocument/documentSymbol" => asker.symbols(&parse::<DocumentSymbolParams>(params)?.text_document.uri),
        "textDocument/semanticTokens/full" => asker.tokens(&parse::<SemanticTokensParams>(params)?.text_document.uri),
        "textDocument/codeAction" => asker.actions(&parse(params)?),
        _ => Err(Refusal::new(ErrorCode::MethodNotFound, format!("there is no `{method}` here"))),
    }
}

/// A place in an open text.
struct Place {
    opened: Opened,
    source: SourceId,
    offset: usize,
}

struct Asker<'a> {
    documents: &'a mut Documents,
    background: &'a Background,
    encoding: Encoding,
}

impl Asker<'_> {
    fn opened(&mut self, uri: &Uri) -> Result<(Opened, SourceId), Refusal> {
        let not_open = || Refusal::new(ErrorCode::InvalidParams, "this text is not open");
        let opened = self.documents.opened(uri.as_str()).ok_or_else(not_open)?;
        let source = opened.source(uri.as_str()).ok_or_else(not_open)?;
        Ok((opened, source))
    }

    fn place(&mut self, params: &TextDocumentPositionParams) -> Result<Place, Refusal> {
        let (opened, source) = self.opened(&params.text_document.uri)?;
        let offset = self.offset(&opened, source, params.position);
        Ok(Place { opened, source, offset })
    }

    fn offset(&self, opened: &Opened, source: SourceId, position: Position) -> usize {
        let at = LineColumn { line: position.line, column: position.character };
        Lines::of(&opened.member(source).text.text).offset(at, self.encoding)
    }

    fn completion(&mut self, params: &TextDocumentPositionParams) -> Result<Value, Refusal> {
        let Place { opened, source, offset } = self.place(params)?;
        let lines = Lines::of(&opened.member(source).text.text);
        let items = opened.snapshot.complete(source, offset).into_iter().map(|offered| CompletionItem {
            kind: Some(convert::completion_kind(offered.kind)),
            documentation: offered.about.map(|about| Documentation::MarkupContent(markdown(about))),
            text_edit: Some(CompletionTextEdit::Edit(TextEdit {
                range: convert::range(&lines, offered.span.range(), self.encoding),
                new_text: offered.label.clone(),
            })),
            label: offered.label,
            ..CompletionItem::default()
        });
        value(&items.collect::<Vec<_>>())
    }

    fn hover(&mut self, params: &TextDocumentPositionParams) -> Result<Value, Refusal> {
        let Place { opened, source, offset } = self.place(params)?;
        let Some(hover) = opened.snapshot.hover(source, offset) else { return Ok(Value::Null) };
        let range = Some(range_in(&opened, hover.span, self.encoding));
        value(&Hover { contents: HoverContents::Markup(markdown(hover.text)), range })
    }

    fn definition(&mut self, params: &TextDocumentPositionParams) -> Result<Value, Refusal> {
        let Place { opened, source, offset } = self.place(params)?;
        let found = opened.snapshot.definition(source, offset);
        value(&found.and_then(|span| convert::location(&opened, span, self.encoding)))
    }

    fn references(&mut self, params: &ReferenceParams) -> Result<Value, Refusal> {
        let Place { opened, source, offset } = self.place(&params.text_document_position)?;
        // The place where the name is given stands first.
        let left_out = usize::from(!params.context.include_declaration);
        let found = opened.snapshot.references(source, offset).into_iter().skip(left_out);
        value(&found.filter_map(|span| convert::location(&opened, span, self.encoding)).collect::<Vec<_>>())
    }

    fn highlights(&mut self, params: &TextDocumentPositionParams) -> Result<Value, Refusal> {
        let Place { opened, source, offset } = self.place(params)?;
        let here = opened.snapshot.references(source, offset).into_iter().filter(|span| span.source == source);
        let lines = Lines::of(&opened.member(source).text.text);
        let range = |span: Span| convert::range(&lines, span.range(), self.encoding);
        let highlight = |span: Span| DocumentHighlight { range: range(span), kind: None };
        value(&here.map(highlight).collect::<Vec<_>>())
    }

    fn prepare_rename(&mut self, params: &TextDocumentPositionParams) -> Result<Value, Refusal> {
        let Place { opened, source, offset } = self.place(params)?;
        let Some(name) = opened.snapshot.renameable(source, offset) else { return Ok(Value::Null) };
        Ok(json!({ "range": range_in(&opened, name.span, self.encoding), "placeholder": name.name }))
    }

    fn rename(&mut self, params: &RenameParams) -> Result<Value, Refusal> {
        let Place { opened, source, offset } = self.place(&params.text_document_position)?;
        match opened.snapshot.rename(source, offset, &params.new_name) {
            Ok(edits) => Ok(convert::workspace_edit(&opened, &edits, self.encoding)),
            Err(error) => Err(Refusal::new(ErrorCode::RequestFailed, error.to_string())),
        }
    }

    /// A text that cannot be read stays as it is; its remarks say why.
    fn formatting(&mut self, uri: &Uri) -> Result<Value, Refusal> {
        let (opened, source) = self.opened(uri)?;
        let text = &opened.member(source).text.text;
        let Ok(Some((range, new_text))) = layout(text) else { return Ok(json!([])) };
        value(&[TextEdit { range: convert::range(&Lines::of(text), range, self.encoding), new_text }])
    }

    fn symbols(&mut self, uri: &Uri) -> Result<Value, Refusal> {
        let (opened, source) = self.opened(uri)?;
        let lines = Lines::of(&opened.member(source).text.text);
        let range = |span: Span| convert::range(&lines, span.range(), self.encoding);
        let symbols = opened.snapshot.symbols(source).into_iter().map(|symbol| {
            json!({
                "name": if symbol.name.trim().is_empty() { "…" } else { symbol.name.as_str() },
                "detail": symbol.detail,
                "kind": convert::symbol_kind(symbol.kind),
                "range": range(symbol.span),
                "selectionRange": range(symbol.name_span),
            })
        });
        Ok(Value::Array(symbols.collect()))
    }

    fn tokens(&mut self, uri: &Uri) -> Result<Value, Refusal> {
        let (opened, source) = self.opened(uri)?;
        let lines = Lines::of(&opened.member(source).text.text);
        let mut before = Position::default();
        let mut data = Vec::new();
        for token in opened.snapshot.tokens(source) {
            let range = convert::range(&lines, token.span.range(), self.encoding);
            let delta_line = range.start.line - before.line;
            let delta_start = if delta_line == 0 { range.start.character - before.character } else { range.start.character };
            data.push(SemanticToken {
                delta_line,
                delta_start,
                length: range.end.character.saturating_sub(range.start.character),
                token_type: convert::token_type(token.kind),
                token_modifiers_bitset: u32::from(token.gives),
            });
            before = range.start;
        }
        value(&SemanticTokens { result_id: None, data })
    }

    fn actions(&mut self, params: &CodeActionParams) -> Result<Value, Refusal> {
        let (opened, source) = self.opened(&params.text_document.uri)?;
        let found = self.background.remarks(&opened.members);
        let remarks = found.as_deref().map_or(opened.snapshot.checked().diagnostics.as_slice(), Vec::as_slice);
        let start = self.offset(&opened, source, params.range.start);
        let end = self.offset(&opened, source, params.range.end).max(start);
        let wanted = |kind: &CodeActionKind| {
            let only = params.context.only.as_deref().unwrap_or(&[]);
            only.is_empty() || only.iter().any(|asked| is_sort_of(kind.as_str(), asked.as_str()))
        };
        let fixes = opened.snapshot.actions(source, start..end, remarks);
        let actions = fixes.into_iter().chain(opened.snapshot.fix_all(source, remarks));
        let texts = convert::lines_of(&opened.members);
        let offered = actions.filter(|action| wanted(&kind(action))).map(|action| {
            let about = action.remark.and_then(|index| remarks.get(index));
            let about = about.map(|remark| convert::diagnostic(remark, &texts, self.encoding));
            json!({
                "title": action.title,
                "kind": kind(&action),
                "diagnostics": about.into_iter().collect::<Vec<_>>(),
                "isPreferred": action.kind == ActionKind::SafeFix,
                "edit": convert::workspace_edit(&opened, &action.edits, self.encoding),
            })
        });
        Ok(Value::Array(offered.collect()))
    }
}

fn kind(action: &Action) -> CodeActionKind {
    match action.kind {
        ActionKind::FixAll => CodeActionKind::SOURCE_FIX_ALL,
        ActionKind::SafeFix | ActionKind::Fix | ActionKind::Allow => CodeActionKind::QUICKFIX,
    }
}

/// `source.fixAll` is a sort of `source`.
fn is_sort_of(kind: &str, asked: &str) -> bool {
    kind.strip_prefix(asked).is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || asked.is_empty())
}

fn markdown(value: String) -> MarkupContent {
    MarkupContent { kind: MarkupKind::Markdown, value }
}

fn value<T: serde::Serialize>(result: &T) -> Result<Value, Refusal> {
    serde_json::to_value(result).map_err(|error| Refusal::new(ErrorCode::InternalError, error.to_string()))
}
