//! The conversation: its beginning and end, which message asks for what, and what is answered to those that ask for nothing.

use super::background::{Background, Job};
use super::convert::{TOKEN_MODIFIERS, TOKEN_TYPES};
use super::documents::{Documents, path_of};
use super::requests;
use super::wire::{Incoming, Out};
use crate::cli::say;
use crate::editor::position::Encoding;
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::{
    CodeActionKind, CodeActionOptions, CodeActionProviderCapability, CompletionOptions, DidChangeTextDocumentParams,
    DidCloseTextDocumentParams, DidOpenTextDocumentParams, HoverProviderCapability, InitializeParams, OneOf,
    PositionEncodingKind, RenameOptions, SemanticTokensFullOptions, SemanticTokensLegend, SemanticTokensOptions,
    ServerCapabilities, TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions, WorkDoneProgressOptions,
};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::Receiver;

/// Why a request has no result.
pub struct Refusal {
    /// The protocol's number.
    pub code: i32,
    /// In words.
    pub message: String,
}

impl Refusal {
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code: code as i32, message: message.into() }
    }
}

/// How far the conversation is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nobody said `initialize`.
    Begun,
    /// It goes on.
    Running,
    /// The client said `shutdown`.
    ShutDown,
}

/// One conversation.
pub struct Server {
    out: Out,
    phase: Phase,
    encoding: Encoding,
    documents: Documents,
    background: Background,
}

impl Server {
    pub fn new(out: Out) -> Self {
        let background = Background::start(out.clone());
        Self { out, phase: Phase::Begun, encoding: Encoding::default(), documents: Documents::default(), background }
    }

    /// Answers until the client says `exit` or is gone; whether it said `shutdown` before.
    pub fn run(mut self, incoming: &Receiver<Incoming>) -> bool {
        let mut queue: VecDeque<Incoming> = VecDeque::new();
        loop {
            // All that is there already: a request may have been taken back further on.
            queue.extend(incoming.try_iter());
            let next = match queue.pop_front() {
                Some(next) => next,
                None => match incoming.recv() {
                    Ok(next) => {
                        queue.push_back(next);
                        continue;
                    }
                    Err(_) => return false,
                },
            };
            match next {
                Incoming::NotJson => self.out.refuse(&Value::Null, ErrorCode::ParseError as i32, "this is no JSON"),
                Incoming::NotAMessage(id) => self.out.refuse(&id, ErrorCode::InvalidRequest as i32, "this is no message"),
                Incoming::Message(Message::Request(request)) => {
                    let taken_back = queue.iter().any(|later| takes_back(later, &request.id));
                    self.request(request, taken_back);
                }
                Incoming::Message(Message::Notification(notification)) if notification.method == "exit" => {
                    return self.phase == Phase::ShutDown;
                }
                Incoming::Message(Message::Notification(notification)) => self.notification(notification),
                // We ask the client nothing.
                Incoming::Message(Message::Response(_)) => {}
            }
        }
    }

    fn request(&mut self, request: Request, taken_back: bool) {
        let id = request.id.clone();
        let result = if taken_back {
            Err(Refusal::new(ErrorCode::RequestCanceled, "taken back"))
        } else {
            let answer = catch_unwind(AssertUnwindSafe(|| self.answer(request)));
            answer.unwrap_or_else(|_| Err(Refusal::new(ErrorCode::InternalError, "a fault of this program")))
        };
        self.out.send(match result {
            Ok(result) => Response::new_ok(id, result),
            Err(Refusal { code, message }) => Response::new_err(id, code, message),
        });
    }

    fn answer(&mut self, request: Request) -> Result<Value, Refusal> {
        match (self.phase, request.method.as_str()) {
            (Phase::Begun, "initialize") => self.initialize(request.params),
            (Phase::Begun, _) => Err(Refusal::new(ErrorCode::ServerNotInitialized, "`initialize` comes first")),
            (Phase::ShutDown, _) => Err(Refusal::new(ErrorCode::InvalidRequest, "the server was shut down")),
            (Phase::Running, "initialize") => Err(Refusal::new(ErrorCode::InvalidRequest, "`initialize` comes once")),
            (Phase::Running, "shutdown") => {
                self.phase = Phase::ShutDown;
                Ok(Value::Null)
            }
            (Phase::Running, method) => {
                requests::answer(method, request.params, &mut self.documents, &self.background, self.encoding)
            }
        }
    }

    fn initialize(&mut self, params: Value) -> Result<Value, Refusal> {
        let params: InitializeParams = parse(params)?;
        let offered = params.capabilities.general.as_ref().and_then(|general| general.position_encodings.as_ref());
        let takes_utf8 = offered.is_some_and(|offered| offered.contains(&PositionEncodingKind::UTF8));
        self.encoding = if takes_utf8 { Encoding::Utf8 } else { Encoding::Utf16 };
        self.documents.sets = sets(&params);
        self.phase = Phase::Running;
        Ok(json!({
            "capabilities": capabilities(self.encoding),
            "serverInfo": { "name": "callsheet", "version": env!("CARGO_PKG_VERSION") },
        }))
    }

    fn notification(&mut self, notification: Notification) {
        if self.phase != Phase::Running {
            return;
        }
        let method = notification.method.clone();
        let noted = catch_unwind(AssertUnwindSafe(|| self.note(notification)));
        if !matches!(noted, Ok(Ok(()))) {
            say(&format!("callsheet lsp: a `{method}` that cannot be understood was left out"));
        }
    }

    fn note(&mut self, notification: Notification) -> Result<(), Refusal> {
        match notification.method.as_str() {
            "textDocument/didOpen" => {
                let document = parse::<DidOpenTextDocumentParams>(notification.params)?.text_document;
                self.documents.open(&document.uri, document.version, document.text);
                self.changed(document.uri.as_str());
            }
            "textDocument/didChange" => {
                let DidChangeTextDocumentParams { text_document, content_changes } = parse(notification.params)?;
                if self.documents.change(&text_document.uri, text_document.version, content_changes, self.encoding) {
                    self.changed(text_document.uri.as_str());
                }
            }
            "textDocument/didClose" => {
                let document = parse::<DidCloseTextDocumentParams>(notification.params)?.text_document;
                let set = self.documents.members(document.uri.as_str()).unwrap_or_default();
                self.documents.close(&document.uri);
                self.background.is_closed(document.uri.as_str());
                // For the others of its set it counts as it is on disk.
                if let Some(other) = set.iter().find(|member| self.documents.version(&member.uri).is_some()) {
                    self.look_at(&other.uri);
                }
            }
            // Files beside those that are open may have changed, and what is configured.
            "textDocument/didSave" | "workspace/didChangeWatchedFiles" => {
                self.documents.forget();
                self.documents.uris().iter().for_each(|uri| self.look_at(uri));
            }
            _ => {}
        }
        Ok(())
    }

    fn changed(&mut self, uri: &str) {
        if let Some(version) = self.documents.version(uri) {
            self.background.is_now(uri, version);
            self.look_at(uri);
        }
    }

    fn look_at(&self, uri: &str) {
        if let Some(members) = self.documents.members(uri) {
            self.background.look_at(Job { members, encoding: self.encoding });
        }
    }
}

/// Whether a message takes a request back.
fn takes_back(later: &Incoming, id: &RequestId) -> bool {
    let Incoming::Message(Message::Notification(notification)) = later else { return false };
    let taken = notification.params.get("id").cloned().and_then(|id| serde_json::from_value::<RequestId>(id).ok());
    notification.method == "$/cancelRequest" && taken.as_ref() == Some(id)
}

/// The parameters of a message.
pub fn parse<T: serde::de::DeserializeOwned>(params: Value) -> Result<T, Refusal> {
    serde_json::from_value(params).map_err(|error| Refusal::new(ErrorCode::InvalidParams, error.to_string()))
}

/// Files that are checked together: `{ "sets": [["org.rules", "team.rules"]] }`, from the folder that is open.
fn sets(params: &InitializeParams) -> Vec<Vec<PathBuf>> {
    #[expect(deprecated, reason = "clients that know no workspace folders still send it")]
    let root = params.root_uri.as_ref();
    let folder = params.workspace_folders.iter().flatten().next().map(|folder| &folder.uri).or(root);
    let folder = folder.and_then(|uri| path_of(uri.as_str())).unwrap_or_default();
    let written = params.initialization_options.as_ref().and_then(|options| options.get("sets"));
    let written: Vec<Vec<PathBuf>> = written.cloned().and_then(|sets| serde_json::from_value(sets).ok()).unwrap_or_default();
    written.into_iter().map(|set| set.into_iter().map(|file| folder.join(file)).collect()).collect()
}

fn capabilities(encoding: Encoding) -> ServerCapabilities {
    let progress = WorkDoneProgressOptions::default();
    ServerCapabilities {
        position_encoding: Some(match encoding {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
        }),
        text_document_sync: Some(TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::INCREMENTAL),
            save: Some(true.into()),
            ..TextDocumentSyncOptions::default()
        })),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some([" ", "\"", "[", "(", "{", ",", "."].map(str::to_owned).to_vec()),
            ..CompletionOptions::default()
        }),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        definition_provider: Some(OneOf::Left(true)),
        references_provider: Some(OneOf::Left(true)),
        document_highlight_provider: Some(OneOf::Left(true)),
        document_symbol_provider: Some(OneOf::Left(true)),
        document_formatting_provider: Some(OneOf::Left(true)),
        rename_provider: Some(OneOf::Right(RenameOptions { prepare_provider: Some(true), work_done_progress_options: progress })),
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(vec![CodeActionKind::QUICKFIX, CodeActionKind::SOURCE_FIX_ALL]),
            ..CodeActionOptions::default()
        })),
        semantic_tokens_provider: Some(
            SemanticTokensOptions {
                legend: SemanticTokensLegend { token_types: TOKEN_TYPES.to_vec(), token_modifiers: TOKEN_MODIFIERS.to_vec() },
                full: Some(SemanticTokensFullOptions::Bool(true)),
                ..SemanticTokensOptions::default()
            }
            .into(),
        ),
        ..ServerCapabilities::default()
    }
}
