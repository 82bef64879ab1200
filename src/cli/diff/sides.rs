//! The two rule sets: files, folders of files, or files as git had them.

use super::Args;
use crate::cli::CliError;
use crate::cli::input::{RuleArgs, read_text, shown};
use crate::cli::lint::since::text_at;
use crate::engine::{Checked, RuleText};
use std::path::{Path, PathBuf};

/// The two sides, checked.
pub struct Sides {
    pub old: Checked,
    pub new: Checked,
    /// The new files.
    pub paths: Vec<PathBuf>,
}

impl Sides {
    pub fn of(args: &Args) -> Result<Self, CliError> {
        let beside = RuleArgs {
            files: Vec::new(),
            org: args.org.clone(),
            user: args.user.clone(),
            our_domains: args.our_domains.clone(),
            today: args.today,
        };
        let (old, new, paths) = match (&args.since, args.files.as_slice()) {
            (None, [old, new]) => {
                let paths = files(new)?;
                (texts(&files(old)?)?, texts(&paths)?, paths)
            }
            (None, _) => {
                return Err(CliError::Usage("name the old rules and the new ones, or the new ones and --since REV".into()));
            }
            (Some(revision), named) => {
                let paths = named.iter().map(|path| files(path)).collect::<Result<Vec<_>, _>>()?.concat();
                (texts_at(revision, &paths)?, texts(&paths)?, paths)
            }
        };
        let stays = beside.texts()?;
        let with = |texts: Vec<RuleText>| beside.check_texts(&[texts, stays.clone()].concat());
        Ok(Self { old: with(old)?, new: with(new)?, paths })
    }
}

/// A file, or the rule files of a folder by name.
fn files(path: &Path) -> Result<Vec<PathBuf>, CliError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let failed = |source| CliError::Read { name: shown(path), source };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        if file.is_file() && file.extension().is_some_and(|extension| extension == "rules" || extension == "json") {
            found.push(file);
        }
    }
    if found.is_empty() {
        return Err(CliError::Content { name: shown(path), why: "a folder without `.rules` or `.json` files".into() });
    }
    found.sort();
    Ok(found)
}

fn texts(paths: &[PathBuf]) -> Result<Vec<RuleText>, CliError> {
    paths.iter().map(|path| Ok(RuleText { name: shown(path), text: read_text(path)?, layer: None })).collect()
}

/// The files as they were; those that were not there are left out.
fn texts_at(revision: &str, paths: &[PathBuf]) -> Result<Vec<RuleText>, CliError> {
    let mut texts = Vec::new();
    for path in paths {
        if let Some(text) = text_at(revision, path)? {
            texts.push(RuleText { name: format!("{revision}:{}", shown(path)), text, layer: None });
        }
    }
    if texts.is_empty() {
        return Err(CliError::Usage(format!("--since {revision}: git has none of these files there")));
    }
    Ok(texts)
}
