//! The folders are the architecture: imports point one way, and the language does no I/O.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each layer and what it may import, in reading order. `*`: every layer above it in this table.
const LAYERS: &[(&str, &str)] = &[
    ("source", ""),
    ("time", ""),
    ("value", "source time"),
    ("diagnostic", "source"),
    ("event", "value time"),
    ("builtins", "event value time"),
    ("copies", "event value time"),
    ("syntax", "source diagnostic value time"),
    ("describe", "syntax value time source"),
    ("semantics", "syntax builtins event value diagnostic source time"),
    ("code", "builtins event value source time"),
    ("codegen", "code semantics builtins event value source time"),
    ("vm", "code builtins event value source time"),
    ("explain", "vm code event value source time"),
    ("analysis", "vm code semantics builtins event value source time"),
    ("compare", "analysis vm semantics builtins copies event value time"),
    ("coverage", "analysis vm semantics syntax event value source time"),
    ("lint", "coverage compare analysis vm semantics syntax event builtins value diagnostic source time"),
    ("reference", "semantics builtins event value time"),
    ("engine", "*"),
    ("editor", "engine describe lint semantics syntax value diagnostic source time"),
    ("providers", "event value time"),
    ("host", "engine copies explain providers event value diagnostic source time"),
    (
        "cli",
        "editor engine copies compare coverage explain providers event value diagnostic source time syntax describe semantics lint reference host",
    ),
];

/// From `source` to `reference` (and the engine over them): no files, network, clock, environment or async.
const OUTSIDE_OF_LANGUAGE: &[&str] = &["providers", "host", "cli"];
const FORBIDDEN_IN_LANGUAGE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "async ",
    ".await",
    "::now(",
    "SystemTime",
    "println!",
    "eprintln!",
];

#[test]
fn imports_point_one_way() {
    let mut wrong = Vec::new();
    for (layer, file, text) in layer_files() {
        let allowed = allowed(&layer);
        for imported in imports(&text) {
            if imported != layer && LAYERS.iter().any(|(name, _)| *name == imported) && !allowed.contains(imported.as_str()) {
                wrong.push(format!("{}: `{layer}` imports `{imported}`", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_language_does_no_io() {
    let mut wrong = Vec::new();
    for (layer, file, text) in layer_files() {
        if OUTSIDE_OF_LANGUAGE.contains(&layer.as_str()) {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for forbidden in FORBIDDEN_IN_LANGUAGE.iter().filter(|word| code.contains(**word)) {
                wrong.push(format!("{}:{}: `{forbidden}` in `{layer}`", file.display(), number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_folder_is_a_layer() {
    let known: BTreeSet<&str> = LAYERS.iter().map(|(name, _)| *name).collect();
    let unknown: Vec<String> =
        layer_files().into_iter().map(|(layer, ..)| layer).filter(|layer| !known.contains(layer.as_str())).collect();
    assert!(unknown.is_empty(), "not in the table: {unknown:?}");
}

/// (layer, path, text) of every Rust file under `src/`, besides the crate roots.
fn layer_files() -> Vec<(String, PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("src can be listed") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let inside = path.strip_prefix(&root).expect("below src").to_path_buf();
            let layer = inside.iter().next().expect("a name").to_string_lossy().trim_end_matches(".rs").to_owned();
            if inside.extension().is_none_or(|extension| extension != "rs") || matches!(layer.as_str(), "lib" | "main" | "bin") {
                continue;
            }
            let text = fs::read_to_string(&path).expect("a source file");
            files.push((layer, inside, text));
        }
    }
    assert!(files.len() > 10, "found too few files to believe it");
    files
}

/// The layers that a file's `crate::` paths name. Doc comments are prose and may point anywhere.
fn imports(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
        for (start, _) in line.match_indices("crate::") {
            let path = &line[start + "crate::".len()..];
            let names = path.strip_prefix('{').map_or_else(
                || vec![path],
                |group| group.split(['}', '\n']).next().unwrap_or_default().split(',').map(str::trim).collect(),
            );
            for name in names {
                let end = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
                found.insert(name[..end].to_owned());
            }
        }
    }
    found
}

fn allowed(layer: &str) -> BTreeSet<&'static str> {
    let at = LAYERS.iter().position(|(name, _)| *name == layer);
    let Some(at) = at else { return BTreeSet::new() };
    match LAYERS[at].1 {
        "*" => LAYERS[..at].iter().map(|(name, _)| *name).collect(),
        list => list.split_whitespace().collect(),
    }
}
