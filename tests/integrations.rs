//! What stands ready for the CI of others: the action, the hooks, the guide.

use callsheet::diagnostic::{Code, Level};
use expect_test::expect_file;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Runs a script of the action in `folder`, with these variables and `rule-lint` on the path.
fn script(name: &str, folder: &Path, variables: &[(&str, &str)]) -> Output {
    let programs = Path::new(env!("CARGO_BIN_EXE_rule-lint")).parent().expect("a folder");
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").expect("a path"));
    let mut command = Command::new("bash");
    command.arg(root().join("ci").join(name)).current_dir(folder).env("PATH", path);
    command.envs(variables.iter().copied()).output().expect("bash runs")
}

fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("callsheet-integrations-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    files.iter().for_each(|(name, text)| std::fs::write(folder.join(name), text).expect("a file"));
    folder
}

#[test]
fn the_action_checks_each_rule_set_and_fails_as_the_worst_does() {
    let good = "rule a:\n  record\n  when repeats\n";
    let warned = "list l = [\"x\"]\nrule a:\n  record\n  when repeats\n";
    let folder = folder("action", &[("a.rules", good), ("b.rules", warned), ("c.rules", "rule a: recrod")]);
    let run = |variables: &[(&str, &str)]| {
        let output = script("lint.sh", &folder, variables);
        (output.status.code().expect("an exit code"), String::from_utf8(output.stdout).expect("text"))
    };
    // Two sets: the same name in both is no conflict.
    let (code, out) = run(&[("RULES", "a.rules\n\nb.rules\n")]);
    assert_eq!((code, out.lines().count()), (0, 1), "{out}");
    assert!(out.starts_with("::warning file=b.rules,line=1,"), "{out}");
    assert_eq!(run(&[("RULES", "a.rules\nb.rules"), ("DENY", "warning")]).0, 1);
    assert_eq!(run(&[("RULES", "[bc].rules")]).0, 1);
    assert_eq!(run(&[("RULES", "a.rules\nnone-*.rules")]).0, 2);
    assert_eq!(run(&[("RULES", "\n")]).0, 2);
    assert_eq!(run(&[("RULES", "a.rules"), ("CONFIG", "none.toml")]).0, 2);
    assert_eq!(run(&[("RULES", "a.rules"), ("SINCE", "HEAD; touch gone")]).0, 2);
    let (code, out) = run(&[("RULES", "$(touch gone) `touch gone` ;touch gone"), ("DENY", "$(touch gone)")]);
    assert_eq!(code, 2, "{out}");
    assert!(!folder.join("gone").exists());
    assert_eq!(run(&[("RULES", "a.rules\nb.rules"), ("SARIF", "out/found")]).0, 0);
    for number in [1, 2] {
        let text = std::fs::read_to_string(folder.join(format!("out/found/rule-lint-{number}.sarif"))).expect("a SARIF file");
        assert!(text.contains("\"version\": \"2.1.0\""), "{text}");
    }
    let _ = std::fs::remove_dir_all(folder);
}

#[test]
fn the_action_uses_a_program_of_its_own_version_that_is_there() {
    let output = script("install.sh", root(), &[]);
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).ends_with("is there already\n"), "{output:?}");
}

#[test]
fn every_input_of_the_action_reaches_the_script_as_a_variable() {
    let (action, script) = (read("action.yml"), read("ci/lint.sh"));
    let inputs = action.split("\ninputs:\n").nth(1).and_then(|rest| rest.split("\nruns:\n").next()).expect("inputs");
    let names: Vec<&str> = inputs
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .map(|line| line.trim().trim_end_matches(':'))
        .collect();
    assert!(names.len() >= 6, "{names:?}");
    for name in names {
        let variable = name.to_uppercase().replace('-', "_");
        assert!(action.contains(&format!("        {variable}: ${{{{ inputs.{name} }}}}\n")), "{name}");
        assert!(script.contains(&format!("${{{variable}:-}}")) || script.contains(&format!("${variable}\"")), "{name}");
    }
    // Nothing that a caller writes becomes part of a script.
    assert!(action.lines().filter(|line| line.contains("run:")).all(|line| !line.contains("${{")));
}

#[test]
fn the_list_of_codes_is_complete() {
    let mut page = String::from(
        "# Codes\n\nEvery remark on rules has one of these codes. `rule-lint --page CODE` shows a page without a network.\n\n\
         ## Findings\n\nOf lints, about rules that can be used. [Linting](../linting.md) says how levels are changed.\n\n\
         | code | level | says |\n|---|---|---|\n",
    );
    let rows = |page: &mut String, finding: bool| {
        for code in Code::ALL.iter().filter(|code| code.is_finding() == finding) {
            let (name, about) = (code.as_str(), code.about().replace('|', "\\|"));
            let level = if code.level() == Level::Off { "off" } else { code.level().word() };
            let shown = if finding { format!("[{name}]({name}.md)") } else { format!("<a id=\"{name}\"></a>{name}") };
            writeln!(page, "| {shown} | {level} | {about} |").expect("a string");
        }
    };
    rows(&mut page, true);
    page.push_str("\n## Remarks of the check\n\nOf whoever reads rules. With an error they cannot be used.\n\n| code | level | says |\n|---|---|---|\n");
    rows(&mut page, false);
    expect_file![root().join("docs/findings/README.md")].assert_eq(&page);
}

#[test]
fn the_guide_shows_a_configuration_and_rules_that_are_read() {
    let guide = read("docs/linting.md");
    let block = |language: &str| {
        let rest = guide.split(&format!("```{language}\n")).nth(1).expect("an example");
        rest.split("```").next().expect("its end").to_owned()
    };
    let folder = folder("guide", &[("callsheet-lint.toml", &block("toml")), ("a.rules", &block("text"))]);
    let output = script("lint.sh", &folder, &[("RULES", "a.rules")]);
    let out = String::from_utf8(output.stdout).expect("text");
    // It lacks its `because`, as the configuration wants one.
    assert!(out.contains("title=missing-because-on-never::") && out.lines().count() == 1, "{out}");
    let _ = std::fs::remove_dir_all(folder);
}
