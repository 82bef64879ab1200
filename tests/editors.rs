//! The language server and the TextMate grammar, each driven by what VS Code is made of (`tests/editors`): the client's packages over
//! the real program, the colouring libraries over the examples.

use callsheet::editor::{NameKind, Snapshot, Token, TokenKind};
use callsheet::engine::{CheckOptions, RuleText};
use callsheet::source::SourceId;
use callsheet::syntax::names::RESERVED;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn grammar() -> PathBuf {
    root().join("editors/vscode/syntaxes/callsheet.tmLanguage.json")
}

/// A script of `tests/editors`; `None`, loudly, where its packages are not installed.
fn script(name: &str) -> Option<Command> {
    let folder = root().join("tests/editors");
    if !folder.join("node_modules/vscode-textmate").exists() {
        eprintln!("the tests with an editor's own packages did not run: `npm ci --prefix tests/editors` installs them");
        return None;
    }
    let mut command = Command::new("node");
    command.arg(folder.join(name));
    Some(command)
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

#[cfg(feature = "cli")]
#[test]
fn a_client_of_another_project_gets_on_with_the_language_server() {
    let Some(mut client) = script("client.mjs") else { return };
    let output = client
        .args([Path::new(env!("CARGO_BIN_EXE_callsheet")), &root().join("rules-examples")])
        .output()
        .expect("node can be started");
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(said(&output).matches("... ok").count(), 9, "{}", said(&output));
}

#[test]
fn every_word_of_the_examples_has_its_scope() {
    let Some(mut colours) = script("scopes.mjs") else { return };
    let mut texts = Vec::new();
    for entry in fs::read_dir(root().join("rules-examples")).expect("the examples") {
        let folder = entry.expect("an entry").path();
        if let (true, Some(name)) = (folder.is_dir(), folder.file_name()) {
            let name = format!("{}.rules", name.to_string_lossy());
            let text = fs::read_to_string(folder.join(&name)).expect("an example");
            texts.push(coloured(&name, &text));
        }
    }
    let odd = "\u{feff}# lint: allow rule-shadowed until 2026-12-31 \"🎥 x\"\nrule when \"a \\\" # b\":\n  record from 2026-01-01\n  when title matches /a\\/b \"#/i # c\n    and attendees >= 3\n";
    texts.push(coloured("odd.rules", odd));
    let mut child = colours
        .arg(grammar())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("node can be started");
    let input = Value::Array(texts).to_string();
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("node reads");
    let output = child.wait_with_output().expect("node ends");
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    let looked: usize = said.split_whitespace().next().and_then(|count| count.parse().ok()).expect("a number");
    assert!(looked > 1_500, "{said}");
}

/// A text with what each of its words is, places in UTF-16.
fn coloured(name: &str, text: &str) -> Value {
    let rule = RuleText { name: name.to_owned(), text: text.to_owned(), layer: None };
    let snapshot = Snapshot::of(&[rule], &CheckOptions::default());
    let place = |offset: usize| text[..offset].encode_utf16().count();
    let tokens = snapshot.tokens(SourceId(0));
    let words = tokens.iter().filter_map(|token| {
        let range = token.span.range();
        Some(json!({ "start": place(range.start), "end": place(range.end), "kind": kind(token)? }))
    });
    json!({ "name": name, "text": text, "words": words.collect::<Vec<_>>() })
}

/// `None`: colours may differ.
fn kind(token: &Token) -> Option<&'static str> {
    Some(match token.kind {
        TokenKind::Comment => "comment",
        TokenKind::Keyword => "keyword",
        TokenKind::Text => "string",
        TokenKind::Regex => "regex",
        TokenKind::Number => "number",
        TokenKind::Operator => "operator",
        TokenKind::Key => "key",
        TokenKind::Name(NameKind::Rule) => "name",
        TokenKind::Name(_) if token.gives => "name",
        TokenKind::Name(_) | TokenKind::Value => return None,
    })
}

/// The words that the grammar knows are those of the language, each once.
#[test]
fn the_words_of_the_grammar_are_those_of_the_language() {
    let text = fs::read_to_string(grammar()).expect("the grammar");
    let grammar: Value = serde_json::from_str(&text).expect("JSON");
    let groups = grammar["repository"]["words"]["patterns"].as_array().expect("groups of words");
    let mut words = Vec::new();
    for group in groups {
        let pattern = group["match"].as_str().expect("a pattern");
        let list = pattern.split_once("(?:").and_then(|(_, rest)| rest.split_once(')')).expect("alternatives").0;
        words.extend(list.split('|'));
    }
    let known: BTreeSet<&str> = words.iter().copied().collect();
    assert_eq!(known.len(), words.len(), "a word in two groups");
    assert_eq!(known, RESERVED.iter().copied().collect());
}
