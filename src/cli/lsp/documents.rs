//! The texts: those that are open in the editor, and those beside them that belong to the same rule set.

use crate::editor::Snapshot;
use crate::editor::position::{Encoding, LineColumn, Lines};
use crate::engine::{CheckOptions, RuleText};
use crate::source::SourceId;
use crate::time::Zone;
use lsp_types::{TextDocumentContentChangeEvent, Uri};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::str::FromStr;

/// A text that is open.
#[derive(Clone, Debug)]
pub struct Document {
    /// The editor's number for it.
    pub version: i32,
    /// As it is now.
    pub text: String,
}

/// One text of a set.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its address, as the editor writes it.
    pub uri: String,
    /// The editor's number; `None`: not open, as it is on disk.
    pub version: Option<i32>,
    /// Its text.
    pub text: RuleText,
}

/// The texts of one rule set, read and checked.
#[derive(Clone, Debug)]
pub struct Opened {
    /// In the order of [`SourceId`]s.
    pub members: Rc<Vec<Member>>,
    /// What was made of them.
    pub snapshot: Rc<Snapshot>,
}

impl Opened {
    /// The place of a text among the others.
    pub fn source(&self, uri: &str) -> Option<SourceId> {
        let index = self.members.iter().position(|member| member.uri == uri)?;
        u16::try_from(index).ok().map(SourceId)
    }

    /// The text that a place is in.
    pub fn member(&self, source: SourceId) -> &Member {
        &self.members[usize::from(source.0)]
    }
}

/// All texts.
#[derive(Debug, Default)]
pub struct Documents {
    open: BTreeMap<String, Document>,
    /// Files that are checked together, in the order in which their rules count.
    pub sets: Vec<Vec<PathBuf>>,
    known: BTreeMap<String, Opened>,
}

impl Documents {
    pub fn open(&mut self, uri: &Uri, version: i32, text: String) {
        self.known.clear();
        self.open.insert(uri.as_str().to_owned(), Document { version, text });
    }

    /// Applies changes in their order; `false` where the text is not open.
    pub fn change(&mut self, uri: &Uri, version: i32, changes: Vec<TextDocumentContentChangeEvent>, encoding: Encoding) -> bool {
        self.known.clear();
        let Some(document) = self.open.get_mut(uri.as_str()) else { return false };
        document.version = version;
        for change in changes {
            match change.range {
                None => document.text = change.text,
                Some(range) => {
                    let lines = Lines::of(&document.text);
                    let at = |position: lsp_types::Position| {
                        lines.offset(LineColumn { line: position.line, column: position.character }, encoding)
                    };
                    let (start, end) = (at(range.start), at(range.end));
                    document.text.replace_range(start..end.max(start), &change.text);
                }
            }
        }
        true
    }

    pub fn close(&mut self, uri: &Uri) {
        self.known.clear();
        self.open.remove(uri.as_str());
    }

    /// Forgets what was read from disk.
    pub fn forget(&mut self) {
        self.known.clear();
    }

    /// The addresses of the open texts.
    pub fn uris(&self) -> Vec<String> {
        self.open.keys().cloned().collect()
    }

    /// The editor's number for a text, where it is open.
    pub fn version(&self, uri: &str) -> Option<i32> {
        self.open.get(uri).map(|document| document.version)
    }

    /// The set of an open text, read and checked; once for all that is asked before the next change.
    pub fn opened(&mut self, uri: &str) -> Option<Opened> {
        if let Some(opened) = self.known.get(uri) {
            return Some(opened.clone());
        }
        let members = self.members(uri)?;
        let texts: Vec<RuleText> = members.iter().map(|member| member.text.clone()).collect();
        let opened = Opened { snapshot: Rc::new(Snapshot::of(&texts, &check_options())), members: Rc::new(members) };
        for member in opened.members.iter() {
            self.known.insert(member.uri.clone(), opened.clone());
        }
        Some(opened)
    }

    /// The texts that are checked together with an open one, itself among them.
    pub fn members(&self, uri: &str) -> Option<Vec<Member>> {
        self.open.get(uri)?;
        let path = path_of(uri);
        let set = self.sets.iter().find(|set| path.as_ref().is_some_and(|path| set.contains(path)));
        let Some(set) = set else { return Some(vec![self.open_member(uri.to_owned())?]) };
        Some(set.iter().filter_map(|path| self.member(path)).collect())
    }

    fn open_member(&self, uri: String) -> Option<Member> {
        let document = self.open.get(&uri)?;
        let name = path_of(&uri).map_or_else(|| uri.clone(), |path| path.display().to_string());
        let text = RuleText { name, text: document.text.clone(), layer: None };
        Some(Member { version: Some(document.version), text, uri })
    }

    /// A file of a set: as it is in the editor, else on disk; `None` where it cannot be read.
    fn member(&self, path: &Path) -> Option<Member> {
        if let Some(uri) = self.open.keys().find(|uri| path_of(uri).as_deref() == Some(path)) {
            return self.open_member(uri.clone());
        }
        let uri = url::Url::from_file_path(path).ok()?.to_string();
        let text = std::fs::read_to_string(path).ok()?;
        Some(Member { uri, version: None, text: RuleText { name: path.display().to_string(), text, layer: None } })
    }
}

/// Files are looked at as of today.
pub fn check_options() -> CheckOptions {
    CheckOptions { today: Some(crate::cli::window::today(&Zone::utc())), ..CheckOptions::default() }
}

/// The file that an address names.
pub fn path_of(uri: &str) -> Option<PathBuf> {
    url::Url::parse(uri).ok()?.to_file_path().ok()
}

/// An address for the protocol.
pub fn uri_of(text: &str) -> Option<Uri> {
    Uri::from_str(text).ok()
}
