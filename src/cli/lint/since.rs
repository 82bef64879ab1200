//! `--since REV`: only what is said about pieces that a change touched.
//!
//! All files are analysed as they are; git only says what they were. A piece is touched when no piece of its kind and name had
//! the same text, comments before it included, so that moving pieces about touches none. A remark is kept when any of its
//! places lies in what was touched: a new rule that hides an old one is news about the old one.

use super::report::pieces_of;
use crate::cli::{CliError, input};
use crate::diagnostic::Diagnostic;
use crate::engine::Checked;
use crate::source::{SourceId, Span};
use crate::syntax::{self, Limits, ast};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Keeps the remarks that touch what changed since `revision`. `paths` are those of the files, in their order.
pub fn keep(remarks: &mut Vec<Diagnostic>, checked: &Checked, paths: &[PathBuf], revision: &str) -> Result<(), CliError> {
    let mut untouched = Vec::new();
    for (file, path) in checked.files.iter().zip(paths) {
        let Some(before) = text_at(revision, path)? else { continue };
        let (old, _) = syntax::parse(SourceId::default(), &before, &Limits::default());
        let known: HashSet<Part> = parts(&old, &before).into_iter().map(|(_, part)| part).collect();
        let text = &checked.sources.get(file.source).text;
        let same = parts(&file.tree, text).into_iter().filter(|(_, part)| known.contains(part));
        untouched.extend(same.map(|(span, _)| Span { source: file.source, ..span }));
    }
    let is_news =
        |span: Span| !untouched.iter().any(|part| part.source == span.source && part.start <= span.start && span.end <= part.end);
    remarks.retain(|remark| {
        let others = remark.secondary.iter().map(|label| label.span);
        std::iter::once(remark.primary.span).chain(others).any(is_news)
    });
    Ok(())
}

/// A part of a file: its kind, its name, its text.
type Part<'a> = (&'static str, &'a str, &'a str);

/// The parts of a file: each piece with the comments right above it, and what stands between pieces.
fn parts<'a>(file: &'a ast::File, text: &'a str) -> Vec<(Span, Part<'a>)> {
    let mut pieces = pieces_of(file);
    pieces.sort_unstable();
    let mut parts = Vec::new();
    let mut add = |start: usize, end: usize, kind, name| {
        parts.push((Span::new(SourceId::default(), start, end), (kind, name, text[start..end].trim())));
    };
    let mut done = 0;
    for (span, kind, name) in pieces {
        let start = with_comments(text, done, span.range().start);
        add(done, start, "between", "");
        add(start, span.range().end, kind, name);
        done = span.range().end;
    }
    add(done, text.len(), "between", "");
    parts
}

/// Where the comment lines right above a place begin; not before `earliest`.
fn with_comments(text: &str, earliest: usize, place: usize) -> usize {
    let above = text[earliest..place].split_inclusive('\n').rev().take_while(|line| {
        // Of a piece that does not begin its line, the first of these is what stands before it.
        line.trim_start().starts_with('#')
    });
    place - above.map(str::len).sum::<usize>()
}

/// The text that a file had; `None` where there was no such file.
pub fn text_at(revision: &str, path: &Path) -> Result<Option<String>, CliError> {
    if path == Path::new("-") {
        return Err(CliError::Usage("--since compares files with what git knows of them, and standard input is none".into()));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let git = |arguments: &[&str]| git(folder, arguments);
    if !git(&["rev-parse", "--is-inside-work-tree"])?.status.success() {
        let why = "this file is in no git repository, which --since needs".into();
        return Err(CliError::Content { name: input::shown(path), why });
    }
    let commit = git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{revision}^{{commit}}")])?;
    if !commit.status.success() {
        return Err(CliError::Usage(format!("--since {revision}: git knows no such revision")));
    }
    let commit = text(commit)?;
    let commit = commit.trim();
    let listed = git(&["ls-tree", "--name-only", commit, "--", &name])?;
    if !listed.status.success() || listed.stdout.is_empty() {
        return Ok(None);
    }
    let shown = git(&["cat-file", "blob", &format!("{commit}:./{name}")])?;
    if !shown.status.success() {
        let why = format!("git cannot show it at {revision}: {}", String::from_utf8_lossy(&shown.stderr).trim());
        return Err(CliError::Content { name: input::shown(path), why });
    }
    text(shown).map(Some)
}

/// Runs git with these arguments in a folder; no shell, and nothing that could wait for a person.
fn git(folder: &Path, arguments: &[&str]) -> Result<Output, CliError> {
    Command::new("git")
        .arg("-C")
        .arg(folder)
        .arg("--literal-pathspecs")
        .args(arguments)
        .env("GIT_TERMINAL_PROMPT", "0")
        .output()
        .map_err(|error| CliError::Usage(format!("--since needs git, which cannot be run: {error}")))
}

fn text(output: Output) -> Result<String, CliError> {
    String::from_utf8(output.stdout).map_err(|_| CliError::Usage("--since: what git shows is not UTF-8 text".into()))
}
