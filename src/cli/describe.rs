//! `callsheet describe`: what rule files say, each rule as one English sentence.

use super::input::{RuleArgs, show_remarks};
use super::text::{steady, steady_json, wrapped};
use super::{CliError, Outcome, print};
use crate::describe::{self, Surroundings};
use crate::diagnostic::Severity;
use crate::engine::Checked;
use crate::semantics::RuleFile;
use crate::source::Span;
use crate::value::words::Layer;
use serde_json::{Value, json};

/// Arguments of `callsheet describe`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    rules: RuleArgs,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    /// A sentence for each rule, and for what it names
    Text,
    /// One JSON document
    Json,
}

pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    let checked = args.rules.check()?;
    show_remarks(&checked);
    print(&match args.format {
        Format::Text => steady_lines(&text(&checked)),
        Format::Json => steady_json(&(serde_json::to_string_pretty(&document(&checked)).expect("a JSON value prints") + "\n")),
    })?;
    Ok(Outcome::findings_if(checked.diagnostics.iter().any(|remark| remark.severity == Severity::Error)))
}

fn text(checked: &Checked) -> String {
    let described: Vec<String> = checked
        .files
        .iter()
        .map(|file| {
            let lines = lines(file).join("\n");
            if checked.files.len() == 1 { lines } else { format!("{}\n\n{lines}", checked.sources.get(file.source).name) }
        })
        .collect();
    described.join("\n")
}

/// A paragraph for each rule, then one for what rules name.
fn lines(file: &RuleFile) -> Vec<String> {
    let tree = &file.tree;
    let around = Surroundings::of(tree);
    let mut lines = Vec::new();
    for piece in &tree.rules {
        let title = piece.value.title.as_ref().map(|title| format!(": {title}")).unwrap_or_default();
        lines.push(format!("{}{title}\n  {}\n", piece.name.value, describe::rule(&piece.value, around)));
    }
    let names: Vec<String> = (tree.lists.iter().map(describe::list))
        .chain(tree.people.iter().map(describe::person))
        .chain(tree.definitions.iter().map(|piece| describe::definition(piece, around)))
        .collect();
    if !names.is_empty() {
        lines.push(format!("Names\n  {}\n", names.join("\n  ")));
    }
    if let Some(default) = &tree.default {
        lines.push(format!("Otherwise\n  {}\n", describe::default(default.value)));
    }
    lines
}

fn document(checked: &Checked) -> Value {
    json!({ "files": checked.files.iter().map(|file| file_value(checked, file)).collect::<Vec<_>>() })
}

fn file_value(checked: &Checked, file: &RuleFile) -> Value {
    let tree = &file.tree;
    let around = Surroundings::of(tree);
    let line = |at: Span| checked.sources.position(at).line;
    let named = |name: &str, at: Span, sentence: String| json!({ "name": name, "line": line(at), "sentence": sentence });
    let rules: Vec<Value> = (tree.rules.iter())
        .map(|piece| {
            json!({ "id": piece.name.value, "title": piece.value.title, "line": line(piece.at.0),
                    "sentence": describe::rule(&piece.value, around) })
        })
        .collect();
    json!({
        "file": checked.sources.get(file.source).name,
        "layer": match file.layer() {
            Layer::Organisation => "organisation",
            Layer::User => "user",
        },
        "rules": rules,
        "lists": tree.lists.iter().map(|piece| named(&piece.name.value, piece.at.0, describe::list(piece))).collect::<Vec<_>>(),
        "people": tree.people.iter().map(|piece| named(&piece.name.value, piece.at.0, describe::person(piece))).collect::<Vec<_>>(),
        "definitions": (tree.definitions.iter())
            .map(|piece| named(&piece.name.value, piece.at.0, describe::definition(piece, around)))
            .collect::<Vec<_>>(),
        "default": tree.default.as_ref().map(|default| describe::default(default.value)),
    })
}

/// Lines with nothing in them that steers a terminal, broken where it is too narrow.
fn steady_lines(text: &str) -> String {
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    text.lines().map(|line| wrapped(&steady(line), indent(line)) + "\n").collect()
}
