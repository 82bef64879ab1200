//! What all formats print: remarks with their places as editors count them, and a name for each that survives edits elsewhere.

use crate::diagnostic::Diagnostic;
use crate::engine::Checked;
use crate::source::{Position, Span};
use crate::syntax::ast::{File, Piece};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// The remarks on some files.
#[derive(Clone, Copy)]
pub struct Report<'a> {
    /// The files.
    pub checked: &'a Checked,
    /// What is said about them, by place.
    pub remarks: &'a [Diagnostic],
}

/// A place as editors count it.
pub struct Place<'a> {
    /// The file, as it was named.
    pub file: &'a str,
    /// Where it begins.
    pub start: Position,
    /// Where it ends; one past the last character.
    pub end: Position,
}

impl<'a> Report<'a> {
    /// Where a span lies.
    pub fn place(&self, span: Span) -> Place<'a> {
        let source = self.checked.sources.get(span.source);
        let (start, end) = (span.start as usize, (span.end as usize).max(span.start as usize));
        Place { file: &source.name, start: Position::of(&source.text, start), end: Position::of(&source.text, end) }
    }

    /// The message and the help, a line each.
    pub fn told(remark: &Diagnostic) -> String {
        std::iter::once(&remark.message).chain(&remark.help).cloned().collect::<Vec<_>>().join("\n")
    }

    /// A name for each remark, in their order: the piece it is in, its code, and what is written there without regard to white
    /// space. Lines may move, and pieces around it change; two remarks of one name are told apart by their order.
    pub fn fingerprints(&self) -> Vec<String> {
        let pieces = self.pieces();
        let mut counts: HashMap<[u8; 32], u32> = HashMap::new();
        self.remarks
            .iter()
            .map(|remark| {
                let span = remark.primary.span;
                let (kind, name) = piece_around(&pieces, span).unwrap_or(("file", ""));
                let written = self.checked.sources.slice(span).split_whitespace().collect::<Vec<_>>().join(" ");
                let mut hash = Sha256::new();
                for part in [kind, name, remark.code.as_str(), &written] {
                    hash.update((part.len() as u64).to_le_bytes());
                    hash.update(part);
                }
                let digest: [u8; 32] = hash.finalize().into();
                let count = counts.entry(digest).or_default();
                *count += 1;
                let short: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
                format!("{short}:{count}")
            })
            .collect()
    }

    fn pieces(&self) -> Vec<(Span, &'static str, &'a str)> {
        let mut pieces: Vec<_> = self.checked.files.iter().flat_map(|file| pieces_of(&file.tree)).collect();
        pieces.sort_unstable();
        pieces
    }
}

/// The piece of a sorted list that a span lies in.
fn piece_around<'a>(pieces: &[(Span, &'static str, &'a str)], span: Span) -> Option<(&'static str, &'a str)> {
    let after = pieces.partition_point(|(piece, ..)| (piece.source, piece.start) <= (span.source, span.start));
    let (piece, kind, name) = *pieces.get(after.checked_sub(1)?)?;
    (piece.source == span.source && span.end <= piece.end).then_some((kind, name))
}

/// The named pieces of a file: place, kind, name.
pub fn pieces_of(file: &File) -> Vec<(Span, &'static str, &str)> {
    fn named<'f, T>(kind: &'static str, pieces: &'f [Piece<T>]) -> impl Iterator<Item = (Span, &'static str, &'f str)> {
        pieces.iter().map(move |piece| (piece.at.0, kind, piece.name.value.as_str()))
    }
    named("list", &file.lists)
        .chain(named("person", &file.people))
        .chain(named("definition", &file.definitions))
        .chain(named("rule", &file.rules))
        .chain(named("test", &file.tests))
        .collect()
}
